"""What areas owe each other by a confirmed run; payers record payments, payees their receipt."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints

from contracts.access import Principal
from contracts.message import Frozen
from contracts.refusal import RefusalCode, Refused
from hub.api.asking import Proposed, RequestKey, asked
from hub.api.deps import Day, Reading, Transaction, who_may
from hub.api.who_may import sees_all
from hub.domain.payments import BankEntry, Obligation, Payment
from hub.services import clearing, payments, withdrawing_payments
from hub.services.asking import once

router = APIRouter(tags=["收付 payments"])

AMOUNT_MAX_FEN = 10**15
BankName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
Words = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
Serial = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._/-]{1,50}$")]


class Slip(Frozen):
    """What the bank's slip says: its name, its serial 流水号, the day, fen."""

    bank_name: BankName
    serial: Serial
    on: Day
    amount_fen: Annotated[int, Field(strict=True, ge=1, le=AMOUNT_MAX_FEN)]


class SlipView(BaseModel):
    bank_name: str
    serial: str
    on: Day
    amount_fen: int
    recorded_at: datetime


class PaymentView(BaseModel):
    """`received` None: the payee has not recorded it yet. `withdrawn_at`: it counts no more."""

    payment_id: UUID
    obligation_id: UUID
    sent: SlipView
    received: SlipView | None
    withdrawn_at: datetime | None


class Withdrawing(Frozen):
    """Why the payment was never sent as it was recorded."""

    reason: Words


class ObligationView(BaseModel):
    """`from_area` pays `to_area` `amount_fen` in all; `paid_fen` was sent, `received_fen` came."""

    obligation_id: UUID
    run_id: UUID
    version: int
    position: int
    from_area: str
    to_area: str
    amount_fen: int
    paid_fen: int
    received_fen: int
    is_settled: bool


class ObligationDetail(ObligationView):
    payments: list[PaymentView]


@router.get("/clearing-runs/{run_id}/obligations", name="list_obligations", summary="应付应收款项")
def obligations(
    principal: Annotated[Principal, Depends(who_may("list_obligations"))],
    run_id: UUID,
    tx: Reading,
) -> list[ObligationView]:
    """None before the run is confirmed. An area sees what it pays, and what it is paid."""
    found = payments.obligations_of(tx, clearing.find_run(tx, run_id).run_id)
    return [ObligationView(**_owed(one)) for one in found if _is_party(principal, one)]


@router.get("/obligations/{obligation_id}", name="show_obligation", summary="应付款项及收付记录")
def show(
    principal: Annotated[Principal, Depends(who_may("show_obligation"))],
    obligation_id: UUID,
    tx: Reading,
) -> ObligationDetail:
    found, paid = payments.find(tx, obligation_id)
    if not _is_party(principal, found):
        raise Refused(RefusalCode.NOT_ALLOWED)
    return ObligationDetail(**_owed(found), payments=[_payment(one) for one in paid])


@router.post("/obligations/{obligation_id}/payments", name="record_payment", summary="登记付款")
def pay(
    principal: Annotated[Principal, Depends(who_may("record_payment"))],
    obligation_id: UUID,
    body: Slip,
    writing: Transaction,
) -> PaymentView:
    """By the payer. The same slip again gets the same answer."""
    assert principal.area is not None, "the table of rights lets only areas in"
    found = payments.pay(
        writing.tx,
        obligation_id,
        _entry(body),
        area=principal.area,
        by=principal.subject,
        now=writing.now,
    )
    return _payment(found)


@router.post("/payments/{payment_id}/receipt", name="record_receipt", summary="登记并确认收款")
def receive(
    principal: Annotated[Principal, Depends(who_may("record_receipt"))],
    payment_id: UUID,
    body: Slip,
    writing: Transaction,
) -> PaymentView:
    """By the payee, from its own bank's slip. The last receipt of a run makes the run paid."""
    assert principal.area is not None, "the table of rights lets only areas in"
    found = payments.receive(
        writing.tx,
        payment_id,
        _entry(body),
        area=principal.area,
        by=principal.subject,
        now=writing.now,
    )
    return _payment(found)


@router.post(
    "/payments/{payment_id}/withdrawal",
    name="propose_payment_withdrawal",
    summary="申请撤销误登付款",
)
def withdraw(
    principal: Annotated[Principal, Depends(who_may("propose_payment_withdrawal"))],
    payment_id: UUID,
    body: Withdrawing,
    writing: Transaction,
    key: RequestKey = None,
) -> Proposed:
    """By the payer or an operator, before the receipt; approved, it may be recorded corrected."""
    tx, now = writing.tx, writing.now
    propose = partial(
        withdrawing_payments.propose, tx, payment_id, reason=body.reason, by=principal, now=now
    )
    request = asked(key, "propose_payment_withdrawal", body, payment_id)
    return Proposed.of(once(tx, request, propose, by=principal, now=now))


def _entry(slip: Slip) -> BankEntry:
    return BankEntry(slip.bank_name, slip.serial, slip.on, slip.amount_fen)


def _is_party(principal: Principal, one: Obligation) -> bool:
    """With netting an area pays and receives as one, whatever role its lines are of."""
    return sees_all(principal) or principal.area in {one.from_area, one.to_area}


def _owed(one: Obligation) -> dict[str, object]:
    return {
        "obligation_id": one.obligation_id,
        "run_id": one.run_id,
        "version": one.version,
        "position": one.position,
        "from_area": one.from_area,
        "to_area": one.to_area,
        "amount_fen": one.amount_fen,
        "paid_fen": one.paid_fen,
        "received_fen": one.received_fen,
        "is_settled": one.is_settled,
    }


def _payment(one: Payment) -> PaymentView:
    received = None
    if one.received is not None and one.received_at is not None:
        received = _slip(one.received, one.received_at)
    return PaymentView(
        payment_id=one.payment_id,
        obligation_id=one.obligation_id,
        sent=_slip(one.sent, one.recorded_at),
        received=received,
        withdrawn_at=one.withdrawn_at,
    )


def _slip(one: BankEntry, recorded_at: datetime) -> SlipView:
    return SlipView(
        bank_name=one.bank_name,
        serial=one.serial,
        on=one.on,
        amount_fen=one.amount_fen,
        recorded_at=recorded_at,
    )
