"""Clearing runs as they stand: their states and history, and what must hold before a freeze."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from hub.domain.clearing import ClearingRun, Difference, Pair, RunEvent, RunState, RunStep
from hub.domain.netting import Netting

# One freeze at a time: two runs must not take the same pair days, so the second waits.
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
_FIXED = "run_id, cycle, first_day, last_day"
_MOVING = (
    "version, state, netting, opened_at, frozen_at, issued_at, confirmed_at, paid_at, closed_at,"
    " payable_fen, receivable_fen, override_proposal, override_reason"
)
_NAMES = f"{_FIXED}, {_MOVING}".split(", ")
_FIND = f"SELECT {_FIXED}, {_MOVING} FROM clearing_runs WHERE"  # noqa: S608 - column names of ours
_ADD = f"""
    INSERT INTO clearing_runs ({_FIXED}, {_MOVING}) VALUES ({", ".join(["%s"] * 17)})
"""  # noqa: S608 - column names of ours
_MOVE = f"""
    UPDATE clearing_runs SET ({_MOVING}) = ({", ".join(["%s"] * 13)})
    WHERE run_id = %s AND version = %s AND state = %s
"""  # noqa: S608 - column names of ours
_HOLD_VERSION = "SELECT version FROM clearing_runs WHERE run_id = %s FOR SHARE"
_OVERLAPS = "SELECT true FROM clearing_runs WHERE first_day <= %s AND last_day >= %s LIMIT 1"
_STEP = 'position, from_state, event, to_state, version, "by", why, at'
_ADD_STEP = f"""
    INSERT INTO clearing_steps (run_id, {_STEP})
    SELECT %s, count(*) + 1, %s, %s, %s, %s, %s, %s, %s FROM clearing_steps WHERE run_id = %s
"""  # noqa: S608 - column names of ours
_STEPS = f"SELECT {_STEP} FROM clearing_steps WHERE run_id = %s ORDER BY position"  # noqa: S608
_HOLD_OVER = """
    WITH given_back AS (
        DELETE FROM clearing_pair_days AS taken
        USING unnest(%s::text[], %s::text[]) AS held (insured_area, treatment_area)
        WHERE taken.run_id = %s AND taken.insured_area = held.insured_area
            AND taken.treatment_area = held.treatment_area
        RETURNING taken.insured_area, taken.treatment_area
    )
    SELECT DISTINCT insured_area, treatment_area FROM given_back
"""
_DIFFERENCE = "insured_area, treatment_area, payable_fen, receivable_fen"
_ADD_DIFFERENCES = f"INSERT INTO clearing_differences (run_id, version, {_DIFFERENCE}) VALUES %s"  # noqa: S608
_DIFFERENCES = f"""
    SELECT {_DIFFERENCE} FROM clearing_differences WHERE run_id = %s AND version = %s
    ORDER BY insured_area, treatment_area
