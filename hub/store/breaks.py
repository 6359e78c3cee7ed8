"""Breaks, and the rows that explain them: what the hub has, and what a side sent."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.control_totals import BucketKey, Entry
from contracts.delivery import bulk
from contracts.ids import SettlementId
from contracts.messages.reconciliation import RowsReported
from contracts.messages.values import PARTS
from hub.domain.reconciliation import Break, BreakClass, RowKey, SideKey

_BREAK = """business_date, role, area, class, counterpart, insurance_kind, visit_kind,
        settlement_id, sign, hub_fen, side_fen, other_date"""
_OPEN = f"""
    SELECT break_id, {_BREAK} FROM breaks
    WHERE resolved_at IS NULL AND (business_date, role, area) IN
        (SELECT * FROM unnest(%s::date[], %s::text[], %s::text[]))
"""  # noqa: S608 - column names of ours
_OF_DAY = f"""
    SELECT break_id, {_BREAK}, found_at, resolved_at FROM breaks WHERE business_date = %s
    ORDER BY area, role, break_id LIMIT %s
"""  # noqa: S608 - column names of ours
_ADD = f"INSERT INTO breaks ({_BREAK}, found_at) VALUES %s"  # noqa: S608 - column names of ours
_VALUES = "(%s, %s, %s, %s, %s, %s, %s, %s::uuid, %s, %s, %s, %s, %s)"
_FORGET = "DELETE FROM breaks WHERE break_id = ANY(%s::bigint[])"
_RESOLVE = "UPDATE breaks SET resolved_at = %s WHERE break_id = ANY(%s::bigint[])"

_OF_SIDE = "business_date = %s AND role = %s AND area = %s"
_OF_BUCKET = f"{_OF_SIDE} AND counterpart = %s AND insurance_kind = %s AND visit_kind = %s"
_FORGET_ROWS = f"DELETE FROM reported_rows WHERE {_OF_SIDE}"  # noqa: S608 - constant
_ADD_PART = """
    INSERT INTO reported_rows (business_date, role, area, counterpart, insurance_kind,
        visit_kind, part, parts, rows) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
"""
_PARTS = f"SELECT part, parts, rows FROM reported_rows WHERE {_OF_BUCKET} ORDER BY part"  # noqa: S608 - constant

_HUB_COLUMNS = f"total_fen, ARRAY[{', '.join(PARTS)}]"
_PAIR = "insured_area = %s AND treatment_area = %s AND insurance_kind = %s AND visit_kind = %s"
_HUB_ROWS = f"""
    SELECT settlement_id, 1, {_HUB_COLUMNS} FROM settlements WHERE settled_on = %s AND {_PAIR}
    UNION ALL
    SELECT settlement_id, -1, {_HUB_COLUMNS} FROM settlements WHERE reversed_on = %s AND {_PAIR}
"""  # noqa: S608 - column names of ours
_HUB_DAYS = """
    SELECT settlement_id, settled_on, reversed_on FROM settlements
    WHERE settlement_id = ANY(%s::uuid[]) AND settled_on IS NOT NULL
        AND %s IN (insured_area, treatment_area)
"""
# Where the side has a row that the hub has on this day: known from that other day's comparison.
_SIDE_DAYS = """
    SELECT settlement_id, sign, business_date FROM breaks
    WHERE settlement_id = ANY(%s::uuid[]) AND role = %s AND area = %s AND business_date <> %s
        AND class = 'day' AND resolved_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class StoredBreak:
    """A break as it stands in the books; not resolved while `resolved_at` is None."""

    break_id: int
    side: SideKey
    found: Break
    found_at: datetime
    resolved_at: datetime | None


def open_of(tx: Connection, keys: Collection[SideKey]) -> dict[SideKey, dict[Break, int]]:
    """The open breaks of these sides, with their ids."""
    days, roles, areas = [k[0] for k in keys], [k[1].value for k in keys], [k[2] for k in keys]
    found: dict[SideKey, dict[Break, int]] = {key: {} for key in keys}
    for break_id, day, role, area, *rest in bulk.fetch(tx, _OPEN, (days, roles, areas)):
        found[day, Role(role), AreaCode(area)][_break(rest)] = break_id
    return found


def of_day(tx: Connection, business_date: date, limit: int) -> list[StoredBreak]:
    """Every break of a day, resolved ones too, side by side; at most `limit`."""
    return [
        StoredBreak(
            break_id, (day, Role(role), AreaCode(area)), _break(rest), found_at, resolved_at
        )
        for break_id, day, role, area, *rest, found_at, resolved_at in bulk.fetch(
            tx, _OF_DAY, (business_date, limit)
        )
    ]


