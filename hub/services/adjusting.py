"""Adjusting the ledger by a decision of two persons, always on the open business day."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import uuid5

from pydantic import TypeAdapter
from sqlalchemy import Connection

from contracts.access import Principal
from contracts.ids import SettlementId
from contracts.message import Outgoing
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.adjustment import Adjustment, AdjustmentReason, Booked
from hub.domain.ledger import posting_of
from hub.domain.second_person import Proposal, ProposalKind
from hub.domain.settlement import State
from hub.services import second_person
from hub.services.asking import Asked, once
from hub.store import adjustments, days, ledger

CAUSE_MAX = 500
_JSON: TypeAdapter[Adjustment] = TypeAdapter(Adjustment)


def adjust(tx: Connection, wanted: Adjustment, now: datetime) -> Booked:
    """Book an adjustment with its posting; it shares the open day's lock, as settlements do.

    The same id with the same content again: the same answer. Refused: CONFLICTING_REPLAY for
    other content, SECOND_PERSON_NEEDED when both persons are one, FIELD_INVALID for no amount, one
    area on both sides or an audit that gives, UNKNOWN_SETTLEMENT, OUT_OF_STEP when its settlement
    is not settled or belongs to another account, when its fund would pay less than nothing or more
    than it once did, or before the first day.
    """
    _check(wanted)
    there = adjustments.find(tx, wanted.adjustment_id)
    if there is not None:
        return _same(there, wanted)
    _check_settlement(tx, wanted)
    booked = Booked(wanted, _open_day(tx), now)
    if not adjustments.add(tx, [booked]):
        there = adjustments.find(tx, wanted.adjustment_id)
        assert there is not None, wanted.adjustment_id
        return _same(there, wanted)
    ledger.append(tx, [posting_of(booked)])
    return booked


def _open_day(tx: Connection) -> date:
    try:
        return days.share_open(tx)
    except days.NoOpenDay as error:
        raise Refused(RefusalCode.OUT_OF_STEP, "尚未开启结算日") from error


def take_back(
    tx: Connection, reversed_ids: Iterable[SettlementId], why: str, now: datetime
) -> list[Booked]:
    """Contrary adjustments for what was adjusted on settlements that are now undone.

    A reversal gives back all that the settlement brought, so what a decision took off it before
    would be given back twice. Nothing where nothing was adjusted.
    """
    ids = list(reversed_ids)
    found = adjustments.of_settlements(tx, ids) if ids else []
    if not found:
        return []
    on = days.share_open(tx)
    contrary = [Booked(_contrary(one.adjustment, why), on, now) for one in found]
    new = adjustments.add(tx, contrary)
    booked = [one for one in contrary if one.adjustment.adjustment_id in new]
    ledger.append(tx, [posting_of(one) for one in booked])
    return booked


def propose(
    tx: Connection, wanted: Adjustment, *, reason: str, by: Principal, now: datetime
) -> Proposal:
    """Put an adjustment by hand before a second person, whose approval books it.

    `wanted.second` is not looked at. The same adjustment by the same person again: its proposal,
    however it was decided. Refused: CONFLICTING_REPLAY for another content or person under its id,
    as `second_person.propose`, and FIELD_INVALID, UNKNOWN_SETTLEMENT or OUT_OF_STEP, as `adjust`.
    """
    mine = replace(wanted, by=by.subject, second="")
    _check(mine)
    asked = Asked(mine.adjustment_id, {"adjustment": as_json(mine), "reason": reason})
    return once(tx, asked, partial(_put, tx, mine, reason, by, now), by=by, now=now)


def _put(tx: Connection, wanted: Adjustment, reason: str, by: Principal, now: datetime) -> Proposal:
    _check_settlement(tx, wanted)
    return second_person.propose(
        tx,
        ProposalKind.ADJUSTMENT,
        subject=str(wanted.adjustment_id),
        content=as_json(wanted),
        reason=reason,
        by=by,
        now=now,
        value_fen=abs(wanted.amount_fen),
    )


def perform(
    tx: Connection, proposal: Proposal, by: Principal, now: datetime, _keys: Sealer | None
) -> list[Outgoing]:
    """The effect of an approved ADJUSTMENT."""
    wanted = replace(from_json(proposal.content), by=proposal.proposed_by, second=by.subject)
    adjust(tx, wanted, now)
    return []


def as_json(wanted: Adjustment) -> dict[str, Any]:
    """An adjustment as the content of a proposal; `from_json` reads it back."""
    found: dict[str, Any] = _JSON.dump_python(wanted, mode="json")
    return found


def from_json(content: dict[str, Any]) -> Adjustment:
    return _JSON.validate_python(content)


def _check(wanted: Adjustment) -> None:
    if wanted.by == wanted.second:
        raise Refused(RefusalCode.SECOND_PERSON_NEEDED)
    if wanted.amount_fen == 0 or wanted.insured_area == wanted.treatment_area:
        raise Refused(RefusalCode.FIELD_INVALID, "amount_fen、insured_area、treatment_area")
    if wanted.reason is AdjustmentReason.AUDIT and wanted.amount_fen > 0:
        raise Refused(RefusalCode.FIELD_INVALID, "amount_fen：审核扣款只能为负数")
    if not wanted.cause.strip():
        raise Refused(RefusalCode.FIELD_MISSING, "cause")
    if len(wanted.cause) > CAUSE_MAX:
        raise Refused(RefusalCode.FIELD_TOO_LONG, "cause")


def _same(there: Booked, wanted: Adjustment) -> Booked:
    if there.adjustment != wanted:
        raise Refused(RefusalCode.CONFLICTING_REPLAY, str(wanted.adjustment_id))
    return there


def _check_settlement(tx: Connection, wanted: Adjustment) -> None:
    """What is about a settlement fits it, as `cases.exceeding` has it for decided cases.

    No more is taken than its fund paid, and no more comes back than was taken.
    """
    if wanted.settlement_id is None:
        return
    found = adjustments.about(tx, wanted.settlement_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_SETTLEMENT)
    state, account, funds = found
    if state != State.SETTLED:
        raise Refused(RefusalCode.OUT_OF_STEP, f"结算状态为{state}")
    mine = (wanted.insured_area, wanted.treatment_area, wanted.insurance_kind, wanted.visit_kind)
    if account != tuple(str(value) for value in mine):
        raise Refused(RefusalCode.OUT_OF_STEP, "调整与结算的地区、险种或类别不符")
    before = adjustments.of_settlements(tx, [wanted.settlement_id])
    moved = sum(b.adjustment.amount_fen for b in before if b.adjustment.fund is wanted.fund)
    left = funds[wanted.fund] + moved + wanted.amount_fen
    if left < 0:
        raise Refused(RefusalCode.OUT_OF_STEP, "扣减超过该基金已支付的金额")
    if left > funds[wanted.fund]:
        raise Refused(RefusalCode.OUT_OF_STEP, "补回超过该基金已扣减的金额")


def _contrary(one: Adjustment, why: str) -> Adjustment:
    return replace(
        one,
        adjustment_id=uuid5(one.adjustment_id, "taken back"),
        amount_fen=-one.amount_fen,
        cause=f"{why}：{one.cause}"[:CAUSE_MAX],
    )