"""  # noqa: S608 - column names of ours


def take_turn(tx: Connection) -> None:
    """Wait until no other transaction is freezing."""
    bulk.fetch(tx, _LOCK, (CLEARING_LOCK,))


def is_closed(tx: Connection, first: date, last: date) -> bool:
    """Whether all days of this span are closed for good: the open day lies after them."""
    ((open_within, open_after),) = bulk.fetch(tx, _DAYS_NOT_CLOSED, (first, last, last))
    return bool(open_within == 0 and open_after == 1)


def not_agreed(tx: Connection, first: date, last: date) -> int:
    """How many sides of these days have not agreed; a day that has not begun counts as one."""
    return int(bulk.fetch(tx, _NOT_AGREED, (first, last))[0][0])


def find(tx: Connection, cycle: str) -> ClearingRun | None:
    """The run of a cycle, with its differences if it is broken."""
    return _first(tx, f"{_FIND} cycle = %s", cycle)


def find_run(tx: Connection, run_id: UUID) -> ClearingRun | None:
    return _first(tx, f"{_FIND} run_id = %s", run_id)


def lock(tx: Connection, run_id: UUID) -> ClearingRun | None:
    """The run, which nobody else moves until this transaction ends."""
    return _first(tx, f"{_FIND} run_id = %s FOR UPDATE", run_id)


def version_held(tx: Connection, run_id: UUID) -> int:
    """The version of a run that is there, which stays so until this transaction ends."""
    return int(bulk.fetch(tx, _HOLD_VERSION, (run_id,))[0][0])


def overlaps(tx: Connection, first: date, last: date) -> bool:
    """Whether a run has days of this span in its period."""
    return bool(bulk.fetch(tx, _OVERLAPS, (last, first)))


def listed(tx: Connection, count_max: int) -> list[ClearingRun]:
    """The newest periods first."""
    rows = bulk.fetch(tx, f"{_FIND} true ORDER BY first_day DESC LIMIT %s", (count_max,))
    return [_run(tx, row) for row in rows]


def add(tx: Connection, run: ClearingRun) -> None:
    fixed = (run.run_id, run.cycle, run.first_day, run.last_day)
    bulk.run(tx, _ADD, (*fixed, *_moving(run)))


def move(tx: Connection, before: ClearingRun, after: ClearingRun) -> None:
    """Write where a step leads; the run must be locked."""
    key = (before.run_id, before.version, before.state.value)
    moved = bulk.run(tx, _MOVE, (*_moving(after), *key))
    assert moved == 1, before.run_id


def add_step(tx: Connection, run_id: UUID, step: RunStep) -> None:
    """Append to the history; the position is the next one, whatever `step` says."""
    path = (step.from_state.value, step.event.value, step.to_state.value)
    values = (run_id, *path, step.version, step.by, step.why, step.at, run_id)
    bulk.run(tx, _ADD_STEP, values)


def steps_of(tx: Connection, run_id: UUID) -> list[RunStep]:
    """The run's history in its order."""
    return [
        RunStep(row[0], RunState(row[1]), RunEvent(row[2]), RunState(row[3]), *row[4:])
        for row in bulk.fetch(tx, _STEPS, (run_id,))
    ]


def hold_over(tx: Connection, run_id: UUID, pairs: Collection[Pair]) -> set[Pair]:
    """Give these pairs' days back, for a later run; the pairs that had any."""
    insured, treatment = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = bulk.fetch(tx, _HOLD_OVER, (insured, treatment, run_id))
    return {(AreaCode(payer), AreaCode(payee)) for payer, payee in found}


def add_differences(
    tx: Connection, run_id: UUID, version: int, found: Sequence[Difference]
) -> None:
    rows = [
        (run_id, version, d.insured_area, d.treatment_area, d.payable_fen, d.receivable_fen)
        for d in found
    ]
    bulk.write_rows(tx, _ADD_DIFFERENCES, "(%s, %s, %s, %s, %s, %s)", rows)


def _first(tx: Connection, statement: str, value: object) -> ClearingRun | None:
    for row in bulk.fetch(tx, statement, (value,)):
        return _run(tx, row)
    return None


def _differences_of(tx: Connection, run_id: UUID, version: int) -> tuple[Difference, ...]:
    return tuple(
        Difference(AreaCode(row[0]), AreaCode(row[1]), row[2], row[3])
        for row in bulk.fetch(tx, _DIFFERENCES, (run_id, version))
    )


def _moving(run: ClearingRun) -> tuple[object, ...]:
    instants = (run.opened_at, run.frozen_at, run.issued_at)
    later = (run.confirmed_at, run.paid_at, run.closed_at)
    amounts = (run.payable_fen, run.receivable_fen)
    override = (run.override_proposal, run.override_reason)
    stands = (run.version, run.state.value, run.netting.value)
    return (*stands, *instants, *later, *amounts, *override)


def _run(tx: Connection, row: tuple[Any, ...]) -> ClearingRun:
    given = dict(zip(_NAMES, row, strict=True))
    given["state"] = RunState(given["state"])
    given["netting"] = Netting(given["netting"])
    if given["state"] is RunState.BROKEN:
        given["differences"] = _differences_of(tx, given["run_id"], given["version"])
    return ClearingRun(**given)
