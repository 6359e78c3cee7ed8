"""Repairs that the hub ordered: which row stands in the place of the books' own, and why."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.ids import MessageId, SettlementId
from contracts.messages.repair import Booked, RepairOrder
from contracts.messages.values import PARTS

RowKey = tuple[SettlementId, int]

_ROW = f"business_date, counterpart, insurance_kind, visit_kind, total_fen, {', '.join(PARTS)}"
IN_FORCE = f"""
    SELECT DISTINCT ON (settlement_id, sign) order_id, settlement_id, sign, {_ROW}
    FROM repair_orders AS ordered
    WHERE undoes IS NULL AND NOT EXISTS (
        SELECT FROM repair_orders AS later WHERE later.undoes = ordered.order_id)
    ORDER BY settlement_id, sign, position DESC
"""
"""The last order about a row that was not undone: what it says stands, whatever the books have."""

NOT_REPAIRED = """NOT EXISTS (
        SELECT FROM in_force
        WHERE in_force.settlement_id = {table}.settlement_id AND in_force.sign = {sign})"""
"""Of a row of our books: no order in force speaks of it. Needs IN_FORCE as `in_force`."""

_OWN = "treatment_area, insurance_kind, visit_kind"
_BASE = " UNION ALL ".join(
    f"SELECT settlement_id, {sign}, {column}, {_OWN}, total_fen, {', '.join(PARTS)}"
    f" FROM grants WHERE settlement_id = ANY(%(ids)s::uuid[]) AND {column} IS NOT NULL"
    for column, sign in (("settled_on", 1), ("reversed_on", -1))
)
_LOCK = "LOCK TABLE repair_orders IN SHARE ROW EXCLUSIVE MODE"
_STANDING_ORDERS = f"""
    SELECT settlement_id, sign, {_ROW} FROM ({IN_FORCE}) AS in_force
    WHERE settlement_id = ANY(%s::uuid[])
"""
_KNOWN = "SELECT order_id, undoes FROM repair_orders WHERE order_id = ANY(%s::uuid[])"
_UNDONE = "SELECT undoes, order_id FROM repair_orders WHERE undoes = ANY(%s::uuid[])"
_ENTRIES = """
    SELECT order_id, effect, count(*) FROM repair_entries WHERE order_id = ANY(%s::uuid[])
    GROUP BY order_id, effect
"""
_ADD_ORDER = f"""
    INSERT INTO repair_orders (order_id, undoes, settlement_id, sign, {_ROW}, message_id,
        ordered_at) VALUES %s
"""
_ADD_ENTRY = f"""
    INSERT INTO repair_entries (order_id, line, effect, settlement_id, sign, {_ROW}) VALUES %s
"""
_NO_ROW = (None,) * (len(PARTS) + 5)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that an order booked: effect +1 puts a row in, -1 takes one out."""

    order_id: UUID
    effect: int
    row: RowKey
    booked: Booked


def lock(tx: Connection) -> None:
    """Orders are obeyed one transaction after the other; whoever reports is not held up."""
    bulk.run(tx, _LOCK)


def standing(tx: Connection, rows: Collection[RowKey]) -> dict[RowKey, list[Booked]]:
    """What is reported of these rows now: of an order in force, else of our own books."""
    ids = sorted({row[0] for row in rows})
    found: dict[RowKey, list[Booked]] = {row: [] for row in rows}
    for settlement_id, sign, *row in bulk.fetch(tx, _BASE, {"ids": ids}):
        found.setdefault((settlement_id, sign), []).append(_booked(row))
    for settlement_id, sign, *row in bulk.fetch(tx, _STANDING_ORDERS, (ids,)):
        found[settlement_id, sign] = [] if row[0] is None else [_booked(row)]
    return found


def known(tx: Connection, order_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these orders were obeyed before."""
    return {row[0] for row in bulk.fetch(tx, _KNOWN, (list(order_ids),))}


def undone(tx: Connection, order_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these orders were undone before."""
    return {row[0] for row in bulk.fetch(tx, _UNDONE, (list(order_ids),))}


def counts(tx: Connection, order_ids: Iterable[UUID]) -> dict[tuple[UUID, int], int]:
    """How many entries each order took out (-1) and put in (+1)."""
    rows = bulk.fetch(tx, _ENTRIES, (list(order_ids),))
    return {(order_id, effect): count for order_id, effect, count in rows}


def add(tx: Connection, order: RepairOrder, message_id: MessageId, now: datetime) -> None:
    """Keep an order; the row it says stands is reported from now on."""
    row = _NO_ROW if order.stands is None else _values(order.stands)
    head = (order.order_id, order.undoes, order.settlement_id, order.sign)
    rows = [(*head, *row, message_id, now)]
    bulk.write_rows(tx, _ADD_ORDER, f"({', '.join(['%s'] * len(rows[0]))})", rows)


def add_entries(tx: Connection, entries: Sequence[Entry]) -> None:
    """Append the contrary and the new entries of one order, in this order."""
    rows = [
        (one.order_id, line, one.effect, *one.row, *_values(one.booked))
        for line, one in enumerate(entries, start=1)
    ]
    bulk.write_rows(tx, _ADD_ENTRY, f"({', '.join(['%s'] * (len(PARTS) + 10))})", rows)


def _booked(row: Sequence[Any]) -> Booked:
    on: date = row[0]
    return Booked(
        business_date=on,
        counterpart=row[1],
        insurance_kind=InsuranceKind(row[2]),
        visit_kind=VisitKind(row[3]),
        total_fen=row[4],
        parts_fen=tuple(row[5:]),
    )


def _values(booked: Booked) -> tuple[Any, ...]:
    return (
        booked.business_date,
        booked.counterpart,
        booked.insurance_kind.value,
        booked.visit_kind.value,
        booked.total_fen,
        *booked.parts_fen,
    )
