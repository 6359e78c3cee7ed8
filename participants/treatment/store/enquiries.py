"""Look-ups of persons and their answers; a card's identity stays sealed."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import EnquiryId, PersonId
from contracts.messages.enquiry import PersonAnswered
from participants.treatment.domain.enquiry import StoredEnquiry

_ADD = """
    INSERT INTO enquiries
        (enquiry_id, hospital_code, person_id, insured_division, asked_at, answer_by) VALUES %s
"""
_ANSWER = """
    UPDATE enquiries SET answer = said.answer, has_card = said.has_card, answered_at = said.at
    FROM (VALUES %s) AS said (enquiry_id, answer, has_card, at)
    WHERE enquiries.enquiry_id = said.enquiry_id AND enquiries.answer IS NULL
"""
_COLUMNS = "enquiry_id, hospital_code, person_id, insured_division, asked_at, answer_by, answer"
_OF = f"SELECT {_COLUMNS} FROM enquiries WHERE enquiry_id = ANY(%s::uuid[])"
_LATEST = f"""
    SELECT DISTINCT ON (person_id) {_COLUMNS} FROM enquiries
    WHERE person_id = ANY(%s) AND has_card ORDER BY person_id, answered_at DESC
"""
_READ_BY = """
    SELECT DISTINCT hospital_code, person_id FROM enquiries
    WHERE (hospital_code, person_id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
      AND person_id = ANY(%s) AND has_card
"""


def add(tx: Connection, enquiries: Sequence[StoredEnquiry]) -> None:
    rows = [(one.enquiry_id, one.hospital_code, *_what(one)) for one in enquiries]
    bulk.write_rows(tx, _ADD, "(%s::uuid, %s, %s, %s, %s, %s)", rows)


def answer(tx: Connection, answers: Sequence[PersonAnswered], now: datetime) -> None:
    """Keep the first answer of each enquiry; those of enquiries not ours go nowhere."""
    rows = [(a.enquiry_id, a.model_dump_json(), a.card is not None, now) for a in answers]
    bulk.write_rows(tx, _ANSWER, "(%s::uuid, %s, %s, %s::timestamptz)", rows)


def of(tx: Connection, ids: Iterable[EnquiryId]) -> dict[EnquiryId, StoredEnquiry]:
    return {row[0]: _enquiry(row) for row in bulk.fetch(tx, _OF, (sorted(set(ids)),))}


def latest_with_card(
    tx: Connection, person_ids: Iterable[PersonId]
) -> dict[PersonId, StoredEnquiry]:
    return {row[2]: _enquiry(row) for row in bulk.fetch(tx, _LATEST, (sorted(set(person_ids)),))}


def read_by(tx: Connection, pairs: Iterable[tuple[str, PersonId]]) -> set[tuple[str, PersonId]]:
    """Those of these (hospital, person) where the hospital itself has been told the card."""
    wanted = sorted(set(pairs))
    if not wanted:
        return set()
    hospitals, people = [hospital for hospital, _ in wanted], [person for _, person in wanted]
    rows = bulk.fetch(tx, _READ_BY, (hospitals, people, people))
    return {(hospital, person) for hospital, person in rows}


def _what(one: StoredEnquiry) -> tuple[Any, ...]:
    return (one.person_id, one.insured_division, one.asked_at, one.answer_by)


def _enquiry(row: tuple[Any, ...]) -> StoredEnquiry:
    enquiry_id, hospital_code, person_id, division, asked_at, answer_by, answer = row
    return StoredEnquiry(
        enquiry_id=enquiry_id,
        hospital_code=hospital_code,
        person_id=person_id,
        insured_division=division,
        asked_at=asked_at,
        answer_by=answer_by,
        answer=None if answer is None else PersonAnswered.model_validate_json(answer),
    )
