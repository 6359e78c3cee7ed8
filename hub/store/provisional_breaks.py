"""Differences of the open day, and the rows of slices that explain them."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

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
from hub.domain.reconciliation import Break, BreakClass, RowKey
from hub.domain.slices import SliceKey

_OF_SLICE = "role = %s AND area = %s AND since = %s AND until = %s"
_OF_BUCKET = f"""{_OF_SLICE} AND business_date = %s AND counterpart = %s
    AND insurance_kind = %s AND visit_kind = %s"""
_ADD_PART = """
    INSERT INTO slice_rows (role, area, since, until, business_date, counterpart, insurance_kind,
        visit_kind, attempt, part, parts, rows)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_PARTS = (
    f"SELECT part, parts, rows FROM slice_rows WHERE {_OF_BUCKET} AND attempt = %s ORDER BY part"
)
_ADD = """
    INSERT INTO provisional_breaks (role, area, since, until, business_date, class, counterpart,
        insurance_kind, visit_kind, settlement_id, sign, hub_fen, side_fen, other_date, found_at)
    VALUES %s
    ON CONFLICT (area, role, settlement_id, sign) DO UPDATE SET since = excluded.since,
        until = excluded.until, business_date = excluded.business_date, class = excluded.class,
        hub_fen = excluded.hub_fen, side_fen = excluded.side_fen, other_date = excluded.other_date
"""
_VALUES = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::uuid, %s, %s, %s, %s::date, %s)"
_FORGET_OTHERS = f"""
    DELETE FROM provisional_breaks WHERE {_OF_BUCKET}
        AND (settlement_id, sign) NOT IN (SELECT * FROM unnest(%s::uuid[], %s::smallint[]))
"""
_ALL = """
    SELECT role, area, business_date, class, counterpart, insurance_kind, visit_kind,
        settlement_id, sign, hub_fen, side_fen, other_date, found_at
    FROM provisional_breaks WHERE (%s::text IS NULL OR area = %s) AND role = ANY(%s)
    ORDER BY found_at, area, role, settlement_id, sign LIMIT %s
"""
_SAME_DAY = f"""
    SELECT settlement_id, 1, total_fen, ARRAY[{", ".join(PARTS)}] FROM settlements
    WHERE settlement_id = ANY(%(ids)s::uuid[]) AND settled_on = %(day)s
        AND %(area)s IN (insured_area, treatment_area)
    UNION ALL
    SELECT settlement_id, -1, total_fen, ARRAY[{", ".join(PARTS)}] FROM settlements
    WHERE settlement_id = ANY(%(ids)s::uuid[]) AND reversed_on = %(day)s
        AND %(area)s IN (insured_area, treatment_area)
"""


@dataclass(frozen=True, slots=True)
class Provisional:
    """A difference of the open day: no break before the day's agreed time has passed."""

    role: Role
    area: AreaCode
    business_date: date
    found: Break
    found_at: datetime


def add_part(tx: Connection, key: SliceKey, said: RowsReported) -> None:
    rows = [(row.settlement_id.hex, row.sign, row.total_fen, row.parts_fen) for row in said.rows]
    of = (*_parameters(key), said.business_date, said.counterpart)
    kinds = (said.insurance_kind.value, said.visit_kind.value)
    part = (said.attempt, said.part, said.parts, json.dumps(rows))
    bulk.run(tx, _ADD_PART, (*of, *kinds, *part))


def reported(
    tx: Connection, key: SliceKey, day: date, bucket: BucketKey, attempt: int
) -> list[Entry] | None:
    """The side's rows of a slice's bucket, or None while parts are missing."""
    found = bulk.fetch(tx, _PARTS, (*_of_bucket(key, day, bucket), attempt))
    if [part for part, _, _ in found] != list(range(1, len(found) + 1)):
        return None
    if {parts for _, parts, _ in found} != {len(found)}:
        return None
    return [
        Entry(SettlementId(UUID(hex_)), sign, total_fen, tuple(parts_fen))
        for _, _, rows in found
        for hex_, sign, total_fen, parts_fen in rows
    ]


def hub_has(tx: Connection, day: date, area: AreaCode, rows: Collection[RowKey]) -> list[Entry]:
    """Rows that the hub has on that day as well, whatever the instant."""
    named = {"ids": list({row[0] for row in rows}), "day": day, "area": area}
    found = bulk.fetch(tx, _SAME_DAY, named) if rows else []
    entries = [Entry(SettlementId(r[0]), r[1], r[2], tuple(r[3])) for r in found]
    return [one for one in entries if (one.settlement_id, one.sign) in rows]


def replace(  # noqa: PLR0917 - the key of what is replaced, and by what
    tx: Connection,
    key: SliceKey,
    day: date,
    bucket: BucketKey,
    found: Sequence[Break],
    now: datetime,
) -> None:
    """What differs in a slice's bucket now; what did before keeps the time it was found."""
    rows = [one.row for one in found if one.row is not None]
    ids, signs = [row[0] for row in rows], [row[1] for row in rows]
    bulk.run(tx, _FORGET_OTHERS, (*_of_bucket(key, day, bucket), ids, signs))
    kinds = (bucket[0], bucket[1].value, bucket[2].value)
    values = [
        (
            *_parameters(key),
            day,
            one.break_class.value,
            *kinds,
            *one.row,
            one.hub_fen,
            one.side_fen,
            one.other_date,
            now,
        )
        for one in found
        if one.row is not None
    ]
    bulk.write_rows(tx, _ADD, _VALUES, values)


def all_of(
    tx: Connection,
    count_max: int,
    *,
    area: AreaCode | None = None,
    roles: Collection[Role] = tuple(Role),
) -> list[Provisional]:
    """What is open, oldest first, of every area or of one's sides."""
    asked = (area, area, [role.value for role in roles], count_max)
    return [_provisional(row) for row in bulk.fetch(tx, _ALL, asked)]


def _provisional(row: Sequence[Any]) -> Provisional:
    role, area, day, kind, counterpart, insurance, visit, id_, sign, *rest = row
    hub_fen, side_fen, other_date, found_at = rest
    bucket = (counterpart, InsuranceKind(insurance), VisitKind(visit))
    found = Break(
        BreakClass(kind), bucket, (SettlementId(id_), sign), hub_fen, side_fen, other_date
    )
    return Provisional(Role(role), AreaCode(area), day, found, found_at)


def _parameters(key: SliceKey) -> tuple[str, AreaCode, datetime, datetime]:
    return key[0].value, key[1], key[2], key[3]


def _of_bucket(key: SliceKey, day: date, bucket: BucketKey) -> tuple[Any, ...]:
    return (*_parameters(key), day, bucket[0], bucket[1].value, bucket[2].value)
