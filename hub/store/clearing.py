"""Clearing runs: their days, their lines, and what the ledger says independently of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.messages.clearing import ClearingLine
from contracts.messages.values import PARTS
from hub.domain.clearing import ClearingRun, Difference, Pair, RunState

# One clearing at a time: a second operator waits, and then hears that the month is cleared.
CLEARING_LOCK = 7_946_310_002

_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_DAYS_NOT_CLOSED = """
    SELECT count(*) FILTER (WHERE business_date BETWEEN %s AND %s AND state = 'open'),
        count(*) FILTER (WHERE business_date > %s AND state = 'open')
    FROM business_days
"""
_NOT_AGREED = """
    SELECT count(*) FROM business_days AS day
    LEFT JOIN reconciliations AS begun USING (business_date)
    LEFT JOIN reconciliation_sides AS side USING (business_date)
    WHERE day.business_date BETWEEN %s AND %s
        AND (begun.business_date IS NULL OR side.state <> 'agreed')
"""
_RUN = "run_id, month, state, frozen_at, issued_at, payable_fen, receivable_fen"
_FIND = f"""
    SELECT {_RUN} FROM clearing_runs WHERE month = %s ORDER BY frozen_at DESC LIMIT 1
"""  # noqa: S608 - column names of ours
_COUNT = "SELECT count(*) FROM clearing_runs WHERE month = %s"
_ADD = f"INSERT INTO clearing_runs ({_RUN}) VALUES (%s, %s, %s, %s, %s, %s, %s)"  # noqa: S608
_MOVE = """
    UPDATE clearing_runs SET state = %s, issued_at = %s, payable_fen = %s, receivable_fen = %s
    WHERE run_id = %s AND state = 'frozen'
"""
_TAKE_DAYS = """
    INSERT INTO clearing_run_days (business_date, run_id)
    SELECT business_date, %s FROM business_days WHERE business_date BETWEEN %s AND %s
"""
_FUNDS = tuple(part for part in PARTS if part not in {"cash_fen", "hospital_fen"})
# The daily totals are what the three parties agreed on, so exactly that is cleared.
_FREEZE_LINES = f"""
    INSERT INTO clearing_lines (run_id, insured_area, treatment_area, insurance_kind, visit_kind,
        count, total_fen, {", ".join(PARTS)}, payable_fen)
    SELECT %s, insured_area, treatment_area, insurance_kind, visit_kind,
        sum(visits), sum(total_fen), {", ".join(f"sum({part})" for part in PARTS)},
        sum({" + ".join(_FUNDS)})
    FROM daily_totals WHERE business_date BETWEEN %s AND %s
    GROUP BY insured_area, treatment_area, insurance_kind, visit_kind
"""  # noqa: S608 - column names of ours
_LINES = f"""
    SELECT insured_area, treatment_area, insurance_kind, visit_kind, count, total_fen,
        ARRAY[{", ".join(PARTS)}], payable_fen
    FROM clearing_lines WHERE run_id = %s
    ORDER BY insured_area, treatment_area, insurance_kind, visit_kind
"""  # noqa: S608 - column names of ours
# Seen from who receives: what postings brought it, less what reversals took back.
_RECEIVABLE = """
    SELECT payer, payee, sum(amount_fen)::bigint FROM (
        SELECT from_area AS payer, to_area AS payee, amount_fen FROM postings
        WHERE kind = 'settlement' AND business_date BETWEEN %s AND %s
        UNION ALL SELECT to_area, from_area, -amount_fen FROM postings
        WHERE kind = 'reversal' AND business_date BETWEEN %s AND %s
    ) AS moved GROUP BY payer, payee
"""
_DIFFERENCE = "run_id, insured_area, treatment_area, payable_fen, receivable_fen"
_ADD_DIFFERENCES = f"INSERT INTO clearing_differences ({_DIFFERENCE}) VALUES %s"  # noqa: S608
_DIFFERENCES = f"""
    SELECT {_DIFFERENCE} FROM clearing_differences WHERE run_id = %s
    ORDER BY insured_area, treatment_area
