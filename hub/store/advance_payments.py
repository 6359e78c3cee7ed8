"""Payments for changes of advances: recorded once by the payer, confirmed once by the payee."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from hub.domain.advance import Payment

_COLUMNS = """payment_id, change_id, bank_name, bank_serial, paid_on, amount_fen, recorded_by,
    recorded_at, received_on, confirmed_by, confirmed_at"""
_ADD = f"""
    INSERT INTO advance_payments (payer, {_COLUMNS})
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, NULL, NULL, NULL)
"""  # noqa: S608 - column names of ours
_CONFIRM = """
    UPDATE advance_payments SET received_on = %s, confirmed_by = %s, confirmed_at = %s
    WHERE payment_id = %s
"""
_FIND = f"SELECT {_COLUMNS} FROM advance_payments WHERE payment_id = %s"  # noqa: S608
_BY_SERIAL = f"""
    SELECT {_COLUMNS} FROM advance_payments
    WHERE (payer, bank_name, bank_serial) = (%s, %s, %s)
"""  # noqa: S608 - column names of ours
_OF = f"""
    SELECT {_COLUMNS} FROM advance_payments WHERE change_id = ANY(%s::uuid[])
    ORDER BY recorded_at, payment_id
"""  # noqa: S608 - column names of ours


def add(tx: Connection, payer: AreaCode, one: Payment) -> None:
    """The database refuses what exceeds the change, and a serial that the payer has used."""
    values = (one.payment_id, one.change_id, one.bank_name, one.bank_serial, one.paid_on)
    bulk.run(tx, _ADD, (payer, *values, one.amount_fen, one.recorded_by, one.recorded_at))


def confirm(tx: Connection, one: Payment) -> None:
    """Write its receipt."""
    values = (one.received_on, one.confirmed_by, one.confirmed_at, one.payment_id)
    assert bulk.run(tx, _CONFIRM, values) == 1, one.payment_id


def find(tx: Connection, payment_id: UUID) -> Payment | None:
    return next((_payment(row) for row in bulk.fetch(tx, _FIND, (payment_id,))), None)


def by_serial(tx: Connection, payer: AreaCode, bank_name: str, bank_serial: str) -> Payment | None:
    found = bulk.fetch(tx, _BY_SERIAL, (payer, bank_name, bank_serial))
    return next((_payment(row) for row in found), None)


def of(tx: Connection, change_ids: Iterable[UUID]) -> list[Payment]:
    """Every payment of these changes, in the order of recording."""
    return [_payment(row) for row in bulk.fetch(tx, _OF, (list(change_ids),))]


def _payment(row: tuple[Any, ...]) -> Payment:
    return Payment(*row)
