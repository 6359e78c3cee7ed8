"""Trials under way, so that their answers find whoever waits."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import SettlementId
from contracts.messages.settlement import TrialAnswered
from contracts.messages.values import Bill
from participants.treatment.domain.trial import Trial

_ADD = """
    INSERT INTO trials (
        trial_id, visit_id, hospital_code, total_fen, fully_own_fen, over_ceiling_fen,
        first_self_pay_fen, in_scope_fen, requested_at, answer_by
    ) VALUES %s
"""
_ADD_TEMPLATE = "(%s::uuid, %s::uuid, %s, %s, %s, %s, %s, %s, %s, %s)"
_ANSWER = """
    UPDATE trials SET answer = said.answer, answered_at = said.at
    FROM (VALUES %s) AS said (trial_id, answer, at)
    WHERE trials.trial_id = said.trial_id AND trials.answer IS NULL
"""
_OF = """
    SELECT trial_id, visit_id, hospital_code, total_fen, fully_own_fen, over_ceiling_fen,
           first_self_pay_fen, in_scope_fen, requested_at, answer_by, answer
    FROM trials WHERE trial_id = ANY(%s::uuid[])
"""


def add(tx: Connection, trials: Sequence[Trial]) -> None:
    rows = [
        (
            one.trial_id,
            one.visit_id,
            one.hospital_code,
            one.bill.total_fen,
            one.bill.fully_own_fen,
            one.bill.over_ceiling_fen,
            one.bill.first_self_pay_fen,
            one.bill.in_scope_fen,
            one.requested_at,
            one.answer_by,
        )
        for one in trials
    ]
    bulk.write_rows(tx, _ADD, _ADD_TEMPLATE, rows)


def answer(tx: Connection, answers: Sequence[TrialAnswered], now: datetime) -> None:
    """Keep the first answer of each trial; those of trials that we never asked for go nowhere."""
    rows = [(one.settlement_id, one.model_dump_json(), now) for one in answers]
    bulk.write_rows(tx, _ANSWER, "(%s::uuid, %s, %s::timestamptz)", rows)


def of(tx: Connection, ids: Iterable[SettlementId]) -> dict[SettlementId, Trial]:
    return {row[0]: _trial(row) for row in bulk.fetch(tx, _OF, (sorted(set(ids)),))}


def _trial(row: tuple[Any, ...]) -> Trial:
    trial_id, visit_id, hospital_code, *amounts, requested_at, answer_by, answer = row
    return Trial(
        trial_id=trial_id,
        visit_id=visit_id,
        hospital_code=hospital_code,
        bill=Bill(**dict(zip(Bill.model_fields, amounts, strict=True))),
        requested_at=requested_at,
        answer_by=answer_by,
        answer=None if answer is None else TrialAnswered.model_validate_json(answer),
    )
