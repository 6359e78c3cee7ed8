"""Differences between hospitals and us: as they were found, and whether they are still there."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.booking import Scope
from participants.treatment.domain.comparison import Difference, OurRow, SaidRow
from participants.treatment.domain.hospital_statement import NewStatement

ROWS_AT_ONCE = 10_000

_CREATE = """
    CREATE TEMPORARY TABLE said_rows (
        key uuid NOT NULL, sign smallint NOT NULL, setl_id text NOT NULL, mdtrt_id text NOT NULL,
        person_id text NOT NULL, total_fen bigint NOT NULL, fund_fen bigint NOT NULL,
        account_fen bigint NOT NULL
    ) ON COMMIT DROP
"""
_SAID = """
    SELECT key::text, sign, setl_id, mdtrt_id, person_id, total_fen, fund_fen, account_fen
    FROM said_rows ORDER BY key, sign DESC
"""
_TOTALS = """
    SELECT count(*), coalesce(sum(total_fen), 0)::bigint, coalesce(sum(fund_fen), 0)::bigint,
        coalesce(bool_or(sign < 0), false), coalesce(bool_or(sign > 0), false)
    FROM said_rows
"""
# The same difference again is the same break: it keeps the time when it was first found.
_ADD = """
    INSERT INTO hospital_breaks (statement_id, hospital_code, day, clr_type, class, setl_id, sign,
        settlement_id, mdtrt_id, person_id, times, said_total_fen, said_fund_fen,
        said_account_fen, our_total_fen, our_fund_fen, our_account_fen, memo, found_at)
    VALUES %s
    ON CONFLICT (hospital_code, clr_type, setl_id, sign, class) WHERE resolved_at IS NULL
    DO UPDATE SET statement_id = excluded.statement_id, day = excluded.day,
        times = excluded.times, memo = excluded.memo, mdtrt_id = excluded.mdtrt_id,
        person_id = excluded.person_id, said_total_fen = excluded.said_total_fen,
        said_fund_fen = excluded.said_fund_fen, said_account_fen = excluded.said_account_fen,
        our_total_fen = excluded.our_total_fen, our_fund_fen = excluded.our_fund_fen,
        our_account_fen = excluded.our_account_fen,
        is_told = hospital_breaks.is_told
            AND (hospital_breaks.said_total_fen, hospital_breaks.our_total_fen)
            IS NOT DISTINCT FROM (excluded.said_total_fen, excluded.our_total_fen)
"""
_TEMPLATE = "(%s::uuid, %s, %s::date, %s, %s, %s, %s, %s::uuid" + ", %s" * 11 + ")"
_RESOLVE = """
    UPDATE hospital_breaks SET resolved_at = %s, is_told = false
    WHERE hospital_code = %s AND clr_type = %s AND day BETWEEN %s AND %s AND statement_id <> %s
      AND resolved_at IS NULL AND (%s::int IS NULL OR sign = %s)
"""


def load_said(tx: Connection, rows: Iterator[SaidRow]) -> None:
    """Put the rows of a file beside ours, for the length of this transaction."""
    bulk.run(tx, _CREATE)
    # Piece by piece: a row that is refused while PostgreSQL reads would spoil the transaction.
    while some := [_line(row) for row in islice(rows, ROWS_AT_ONCE)]:
        bulk.copy_lines(tx, "said_rows", SaidRow._fields, some)


def said(tx: Connection) -> Iterator[SaidRow]:
    """The loaded rows, sorted by settlement."""
    return map(SaidRow._make, bulk.streamed(tx, _SAID, (), "said_rows"))


def said_totals(tx: Connection) -> tuple[int, int, int, bool, bool]:
    """Count, total and fund of the loaded rows; whether there are refunds, and settlements."""
    [(count, total_fen, fund_fen, has_refunds, has_settled)] = bulk.fetch(tx, _TOTALS)
    return count, total_fen, fund_fen, has_refunds, has_settled


def add(
    tx: Connection,
    statement_id: UUID,
    one: NewStatement,
    found: Sequence[Difference],
    now: datetime,
) -> None:
    rows = [_row(statement_id, one, difference, now) for difference in found]
    bulk.write_rows(tx, _ADD, _TEMPLATE, rows)


def resolve_others(tx: Connection, statement_id: UUID, one: NewStatement, now: datetime) -> int:
    """End the open breaks of a scope that this statement did not find again; how many."""
    scope = (one.scope.hospital_code, one.clr_type, one.scope.begins_on, one.scope.ends_on)
    return bulk.run(tx, _RESOLVE, (now, *scope, statement_id, one.sign, one.sign))


def _line(row: SaidRow) -> str:
    return "\t".join(str(value) for value in row).replace("\\", "\\\\") + "\n"


def _row(
    statement_id: UUID, asked: NewStatement, one: Difference, now: datetime
) -> tuple[object, ...]:
    return (
        statement_id,
        asked.scope.hospital_code,
        _day(one, asked.scope),
        asked.clr_type,
        one.kind.value,
        one.row.setl_id,
        one.sign,
        one.ours.key if one.ours else None,
        one.row.mdtrt_id,
        one.row.person_id,
        one.times,
        *_amounts(one.said),
        *_amounts(one.ours),
        one.memo,
        now,
    )


def _day(one: Difference, scope: Scope) -> date:
    """The day of our row; what we do not have in the period lies on the period's first day."""
    inside = one.day is not None and scope.begins_on <= one.day <= scope.ends_on
    return one.day if inside and one.day is not None else scope.begins_on


def _amounts(row: SaidRow | OurRow | None) -> tuple[int | None, ...]:
    if row is None:
        return (None, None, None)
    return row.total_fen, row.fund_fen, row.account_fen
