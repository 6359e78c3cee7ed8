"""Questions about persons and their answers, for as long as somebody may wait for them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import EnquiryId
from contracts.messages.enquiry import PersonTold, Question
from participants.treatment.domain.question import StoredQuestion

FORGOTTEN_AT_ONCE = 200

_ADD = "INSERT INTO questions (enquiry_id, person_id, question, asked_at, answer_by) VALUES %s"
_ANSWER = """
    UPDATE questions SET answer = said.answer, answered_at = said.at
    FROM (VALUES %s) AS said (enquiry_id, answer, at)
    WHERE questions.enquiry_id = said.enquiry_id AND questions.answer IS NULL
"""
_OF = """
    SELECT enquiry_id, person_id, question, asked_at, answer_by, answer
    FROM questions WHERE enquiry_id = ANY(%s::uuid[])
"""
# Whoever asks takes a few old ones away: no job is needed, and nobody waits for a lock.
_FORGET = """
    DELETE FROM questions WHERE enquiry_id IN (
        SELECT enquiry_id FROM questions WHERE asked_at < %s
        ORDER BY asked_at LIMIT %s FOR UPDATE SKIP LOCKED
    )
"""


def add(tx: Connection, questions: Sequence[StoredQuestion]) -> None:
    rows = [
        (one.enquiry_id, one.person_id, one.question.value, one.asked_at, one.answer_by)
        for one in questions
    ]
    bulk.write_rows(tx, _ADD, "(%s::uuid, %s, %s, %s, %s)", rows)


def answer(tx: Connection, answers: Sequence[PersonTold], now: datetime) -> None:
    """Keep the first answer of each question; those of questions not ours go nowhere."""
    rows = [(one.enquiry_id, one.model_dump_json(), now) for one in answers]
    bulk.write_rows(tx, _ANSWER, "(%s::uuid, %s, %s::timestamptz)", rows)


def of(tx: Connection, ids: Iterable[EnquiryId]) -> dict[EnquiryId, StoredQuestion]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row[0]: _question(row) for row in bulk.fetch(tx, _OF, (wanted,))}


def forget(tx: Connection, before: datetime) -> None:
    """Take away some of those asked before."""
    bulk.run(tx, _FORGET, (before, FORGOTTEN_AT_ONCE))


def _question(row: tuple[Any, ...]) -> StoredQuestion:
    enquiry_id, person_id, question, asked_at, answer_by, answer = row
    return StoredQuestion(
        enquiry_id=enquiry_id,
        person_id=person_id,
        question=Question(question),
        asked_at=asked_at,
        answer_by=answer_by,
        answer=None if answer is None else PersonTold.model_validate_json(answer),
    )