"""  # noqa: S608 - column names of ours


def take_turn(tx: Connection) -> None:
    """Wait until no other transaction is clearing."""
    bulk.fetch(tx, _LOCK, (CLEARING_LOCK,))


def is_closed(tx: Connection, first: date, last: date) -> bool:
    """Whether all days of this span are closed for good: the open day lies after them."""
    ((open_within, open_after),) = bulk.fetch(tx, _DAYS_NOT_CLOSED, (first, last, last))
    return bool(open_within == 0 and open_after == 1)


def not_agreed(tx: Connection, first: date, last: date) -> int:
    """How many sides of these days have not agreed; a day that has not begun counts as one."""
    return int(bulk.fetch(tx, _NOT_AGREED, (first, last))[0][0])


def find(tx: Connection, month: str) -> ClearingRun | None:
    """The month's last run, with its differences if it is broken."""
    for row in bulk.fetch(tx, _FIND, (month,)):
        return _run(row, _differences_of(tx, row[0]))
    return None


def count_of(tx: Connection, month: str) -> int:
    """How often the month was run, broken runs included."""
    return int(bulk.fetch(tx, _COUNT, (month,))[0][0])


def add(tx: Connection, run: ClearingRun) -> None:
    amounts = (run.payable_fen, run.receivable_fen)
    values = (run.run_id, run.month, run.state.value, run.frozen_at, run.issued_at, *amounts)
    bulk.run(tx, _ADD, values)


def move(tx: Connection, run: ClearingRun) -> None:
    """Write where a frozen run ended; after this the database refuses every change of it."""
    amounts = (run.payable_fen, run.receivable_fen)
    moved = bulk.run(tx, _MOVE, (run.state.value, run.issued_at, *amounts, run.run_id))
    assert moved == 1, run.run_id


def take_days(tx: Connection, run_id: UUID, first: date, last: date) -> int:
    """Make the business days of this span the run's; how many. A day is taken once, ever."""
    return bulk.run(tx, _TAKE_DAYS, (run_id, first, last))


def freeze_lines(tx: Connection, run_id: UUID, first: date, last: date) -> list[ClearingLine]:
    """Sum the daily totals of this span into the run's lines."""
    bulk.run(tx, _FREEZE_LINES, (run_id, first, last))
    return lines_of(tx, run_id)


def lines_of(tx: Connection, run_id: UUID) -> list[ClearingLine]:
    return [_line(row) for row in bulk.fetch(tx, _LINES, (run_id,))]


def receivable_by_pair(tx: Connection, first: date, last: date) -> dict[Pair, int]:
    """What each (insured, treatment) pair owes by the postings of this span alone, in fen."""
    found = bulk.fetch(tx, _RECEIVABLE, (first, last, first, last))
    return {(AreaCode(payer), AreaCode(payee)): fen for payer, payee, fen in found}


def add_differences(tx: Connection, run_id: UUID, found: Sequence[Difference]) -> None:
    rows = [
        (run_id, d.insured_area, d.treatment_area, d.payable_fen, d.receivable_fen) for d in found
    ]
    bulk.write_rows(tx, _ADD_DIFFERENCES, "(%s, %s, %s, %s, %s)", rows)


def _differences_of(tx: Connection, run_id: UUID) -> tuple[Difference, ...]:
    return tuple(
        Difference(AreaCode(row[1]), AreaCode(row[2]), row[3], row[4])
        for row in bulk.fetch(tx, _DIFFERENCES, (run_id,))
    )


def _run(row: tuple[Any, ...], found: tuple[Difference, ...]) -> ClearingRun:
    run_id, month, state, frozen_at, issued_at, payable_fen, receivable_fen = row
    return ClearingRun(
        run_id, month, RunState(state), frozen_at, issued_at, payable_fen, receivable_fen, found
    )


def _line(row: tuple[Any, ...]) -> ClearingLine:
    insured, treatment, insurance, visit, count, total_fen, parts_fen, payable_fen = row
    return ClearingLine(
        insured_area=insured,
        treatment_area=treatment,
        insurance_kind=InsuranceKind(insurance),
        visit_kind=VisitKind(visit),
        count=count,
        total_fen=total_fen,
        parts_fen=tuple(parts_fen),
        payable_fen=payable_fen,
    )
