"""Control totals where the rows are, in SQL: sums and digests of buckets, marks of their pieces.

Every party's digest is `contracts.control_totals.digest_of`, and a test compares the two. `rows` is
always a query with the columns business_date, counterpart, insurance_kind, visit_kind,
settlement_id, sign (+1 settled, -1 reversed), total_fen and PARTS, amounts unsigned; its own
parameters have names.
"""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import InsuranceKind, VisitKind
from contracts.control_totals import BucketKey
from contracts.delivery import bulk
from contracts.messages.reconciliation import PIECES_MAX, Bucket, DayBuckets, Row
from contracts.messages.values import PARTS

ROWS_PER_PIECE = 16
"""So many a piece holds on average: few rows travel for one that differs."""
PIECES_FROM = 1_000
"""From so many rows on a bucket is narrowed before its rows travel."""

PARTS_TEXT = " || ',' || ".join(PARTS)
LINE_OF = """replace(settlement_id::text, '-', '') || CASE sign WHEN 1 THEN '|+1|' ELSE '|-1|' END
    || total_fen || '|' || {parts} || E'\\n'"""
LINE = LINE_OF.format(parts=PARTS_TEXT)
"""As contracts.control_totals.Entry.line writes it."""
DIGEST = f"""encode(sha256(convert_to(
    string_agg({LINE}, '' ORDER BY settlement_id, sign), 'UTF8')), 'hex')"""
SLOT = "('x' || right(settlement_id::text, 4))::bit(16)::int"
"""The last sixteen bits of an id; those of a UUID of any age are as good as random."""
_SUMS = ", ".join(f"sum(sign * {part})::bigint" for part in PARTS)
_KEY = "counterpart, insurance_kind, visit_kind"
_TOTALS = f"""
    SELECT business_date, {_KEY}, count(*), sum(sign * total_fen)::bigint, ARRAY[{_SUMS}], {DIGEST}
    FROM (@rows) AS found GROUP BY business_date, {_KEY} ORDER BY business_date, {_KEY}
"""
_OF_BUCKET = """counterpart = %(counterpart)s AND insurance_kind = %(insurance_kind)s
    AND visit_kind = %(visit_kind)s"""
# Sums of halves of a hash do not depend on the order of rows, so that nothing has to be sorted.
_HALF = "(('x' || substr(hash, {}, 8))::bit(32)::bigint & 4294967295)"
LOW, HIGH = _HALF.format(1), _HALF.format(9)
MARK_OF = "count(*) || ':' || sum({low}) || ':' || sum({high})"
MARK = MARK_OF.format(low=LOW, high=HIGH)
_MARKS = f"""
    SELECT (slot * %(pieces)s) >> 16 AS piece, {MARK} FROM (
        SELECT {SLOT} AS slot, md5({LINE}) AS hash
        FROM (@rows) AS found WHERE {_OF_BUCKET}
    ) AS hashed GROUP BY piece
"""
_AMONG = f"%(pieces)s = 0 OR ({SLOT} * %(pieces)s) >> 16 = ANY(%(among)s::int[])"
_ROWS = f"""
    SELECT settlement_id, sign, total_fen, ARRAY[{", ".join(PARTS)}] FROM (@rows) AS found
    WHERE {_OF_BUCKET} AND ({_AMONG})
    ORDER BY settlement_id, sign
"""


def piece_of(settlement_id: UUID, pieces: int) -> int:
    """In which of so many pieces of its bucket a settlement lies, from 0."""
    return (settlement_id.int & 0xFFFF) * pieces >> 16


def pieces_for(count: int) -> int:
    """Into how many pieces a bucket of so many rows is cut; 0: its rows may travel as they are."""
    if count < PIECES_FROM:
        return 0
    return min(PIECES_MAX, 1 << (count // ROWS_PER_PIECE - 1).bit_length())


def days_of(tx: Connection, rows: str, parameters: Mapping[str, Any]) -> tuple[DayBuckets, ...]:
    """The buckets that are not empty, day by day, in the order of their keys."""
    found: dict[date, list[Bucket]] = defaultdict(list)
    for day, *values in bulk.fetch(tx, _filled(_TOTALS, rows), parameters):
        found[day].append(_bucket(values))
    return tuple(
        DayBuckets(business_date=day, buckets=tuple(buckets)) for day, buckets in found.items()
    )


def buckets_of(
    tx: Connection, rows: str, parameters: Mapping[str, Any], day: date
) -> tuple[Bucket, ...]:
    """As `days_of`, of one business day."""
    days = {one.business_date: one.buckets for one in days_of(tx, rows, parameters)}
    return days.get(day, ())


def marks_of(
    tx: Connection, rows: str, parameters: Mapping[str, Any], bucket: BucketKey, pieces: int
) -> tuple[str, ...]:
    """The mark of every piece of a bucket: rows, and two sums of hashes; '' for an empty one."""
    values = {**parameters, **_key(bucket), "pieces": pieces}
    found = dict(bulk.fetch(tx, _filled(_MARKS, rows), values))
    return tuple(found.get(piece, "") for piece in range(pieces))


def rows_of(  # noqa: PLR0917 - the rows, and which of them
    tx: Connection,
    rows: str,
    parameters: Mapping[str, Any],
    bucket: BucketKey,
    pieces: int = 0,
    among: Sequence[int] = (),
) -> list[Row]:
    """The rows of a bucket by settlement and sign; of some of its pieces where it is cut."""
    values = {**parameters, **_key(bucket), "pieces": pieces, "among": list(among)}
    return [
        Row(settlement_id=id_, sign=sign, total_fen=total_fen, parts_fen=tuple(parts_fen))
        for id_, sign, total_fen, parts_fen in bulk.fetch(tx, _filled(_ROWS, rows), values)
    ]


def _filled(statement: str, rows: str) -> str:
    return statement.replace("@rows", rows)


def _key(bucket: BucketKey) -> dict[str, str]:
    return {
        "counterpart": bucket[0],
        "insurance_kind": bucket[1].value,
        "visit_kind": bucket[2].value,
    }


def _bucket(values: Sequence[Any]) -> Bucket:
    counterpart, insurance_kind, visit_kind, count, total_fen, parts_fen, digest = values
    return Bucket(
        counterpart=counterpart,
        insurance_kind=InsuranceKind(insurance_kind),
        visit_kind=VisitKind(visit_kind),
        count=count,
        total_fen=total_fen,
        parts_fen=tuple(parts_fen),
        digest=digest,
    )
