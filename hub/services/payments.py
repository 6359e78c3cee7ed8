"""What a confirmed run lets areas owe each other; payments and receipts until all is settled."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode
from contracts.refusal import RefusalCode, Refused
from hub.domain.clearing import ClearingRun, Pair, RunEvent, RunState
from hub.domain.netting import transfers_of
from hub.domain.payments import (
    BankEntry,
    Judgement,
    Obligation,
    Payment,
    judge_payment,
    judge_receipt,
    obligation_id,
    payment_id,
)
from hub.services.run_steps import locked, take
from hub.store import payments as store


def write(tx: Connection, stands: ClearingRun, payable: Mapping[Pair, int]) -> list[Obligation]:
    """What is owed by a run that stands, in the way of netting that it has."""
    owed = [
        Obligation(
            obligation_id=obligation_id(stands.run_id, stands.version, position),
            run_id=stands.run_id,
            version=stands.version,
            position=position,
            from_area=one.payer,
            to_area=one.payee,
            amount_fen=one.amount_fen,
        )
        for position, one in enumerate(transfers_of(payable, stands.netting), 1)
    ]
    store.add(tx, owed)
    return owed


def pay(
    tx: Connection, owed_id: UUID, slip: BankEntry, *, area: AreaCode, by: str, now: datetime
) -> Payment:
    """Record what the payer sent; an obligation may be paid in parts.

    The same slip again: the payment as it was recorded. Refused: UNKNOWN_OBLIGATION, NOT_ALLOWED
    for whoever does not owe it, FIELD_INVALID, PAYMENT_DIFFERS for a known serial with another
    content, or for the very slip that was withdrawn, PAID_TOO_MUCH.
    """
    _check(slip, now)
    run, owed = _locked(tx, owed_id)
    if owed.from_area != area:
        raise Refused(RefusalCode.NOT_ALLOWED, "只能由付款方登记")
    known = store.last_entry(tx, area, slip)
    if _judged(judge_payment(owed, slip, known)) is Judgement.SAME and known is not None:
        return known
    if run.issued_at is not None and slip.on < shanghai_date_of(run.issued_at):
        raise Refused(RefusalCode.FIELD_INVALID, "银行日期早于清算单下发之日")
    entry = 1 if known is None else known.entry + 1
    id_ = payment_id(area, slip.bank_name, slip.serial, entry)
    payment = Payment(id_, owed_id, slip, by, now, entry=entry)
    if not store.add_payment(tx, payment):
        raise Refused(RefusalCode.PAYMENT_DIFFERS)
    return payment


def receive(
    tx: Connection, id_: UUID, slip: BankEntry, *, area: AreaCode, by: str, now: datetime
) -> Payment:
    """Record that the payee has it, by its own bank's slip; the last receipt makes the run paid.

    The same slip again: the payment as it is. Refused: UNKNOWN_PAYMENT, NOT_ALLOWED for whoever is
    not paid by it, FIELD_INVALID, PAYMENT_DIFFERS for another amount, a day before the payment,
    another slip than the recorded one, a serial that is taken, or a payment that was withdrawn.
    """
    _check(slip, now)
    known = _payment(tx, id_)
    run, owed = _locked(tx, known.obligation_id)
    if owed.to_area != area:
        raise Refused(RefusalCode.NOT_ALLOWED, "只能由收款方确认")
    known = _payment(tx, id_)  # as it is now that nobody else can record its receipt
    if _judged(judge_receipt(known, slip)) is Judgement.SAME:
        return known
    if not store.add_receipt(tx, known, slip, by, now):
        raise Refused(RefusalCode.PAYMENT_DIFFERS)
    paid_if_settled(tx, run, by=by, now=now)
    return _payment(tx, id_)


def paid_if_settled(tx: Connection, run: ClearingRun, *, by: str, now: datetime) -> ClearingRun:
    """A locked run that stands is paid once all that it says is owed was received."""
    if run.state is not RunState.CONFIRMED or not store.is_settled(tx, run.run_id):
        return run
    return take(tx, run, RunEvent.PAY, by=by, now=now, changes={"paid_at": now})


def obligations_of(tx: Connection, run_id: UUID) -> list[Obligation]:
    """What a run says is owed, in the order of its numbers; nothing until it is confirmed."""
    return store.of_run(tx, run_id)


def find_payment(tx: Connection, id_: UUID) -> tuple[Payment, Obligation]:
    """A payment and what it is for. Refused: UNKNOWN_PAYMENT."""
    found = _payment(tx, id_)
    return found, find(tx, found.obligation_id)[0]


def withdraw(  # noqa: PLR0917 - what, why, and the two who say so
    tx: Connection, id_: UUID, why: str, by: str, second_person: str, now: datetime
) -> None:
    """Take back a payment as two persons decided. Refused: UNKNOWN_PAYMENT, OUT_OF_STEP once it was
    received or withdrawn.
    """
    _locked(tx, _payment(tx, id_).obligation_id)
    found = _payment(tx, id_)  # as it is now that nobody else can record its receipt
    check_may_be_withdrawn(found)
    store.withdraw(tx, found, why, by=by, second_person=second_person, at=now)


def check_may_be_withdrawn(payment: Payment) -> None:
    """Refused: OUT_OF_STEP."""
    if payment.withdrawn_at is not None:
        raise Refused(RefusalCode.OUT_OF_STEP, "该笔付款已撤销")
    if payment.received is not None:
        raise Refused(RefusalCode.OUT_OF_STEP, "收款方已确认收款，不能撤销")


def find(tx: Connection, owed_id: UUID) -> tuple[Obligation, list[Payment]]:
    """An obligation with its payments. Refused: UNKNOWN_OBLIGATION."""
    found = store.find(tx, owed_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_OBLIGATION)
    return found, store.payments_of(tx, owed_id)


def _locked(tx: Connection, owed_id: UUID) -> tuple[ClearingRun, Obligation]:
    """The obligation and its run, and nobody else pays or receives for that run meanwhile."""
    run = locked(tx, find(tx, owed_id)[0].run_id)
    return run, find(tx, owed_id)[0]


def _payment(tx: Connection, id_: UUID) -> Payment:
    found = store.find_payment(tx, id_)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_PAYMENT)
    return found


def _check(slip: BankEntry, now: datetime) -> None:
    if slip.amount_fen <= 0:
        raise Refused(RefusalCode.FIELD_INVALID, "amount_fen")
    if slip.on > shanghai_date_of(now):
        raise Refused(RefusalCode.FIELD_INVALID, "银行日期晚于今日")


def _judged(found: Judgement) -> Judgement:
    if found is Judgement.OTHER:
        raise Refused(RefusalCode.PAYMENT_DIFFERS)
    if found is Judgement.TOO_MUCH:
        raise Refused(RefusalCode.PAID_TOO_MUCH)
    return found
