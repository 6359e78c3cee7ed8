"""Settlements as rows: what is written of one, and what a row says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.codes import InsuranceKind, VisitKind
from contracts.ids import SettlementId, VisitId
from contracts.messages.values import PARTS, Bill, Shares
from contracts.refusal import RefusalCode
from participants.treatment.domain.answering import Move, Standing
from participants.treatment.domain.asking import Asking
from participants.treatment.domain.settlement import (
    WITH_SHARES,
    Settlement,
    SettleRequest,
    State,
)

STANDING = (
    "settlement_id, visit_id, msgid, hospital_code, person_id, state, visit_kind, total_fen, steps,"
    " answer_by, business_date, lapsed_at, undone_at"
)
"""The columns of `standing`, in its order."""
_CODES = {code.value: code for code in RefusalCode}


@dataclass(frozen=True, slots=True)
class Addition:
    """A settlement to be stored as requested, with what the hub is asked."""

    settlement_id: SettlementId
    visit_id: VisitId
    request: SettleRequest
    asking: Asking
    requested_at: datetime
    answer_by: datetime


def new_row(one: Addition) -> tuple[Any, ...]:
    care, bill, request = one.asking.care, one.asking.bill, one.request
    return (
        one.settlement_id,
        one.visit_id,
        request.msgid,
        care.hospital_code,
        care.person_id,
        care.insured_division,
        care.insurance_kind.value,
        care.visit_kind.value,
        care.admitted_on,
        care.discharged_on,
        care.disease_code,
        list(care.flags),
        care.use_account,
        request.mid_stay,
        bill.total_fen,
        bill.fully_own_fen,
        bill.over_ceiling_fen,
        bill.first_self_pay_fen,
        bill.in_scope_fen,
        State.REQUESTED.value,
        one.requested_at,
        one.answer_by,
        request.echo_json,
        request.own_visit_no if request.visit_id is None else None,
    )


def moved_row(one: Move) -> tuple[Any, ...]:
    shares = [None] * len(PARTS) if one.shares is None else [getattr(one.shares, p) for p in PARTS]
    return (
        one.before.settlement_id,
        one.before.state.value,
        one.event.value,
        one.target.value,
        one.before.steps + 1,
        one.at,
        one.message_id,
        one.code,
        one.detail,
        one.wish_id,
        *shares,
        one.deductible_fen,
        one.balance_fen,
        one.business_date,
        one.reversed_on,
        one.answer_by,
        one.answered_at,
        None if one.business_date is None else one.concluded_at,
        None if one.reversed_on is None else one.concluded_at,
    )


def standing(row: tuple[Any, ...]) -> Standing:
    id_, visit_id, msgid, hospital_code, person_id, state, visit_kind, *rest = row
    total_fen, steps, answer_by, business_date, lapsed_at, undone_at = rest
    return Standing(
        settlement_id=id_,
        visit_id=visit_id,
        msgid=msgid,
        hospital_code=hospital_code,
        person_id=person_id,
        state=State(state),
        visit_kind=VisitKind(visit_kind),
        total_fen=total_fen,
        steps=steps,
        answer_by=answer_by,
        business_date=business_date,
        lapsed_at=lapsed_at,
        undone_at=undone_at,
    )


def settlement(row: dict[str, Any]) -> Settlement:
    bill = Bill(**{name: row.pop(name) for name in Bill.model_fields})
    shares = Shares(**{name: row.pop(name) for name in PARTS})
    state, code = State(row.pop("state")), row.pop("code")
    row["flags"] = tuple(row["flags"])
    row["insurance_kind"] = InsuranceKind(row["insurance_kind"])
    row["visit_kind"] = VisitKind(row["visit_kind"])
    return Settlement(
        **row,
        bill=bill,
        state=state,
        shares=shares if state in WITH_SHARES else None,
        code=None if code is None else _CODES[code],
    )
