"""What the area has for one business day: settled adds, reversed subtracts; and statements."""

# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Connection

from contracts.codes import InsuranceKind, VisitKind
from contracts.control_totals import BucketKey, Entry
from contracts.delivery import bulk
from contracts.messages.clearing import ClearingIssued
from contracts.messages.values import PARTS

_SIDES = " UNION ALL ".join(
    f"SELECT treatment_area, insurance_kind, visit_kind, settlement_id, {sign} AS sign, total_fen,"
    f" {', '.join(PARTS)} FROM grants WHERE {column} = %s"
    for column, sign in (("settled_on", 1), ("reversed_on", -1))
)
_ADD_STATEMENT = """
    INSERT INTO statements_received
        (run_id, month, issued_at, received_at, payable_fen, receivable_fen, lines)
    VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb) ON CONFLICT (run_id) DO NOTHING
"""


def entries_of(tx: Connection, day: date) -> Mapping[BucketKey, list[Entry]]:
    """Every entry of a business day by bucket; a bucket that is not in it is empty."""
    found: dict[BucketKey, list[Entry]] = defaultdict(list)
    for area, kind, visit, settlement_id, sign, total_fen, *parts in bulk.fetch(
        tx, _SIDES, (day, day)
    ):
        key = (area, InsuranceKind(kind), VisitKind(visit))
        found[key].append(Entry(settlement_id, sign, total_fen, tuple(parts)))
    return found


def add_statement(tx: Connection, issued: ClearingIssued, now: datetime) -> bool:
    """Keep a clearing statement; False when it was kept before."""
    lines = to_json([line.model_dump(mode="json") for line in issued.lines]).decode()
    run_id: UUID = issued.run_id
    totals = (issued.payable_fen, issued.receivable_fen)
    row = (run_id, issued.month, issued.issued_at, now, *totals, lines)
    return bulk.run(tx, _ADD_STATEMENT, row) == 1
