"""Breaks, and the rows that explain them: what the hub has, and what a side sent."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.control_totals import BucketKey
from contracts.delivery import bulk
from contracts.ids import SettlementId
from contracts.messages.reconciliation import Bucket, RowsReported
from contracts.messages.values import PARTS
from hub.domain.reconciliation import Break, BreakClass, RowKey, SideKey
from hub.store.reconciliation import bucket_of_row

_BREAK = """business_date, role, area, class, counterpart, insurance_kind, visit_kind,
        settlement_id, sign, hub_fen, side_fen, other_date"""
_OPEN = f"""
    SELECT break_id, {_BREAK} FROM breaks
    WHERE resolved_at IS NULL AND hospital_code IS NULL AND (business_date, role, area) IN
        (SELECT * FROM unnest(%s::date[], %s::text[], %s::text[]))
"""  # noqa: S608 - column names of ours
_OF_DAY = f"""
    SELECT break_id, {_BREAK}, found_at, resolved_at FROM breaks
    WHERE business_date = %s AND (%s::text IS NULL OR area = %s) AND role = ANY(%s)
    ORDER BY area, role, break_id LIMIT %s
"""  # noqa: S608 - column names of ours
_OPEN_COUNTS = """
    SELECT role, area, count(*) FROM breaks WHERE business_date = %s AND resolved_at IS NULL
    GROUP BY role, area
"""
_ADD = f"INSERT INTO breaks ({_BREAK}, found_at) VALUES %s"  # noqa: S608 - column names of ours
_VALUES = "(%s, %s, %s, %s, %s, %s, %s, %s::uuid, %s, %s, %s, %s, %s)"
_FORGET = "DELETE FROM breaks WHERE break_id = ANY(%s::bigint[])"
_RESOLVE = "UPDATE breaks SET resolved_at = %s WHERE break_id = ANY(%s::bigint[])"

_OF_SIDE = "business_date = %s AND role = %s AND area = %s"
_OF_BUCKET = f"{_OF_SIDE} AND counterpart = %s AND insurance_kind = %s AND visit_kind = %s"
_FORGET_ROWS = tuple(
    f"DELETE FROM {table} WHERE {_OF_SIDE}"  # noqa: S608 - constants
    for table in ("reported_rows", "narrowed_buckets", "reported_buckets")
)
_ADD_BUCKETS = f"""
    INSERT INTO reported_buckets (business_date, role, area, counterpart, insurance_kind,
        visit_kind, count, total_fen, {", ".join(PARTS)}, digest) VALUES %s
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - column names of ours
_BUCKETS = f"""
    SELECT counterpart, insurance_kind, visit_kind, count, total_fen, ARRAY[{", ".join(PARTS)}],
        digest
    FROM reported_buckets WHERE {_OF_SIDE} ORDER BY counterpart, insurance_kind, visit_kind
"""  # noqa: S608 - column names of ours
_ADD_PART = """
    INSERT INTO reported_rows (business_date, role, area, counterpart, insurance_kind,
        visit_kind, part, parts, rows) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
"""
_ARRIVED = f"""
    SELECT count(*), coalesce(min(parts), 0), coalesce(max(parts), 0), coalesce(max(part), 0)
    FROM reported_rows WHERE {_OF_BUCKET}
"""  # noqa: S608 - constant
_HUB_DAYS = """
    SELECT settlement_id, settled_on, reversed_on FROM settlements
    WHERE settlement_id = ANY(%s::uuid[]) AND settled_on IS NOT NULL
        AND %s IN (insured_area, treatment_area)
"""
_HUB_SETTLED = """
    SELECT settlement_id FROM settlements
    WHERE settlement_id = ANY(%s::uuid[]) AND settled_on IS NOT NULL AND reversed_on IS NULL
        AND %s IN (insured_area, treatment_area)
"""
_SIDE_SETTLED = """
    SELECT one.settlement_id FROM settlements AS one
    JOIN reconciliation_sides AS side ON side.business_date = one.settled_on
        AND side.role = %s AND side.area = %s AND side.reported_attempt > 0
    WHERE one.settlement_id = ANY(%s::uuid[]) AND NOT EXISTS (
        SELECT FROM breaks WHERE breaks.settlement_id = one.settlement_id AND breaks.sign = 1
            AND breaks.area = side.area AND breaks.role = side.role
            AND breaks.class IN ('only_at_hub', 'day') AND breaks.resolved_at IS NULL
            AND breaks.hospital_code IS NULL)
"""
# Where the side has a row that the hub has on this day: known from that other day's comparison.
_SIDE_DAYS = """
    SELECT settlement_id, sign, business_date FROM breaks
    WHERE settlement_id = ANY(%s::uuid[]) AND role = %s AND area = %s AND business_date <> %s
        AND class = 'day' AND resolved_at IS NULL AND hospital_code IS NULL
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


def of_day(
    tx: Connection,
    business_date: date,
    limit: int,
    *,
    area: AreaCode | None = None,
    roles: Collection[Role] = tuple(Role),
) -> list[StoredBreak]:
    """A day's breaks, resolved ones too, side by side: of every area or of one; at most `limit`."""
    asked = (business_date, area, area, [role.value for role in roles], limit)
    return [
        StoredBreak(
            break_id, (day, Role(role), AreaCode(area)), _break(rest), found_at, resolved_at
        )
        for break_id, day, role, area, *rest, found_at, resolved_at in bulk.fetch(
            tx, _OF_DAY, asked
        )
    ]


