"""A differing day, row by row: the hub's rows beside what a side sent, compared in sets."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from contracts import control_sums
from contracts.codes import Role
from contracts.control_totals import BucketKey, Entry
from contracts.delivery import bulk
from contracts.ids import SettlementId
from hub.domain.reconciliation import SideKey
from hub.store.reconciliation import ROWS_OF_A_DAY

_KEPT = """
    INSERT INTO days_laid_out (business_date, laid_out_at) VALUES (%s, %s)
    ON CONFLICT (business_date) DO NOTHING
"""
_KEEP = f"""
    INSERT INTO compared_rows (business_date, insured_area, treatment_area, insurance_kind,
        visit_kind, slot, settlement_id, sign, total_fen, parts, low, high)
    SELECT business_date, insured_area, treatment_area, insurance_kind, visit_kind,
        {control_sums.SLOT} AS slot, settlement_id, sign, total_fen, parts,
        {control_sums.LOW}, {control_sums.HIGH}
    FROM (
        SELECT *, md5({control_sums.LINE_OF.format(parts="parts")}) AS hash
        FROM (SELECT *, {control_sums.PARTS_TEXT} AS parts FROM ({ROWS_OF_A_DAY}) AS booked)
            AS of_the_day
    ) AS hashed
    ORDER BY insured_area, treatment_area, insurance_kind, visit_kind, slot, settlement_id, sign
"""
_ROOM_TO_SORT = "SET LOCAL work_mem = '64MB'"
_AGREED = """
    SELECT business_date FROM days_laid_out
    WHERE NOT EXISTS (
        SELECT FROM reconciliation_sides AS side
        WHERE side.business_date = days_laid_out.business_date AND side.state <> 'agreed')
    FOR UPDATE
"""
_FORGET = tuple(
    f"DELETE FROM {table} WHERE business_date = ANY(%s::date[])"
    for table in ("compared_rows", "days_laid_out")
)
_OURS = """compared_rows WHERE business_date = %(day)s AND insured_area = %(insured_area)s
    AND treatment_area = %(treatment_area)s AND insurance_kind = %(insurance_kind)s
    AND visit_kind = %(visit_kind)s"""
_MARKS = f"""
    SELECT (slot * %(pieces)s) >> 16 AS piece,
        {control_sums.MARK_OF.format(low="low", high="high")}
    FROM {_OURS} GROUP BY piece
"""
_NARROW = """
    INSERT INTO narrowed_buckets (business_date, role, area, counterpart, insurance_kind,
        visit_kind, pieces, among) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (business_date, role, area, counterpart, insurance_kind, visit_kind)
    DO UPDATE SET pieces = excluded.pieces, among = excluded.among
"""
_OF_SIDE = "business_date = %(day)s AND role = %(role)s AND area = %(area)s"
_OF_BUCKET = f"""{_OF_SIDE} AND counterpart = %(counterpart)s
    AND insurance_kind = %(insurance_kind)s AND visit_kind = %(visit_kind)s"""
_NARROWED = f"SELECT pieces, among FROM narrowed_buckets WHERE {_OF_BUCKET}"
_IN_PIECES = f"""(%(pieces)s = 0
    OR ({control_sums.SLOT} * %(pieces)s) >> 16 = ANY(%(among)s::int[]))"""
# A piece is a range of slots, and the rows lie in their order: only those of the pieces are read.
_ALL_OURS = f"SELECT settlement_id, sign, total_fen, parts FROM {_OURS}"
_OURS_AMONG = f"""
    SELECT settlement_id, sign, total_fen, parts FROM unnest(%(among)s::int[]) AS piece
    JOIN LATERAL (SELECT * FROM {_OURS} AND slot >= piece * 65536 / %(pieces)s
        AND slot < (piece + 1) * 65536 / %(pieces)s OFFSET 0) AS of_the_piece ON true
