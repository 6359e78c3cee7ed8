"""Payment and receipt of an issued change: recorded by the payer, confirmed by the payee."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.ids import new_id
from contracts.refusal import RefusalCode, Refused
from hub.domain.advance import (
    CHANGE,
    Cause,
    Change,
    ChangeState,
    Payment,
    event_of_payment,
    event_of_receipt,
    posting_of,
)
from hub.services.advance_positions import today_of
from hub.store import advance as store
from hub.store import advance_payments as payments


def find(tx: Connection, change_id: UUID) -> Change:
    """Refused: UNKNOWN_NOTICE."""
    change = store.find(tx, [change_id]).get(change_id)
    if change is None:
        raise Refused(RefusalCode.UNKNOWN_NOTICE)
    return change


def find_payment(tx: Connection, payment_id: UUID) -> Payment:
    """Refused: UNKNOWN_PAYMENT."""
    found = payments.find(tx, payment_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_PAYMENT)
    return found


def pay(
    tx: Connection,
    change_id: UUID,
    *,
    bank_name: str,
    bank_serial: str,
    paid_on: date,
    amount_fen: int,
    by: str,
    now: datetime,
) -> Payment:
    """Record a transfer of the payer. The same again: the payment that is recorded.

    Refused: UNKNOWN_NOTICE, PAYMENT_DIFFERS for the same bank serial with other content,
    OUT_OF_STEP unless the change is issued and open, PAID_TOO_MUCH, FIELD_INVALID for a day to
    come or before the notice.
    """
    store.take_turn(tx)
    change = find(tx, change_id)
    wanted = Payment(
        new_id(), change_id, bank_name, bank_serial, paid_on, amount_fen, by, recorded_at=now
    )
    before = payments.by_serial(tx, change.payer, bank_name, bank_serial)
    if before is not None:
        return _same(before, wanted)
    paid_fen = sum(one.amount_fen for one in payments.of(tx, [change_id]))
    _check(change, wanted, paid_fen, _latest_day(tx, now))
    after = CHANGE.after(change.state, event_of_payment(change, paid_fen, amount_fen))
    payments.add(tx, change.payer, wanted)
    store.move(tx, [replace(change, state=after)])
    store.post(tx, [posting_of(change, Cause.PAYMENT, amount_fen, now, wanted.payment_id)])
    return wanted


def confirm(
    tx: Connection, payment_id: UUID, *, received_on: date, amount_fen: int, by: str, now: datetime
) -> Payment:
    """The payee confirms what arrived. The same again: the payment as it is confirmed.

    Refused: UNKNOWN_PAYMENT, PAYMENT_DIFFERS for another amount or, later, another day,
    FIELD_INVALID for a day to come or before the payment.
    """
    store.take_turn(tx)
    before = find_payment(tx, payment_id)
    if amount_fen != before.amount_fen:
        raise Refused(RefusalCode.PAYMENT_DIFFERS, "到账金额与付款金额不一致")
    if before.received_on is not None:
        if before.received_on != received_on:
            raise Refused(RefusalCode.PAYMENT_DIFFERS, "已确认到账，日期不一致")
        return before
    if not before.paid_on <= received_on <= _latest_day(tx, now):
        raise Refused(RefusalCode.FIELD_INVALID, "received_on")
    return _confirmed(
        tx, replace(before, received_on=received_on, confirmed_by=by, confirmed_at=now), now
    )


def _confirmed(tx: Connection, payment: Payment, now: datetime) -> Payment:
    change = find(tx, payment.change_id)
    others = payments.of(tx, [payment.change_id])
    received_fen = sum(one.amount_fen for one in others if one.received_on is not None)
    event = event_of_receipt(change, received_fen, payment.amount_fen)
    payments.confirm(tx, payment)
    store.move(tx, [replace(change, state=CHANGE.after(change.state, event))])
    posting = posting_of(change, Cause.RECEIPT, payment.amount_fen, now, payment.payment_id)
    store.post(tx, [posting])
    return payment


def _same(before: Payment, wanted: Payment) -> Payment:
    if not before.is_same(wanted):
        raise Refused(RefusalCode.PAYMENT_DIFFERS, wanted.bank_serial)
    return before


def _check(change: Change, wanted: Payment, paid_fen: int, latest: date) -> None:
    if change.state is not ChangeState.ISSUED or change.issued_on is None:
        raise Refused(RefusalCode.OUT_OF_STEP, change.state.value)
    if not change.issued_on <= wanted.paid_on <= latest:
        raise Refused(RefusalCode.FIELD_INVALID, "paid_on")
    if paid_fen + wanted.amount_fen > abs(change.amount_fen):
        raise Refused(RefusalCode.PAID_TOO_MUCH)


def _latest_day(tx: Connection, now: datetime) -> date:
    # Days that an operator closes by hand run ahead of the calendar.
    return max(today_of(tx, now), shanghai_date_of(now))
