"""Pre-flights: slots in which an answer is waited for. They count for nothing afterwards."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import EnquiryId
from contracts.messages.enquiry import Check, PreflightAnswered
from participants.treatment.domain.preflight import PreflightSlot

_ADD = "INSERT INTO preflights (enquiry_id, own, asked_at, answer_by) VALUES %s"
_ANSWER = """
    UPDATE preflights SET answer = said.answer, is_final = said.is_final, answered_at = said.at
    FROM (VALUES %s) AS said (enquiry_id, answer, is_final, at)
    WHERE preflights.enquiry_id = said.enquiry_id AND NOT preflights.is_final
      AND (said.is_final OR preflights.answer IS NULL)
"""
_OF = """
    SELECT enquiry_id, own, asked_at, answer_by, answer FROM preflights
    WHERE enquiry_id = ANY(%s::uuid[])
"""


def add(tx: Connection, slots: Sequence[PreflightSlot]) -> None:
    rows = [(one.enquiry_id, _own_json(one), one.asked_at, one.answer_by) for one in slots]
    bulk.write_rows(tx, _ADD, "(%s::uuid, %s, %s, %s)", rows)


def answer(tx: Connection, answers: Iterable[PreflightAnswered], now: datetime) -> None:
    """Keep the first answer of each, and the first final one instead of it."""
    best: dict[EnquiryId, PreflightAnswered] = {}
    for one in answers:
        if one.final or one.enquiry_id not in best:
            best[one.enquiry_id] = one
    rows = [(id_, one.model_dump_json(), one.final, now) for id_, one in best.items()]
    bulk.write_rows(tx, _ANSWER, "(%s::uuid, %s, %s::boolean, %s::timestamptz)", rows)


def of(tx: Connection, ids: Iterable[EnquiryId]) -> dict[EnquiryId, PreflightSlot]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row[0]: _slot(row) for row in bulk.fetch(tx, _OF, (wanted,))}


def _own_json(one: PreflightSlot) -> str:
    return json.dumps([check.model_dump(mode="json") for check in one.own], ensure_ascii=False)


def _slot(row: tuple[Any, ...]) -> PreflightSlot:
    enquiry_id, own, asked_at, answer_by, answer_json = row
    return PreflightSlot(
        enquiry_id=enquiry_id,
        own=tuple(Check.model_validate(check) for check in own),
        asked_at=asked_at,
        answer_by=answer_by,
        answer=None if answer_json is None else PreflightAnswered.model_validate_json(answer_json),
    )