"""
_DIFFERING = f"""
    WITH sent AS (
        SELECT (sent.row->>0)::uuid AS settlement_id, (sent.row->>1)::smallint AS sign,
            (sent.row->>2)::bigint AS total_fen, sent.row->>3 AS parts
        FROM reported_rows CROSS JOIN jsonb_array_elements(rows) AS sent (row) WHERE {_OF_BUCKET}
    ), theirs AS (
        SELECT settlement_id, sign, max(total_fen) AS total_fen, max(parts) AS parts,
            count(*) AS times
        FROM sent WHERE {_IN_PIECES} GROUP BY settlement_id, sign
    ), ours AS (
        {{ours}}
    )
    SELECT settlement_id, sign, ours.total_fen, ours.parts, theirs.total_fen, theirs.parts, times
    FROM ours FULL JOIN theirs USING (settlement_id, sign)
    WHERE times IS DISTINCT FROM 1 OR (ours.total_fen, ours.parts)
        IS DISTINCT FROM (theirs.total_fen, theirs.parts)
    ORDER BY settlement_id, sign
"""


@dataclass(frozen=True, slots=True)
class Differing:
    """The rows of a bucket that are not the same at both; of the side as often as it sent them."""

    hub: Sequence[Entry]
    side: Sequence[Entry]


def keep(tx: Connection, business_date: date, now: datetime) -> None:
    """Lay a day's rows out bucket by bucket, once; its sides are locked or not agreed."""
    if bulk.run(tx, _KEPT, (business_date, now)) == 1:
        bulk.run(tx, _ROOM_TO_SORT)
        bulk.run(tx, _KEEP, (business_date, business_date))


def forget_agreed(tx: Connection) -> list[date]:
    """Take away the rows of days on which everybody agrees."""
    days = [day for (day,) in bulk.fetch(tx, _AGREED)]
    for statement in _FORGET if days else ():
        bulk.run(tx, statement, (days,))
    return days


def marks(tx: Connection, side: SideKey, bucket: BucketKey, pieces: int) -> dict[int, str]:
    """The mark of every piece of the hub's bucket that is not empty."""
    return dict(bulk.fetch(tx, _MARKS, {**_named(side, bucket), "pieces": pieces}))


def narrow(
    tx: Connection, side: SideKey, bucket: BucketKey, pieces: int, among: Sequence[int]
) -> None:
    """Remember of which pieces the rows are asked for."""
    day, role, area = side
    key = (bucket[0], bucket[1].value, bucket[2].value)
    bulk.run(tx, _NARROW, (day, role.value, area, *key, pieces, list(among)))


def differing(tx: Connection, side: SideKey, bucket: BucketKey) -> Differing:
    """What differs between the hub's rows and those the side sent, which must all be there."""
    named = _named(side, bucket)
    found = bulk.fetch(tx, _NARROWED, named)
    pieces, among = found[0] if found else (0, [])
    statement = _DIFFERING.format(ours=_OURS_AMONG if pieces else _ALL_OURS)
    rows = bulk.fetch(tx, statement, {**named, "pieces": pieces, "among": among})
    return Differing(
        [_entry(row[0], row[1], row[2], row[3]) for row in rows if row[2] is not None],
        [
            _entry(row[0], row[1], row[4], row[5])
            for row in rows
            if row[4] is not None
            for _ in range(row[6])
        ],
    )


def _named(side: SideKey, bucket: BucketKey) -> dict[str, Any]:
    day, role, area = side
    insured, treatment = (area, bucket[0]) if role is Role.INSURED else (bucket[0], area)
    return {
        "day": day,
        "role": role.value,
        "area": area,
        "counterpart": bucket[0],
        "insured_area": insured,
        "treatment_area": treatment,
        "insurance_kind": bucket[1].value,
        "visit_kind": bucket[2].value,
    }


def _entry(id_: Any, sign: int, total_fen: int, parts: str) -> Entry:
    return Entry(SettlementId(id_), sign, total_fen, tuple(map(int, parts.split(","))))