def add(tx: Connection, found: Sequence[tuple[SideKey, Break]], now: datetime) -> None:
    bulk.write_rows(tx, _ADD, _VALUES, [_values(side, one, now) for side, one in found])


def forget(tx: Connection, break_ids: Sequence[int]) -> None:
    """Take back provisional breaks: a newer report of the side replaces them."""
    if break_ids:
        bulk.run(tx, _FORGET, (list(break_ids),))


def resolve(tx: Connection, break_ids: Sequence[int], now: datetime) -> None:
    if break_ids:
        bulk.run(tx, _RESOLVE, (now, list(break_ids)))


def forget_rows(tx: Connection, side: SideKey) -> None:
    """Drop the rows of the side's last report: a newer one has come."""
    bulk.run(tx, _FORGET_ROWS, side)


def add_part(tx: Connection, said: RowsReported) -> None:
    """Keep one part of a bucket's rows; the same part again changes nothing."""
    rows = [(row.settlement_id.hex, row.sign, row.total_fen, row.parts_fen) for row in said.rows]
    side = (said.business_date, said.role.value, said.area)
    bucket = (said.counterpart, said.insurance_kind.value, said.visit_kind.value)
    bulk.run(tx, _ADD_PART, (*side, *bucket, said.part, said.parts, json.dumps(rows)))


def reported(tx: Connection, side: SideKey, bucket: BucketKey) -> list[Entry] | None:
    """The side's rows of a bucket, or None while parts are missing or contradict each other."""
    found = bulk.fetch(tx, _PARTS, (*side, *bucket))
    if [part for part, _, _ in found] != list(range(1, len(found) + 1)):
        return None
    if {parts for _, parts, _ in found} != {len(found)}:
        return None
    return [
        Entry(SettlementId(UUID(hex_)), sign, total_fen, tuple(parts_fen))
        for _, _, rows in found
        for hex_, sign, total_fen, parts_fen in rows
    ]


def hub_rows(tx: Connection, side: SideKey, bucket: BucketKey) -> list[Entry]:
    """The hub's rows of a bucket, as the side should have them."""
    day, role, area = side
    pair = (area, bucket[0]) if role is Role.INSURED else (bucket[0], area)
    one = (day, *pair, bucket[1].value, bucket[2].value)
    rows = bulk.fetch(tx, _HUB_ROWS, (*one, *one))
    return [Entry(SettlementId(r[0]), r[1], r[2], tuple(r[3])) for r in rows]


def hub_days(tx: Connection, side: SideKey, rows: Collection[RowKey]) -> dict[RowKey, date]:
    """On which other day the hub has these rows of the side, where it has them at all."""
    ids = list({row[0] for row in rows})
    found: dict[RowKey, date | None] = {}
    for id_, settled_on, reversed_on in bulk.fetch(tx, _HUB_DAYS, (ids, side[2])):
        found |= {(id_, 1): settled_on, (id_, -1): reversed_on}
    return {row: day for row in rows if (day := found.get(row)) is not None and day != side[0]}


def side_days(tx: Connection, side: SideKey, rows: Collection[RowKey]) -> dict[RowKey, date]:
    """On which other day the side has these rows of the hub, as far as a comparison showed it."""
    day, role, area = side
    ids = list({row[0] for row in rows})
    found = bulk.fetch(tx, _SIDE_DAYS, (ids, role.value, area, day))
    days = {(SettlementId(id_), sign): other for id_, sign, other in found}
    return {row: days[row] for row in rows if row in days}


def _break(values: Sequence[Any]) -> Break:
    kind, counterpart, insurance, visit, settlement_id, sign, hub_fen, side_fen, other = values
    bucket = (counterpart, InsuranceKind(insurance), VisitKind(visit)) if counterpart else None
    row = (SettlementId(settlement_id), sign) if settlement_id else None
    return Break(BreakClass(kind), bucket, row, hub_fen, side_fen, other)


def _values(side: SideKey, one: Break, now: datetime) -> tuple[Any, ...]:
    day, role, area = side
    counterpart, insurance, visit = one.bucket or (None, None, None)
    settlement_id, sign = one.row or (None, None)
    bucket = (counterpart, insurance and insurance.value, visit and visit.value)
    amounts = (one.hub_fen, one.side_fen, one.other_date)
    kind = one.break_class.value
    return (day, role.value, area, kind, *bucket, settlement_id, sign, *amounts, now)
