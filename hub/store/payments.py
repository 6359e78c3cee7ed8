"""Obligations of confirmed runs, and the payments and receipts that settle them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from hub.domain.payments import BankEntry, Obligation, Payment

_OWED = (
    "obligation_id, run_id, version, position, from_area, to_area, amount_fen, paid_fen,"
    " received_fen"
)
_ADD = f"INSERT INTO obligations ({_OWED}) VALUES %s"  # noqa: S608 - column names of ours
_FIND = f"SELECT {_OWED} FROM obligations WHERE"  # noqa: S608 - column names of ours
_PAYMENT = """
    SELECT payment_id, obligation_id, sent.bank_name, sent.serial, paid_on, sent.amount_fen,
        sent."by", sent.at, got.bank_name, got.serial, received_on, got.amount_fen, got."by",
        got.at, entry, gone.at
    FROM clearing_payments AS sent LEFT JOIN clearing_receipts AS got USING (payment_id)
    LEFT JOIN clearing_withdrawals AS gone USING (payment_id) WHERE
"""
_ADD_PAYMENT = """
    INSERT INTO clearing_payments
        (payment_id, obligation_id, payer, bank_name, serial, paid_on, amount_fen, "by", at, entry)
    SELECT %s, obligation_id, from_area, %s, %s, %s, %s, %s, %s, %s
    FROM obligations WHERE obligation_id = %s ON CONFLICT DO NOTHING
"""
_ADD_RECEIPT = """
    INSERT INTO clearing_receipts
        (payment_id, payee, bank_name, serial, received_on, amount_fen, "by", at)
    SELECT %s, to_area, %s, %s, %s, %s, %s, %s
    FROM obligations WHERE obligation_id = %s ON CONFLICT DO NOTHING
"""
_WITHDRAW = """
    INSERT INTO clearing_withdrawals (payment_id, why, "by", second_person, at)
    VALUES (%s, %s, %s, %s, %s)
"""
_GROW = """
    UPDATE obligations SET paid_fen = paid_fen + %s, received_fen = received_fen + %s
    WHERE obligation_id = %s
"""
_IS_SETTLED = "SELECT bool_and(received_fen = amount_fen) FROM obligations WHERE run_id = %s"


def add(tx: Connection, owed: Sequence[Obligation]) -> None:
    rows = [
        (
            one.obligation_id,
            one.run_id,
            one.version,
            one.position,
            one.from_area,
            one.to_area,
            one.amount_fen,
            one.paid_fen,
            one.received_fen,
        )
        for one in owed
    ]
    bulk.write_rows(tx, _ADD, "(" + ", ".join(["%s"] * 9) + ")", rows)


def of_run(tx: Connection, run_id: UUID) -> list[Obligation]:
    """In the order of their numbers; empty until the run is confirmed."""
    return [
        _obligation(row)
        for row in bulk.fetch(tx, f"{_FIND} run_id = %s ORDER BY position", (run_id,))
    ]


def find(tx: Connection, obligation_id: UUID) -> Obligation | None:
    for row in bulk.fetch(tx, f"{_FIND} obligation_id = %s", (obligation_id,)):
        return _obligation(row)
    return None


def find_payment(tx: Connection, payment_id: UUID) -> Payment | None:
    for row in bulk.fetch(tx, f"{_PAYMENT} payment_id = %s", (payment_id,)):
        return _payment(row)
    return None


def last_entry(tx: Connection, payer: AreaCode, slip: BankEntry) -> Payment | None:
    """The last payment that this slip of the payer's was recorded as, withdrawn or not."""
    wanted = f"{_PAYMENT} (payer, sent.bank_name, sent.serial) = (%s, %s, %s)"
    key = (payer, slip.bank_name, slip.serial)
    for row in bulk.fetch(tx, f"{wanted} ORDER BY entry DESC LIMIT 1", key):
        return _payment(row)
    return None


def payments_of(tx: Connection, obligation_id: UUID) -> list[Payment]:
    """In the order in which they were recorded."""
    rows = bulk.fetch(tx, f"{_PAYMENT} obligation_id = %s ORDER BY sent.at", (obligation_id,))
    return [_payment(row) for row in rows]


def add_payment(tx: Connection, one: Payment) -> bool:
    """Record what was sent; False when the payer has used the serial. The run must be locked."""
    slip = (one.sent.bank_name, one.sent.serial, one.sent.on, one.sent.amount_fen)
    recorded = (one.recorded_by, one.recorded_at, one.entry)
    values = (one.payment_id, *slip, *recorded, one.obligation_id)
    if bulk.run(tx, _ADD_PAYMENT, values) == 0:
        return False
    bulk.run(tx, _GROW, (one.sent.amount_fen, 0, one.obligation_id))
    return True


def add_receipt(tx: Connection, payment: Payment, slip: BankEntry, by: str, at: datetime) -> bool:
    """Record that it came; False when the payee has used the serial. The run must be locked."""
    entry = (slip.bank_name, slip.serial, slip.on, slip.amount_fen)
    values = (payment.payment_id, *entry, by, at, payment.obligation_id)
    if bulk.run(tx, _ADD_RECEIPT, values) == 0:
        return False
    bulk.run(tx, _GROW, (0, slip.amount_fen, payment.obligation_id))
    return True


def withdraw(
    tx: Connection, payment: Payment, why: str, *, by: str, second_person: str, at: datetime
) -> None:
    """Take back what was not received, by a contrary entry. The run must be locked."""
    bulk.run(tx, _WITHDRAW, (payment.payment_id, why, by, second_person, at))
    bulk.run(tx, _GROW, (-payment.sent.amount_fen, 0, payment.obligation_id))


def is_settled(tx: Connection, run_id: UUID) -> bool:
    """Whether everything that a run says is owed was received; true when nothing is owed."""
    return bulk.fetch(tx, _IS_SETTLED, (run_id,))[0][0] is not False


def _obligation(row: tuple[Any, ...]) -> Obligation:
    obligation_id, run_id, version, position, payer, payee, *amounts = row
    areas = AreaCode(payer), AreaCode(payee)
    return Obligation(obligation_id, run_id, version, position, *areas, *amounts)


def _payment(row: tuple[Any, ...]) -> Payment:
    got = None if row[8] is None else BankEntry(*row[8:12])
    sent = (row[0], row[1], BankEntry(*row[2:6]), row[6], row[7])
    return Payment(*sent, got, *row[12:16])