def open_counts(tx: Connection, business_date: date) -> dict[SideKey, int]:
    """How many breaks of a day are open, side by side; those with hospitals too."""
    found = bulk.fetch(tx, _OPEN_COUNTS, (business_date,))
    return {(business_date, Role(role), AreaCode(area)): count for role, area, count in found}


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
    """Drop what the side's last report said: a newer one has come."""
    for statement in _FORGET_ROWS:
        bulk.run(tx, statement, _parameters(side))


def keep_buckets(tx: Connection, side: SideKey, buckets: Sequence[Bucket]) -> None:
    """Keep a report's control totals. A bucket reported twice is kept once, and is a difference."""
    rows = [
        (*_parameters(side), *key, b.count, b.total_fen, *b.parts_fen, b.digest)
        for b in buckets
        for key in [(b.counterpart, b.insurance_kind.value, b.visit_kind.value)]
        if len(b.parts_fen) == len(PARTS)
    ]
    bulk.write_rows(tx, _ADD_BUCKETS, f"({', '.join(['%s'] * (9 + len(PARTS)))})", rows)


def buckets_of(tx: Connection, side: SideKey) -> list[Bucket]:
    """The control totals of the side's last report."""
    return [bucket_of_row(row) for row in bulk.fetch(tx, _BUCKETS, _parameters(side))]


def add_part(tx: Connection, said: RowsReported) -> None:
    """Keep one part of a bucket's rows; the same part again changes nothing."""
    rows = [
        (row.settlement_id.hex, row.sign, row.total_fen, ",".join(map(str, row.parts_fen)))
        for row in said.rows
    ]
    side = (said.business_date, said.role.value, said.area)
    bucket = (said.counterpart, said.insurance_kind.value, said.visit_kind.value)
    bulk.run(tx, _ADD_PART, (*side, *bucket, said.part, said.parts, json.dumps(rows)))


def all_arrived(tx: Connection, side: SideKey, bucket: BucketKey) -> bool:
    """Whether every part of a bucket's rows is there, and they say the same of how many."""
    key = (*_parameters(side), bucket[0], bucket[1].value, bucket[2].value)
    [(count, fewest, most, last)] = bulk.fetch(tx, _ARRIVED, key)
    return bool(count == fewest == most == last > 0)


def hub_settled(tx: Connection, side: SideKey, ids: Collection[SettlementId]) -> set[SettlementId]:
    """Which of these the hub has as settled and not reversed, with this area."""
    found = bulk.fetch(tx, _HUB_SETTLED, (list(ids), side[2])) if ids else []
    return {SettlementId(id_) for (id_,) in found}


def side_settled(tx: Connection, side: SideKey, ids: Collection[SettlementId]) -> set[SettlementId]:
    """Which of these, settled at the hub, the side reported as well on the day of that."""
    _, role, area = side
    found = bulk.fetch(tx, _SIDE_SETTLED, (role.value, area, list(ids))) if ids else []
    return {SettlementId(id_) for (id_,) in found}


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


def _parameters(side: SideKey) -> tuple[date, str, AreaCode]:
    return side[0], side[1].value, side[2]


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
