"""Rows of dated work: written once it is done, or when it was tried and has to wait."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from hub.domain.due import Occasion, Tried, WorkState

# Dated work is done by one process at a time; another that comes meanwhile has nothing to do.
DUE_LOCK = 7_946_310_010

_TAKE_TURN = "SELECT pg_try_advisory_xact_lock(%s)"
_ROW = "job, due_on, subject, state, tries, tried_at, done_at, why"
_OF = f"SELECT {_ROW} FROM job_runs WHERE job = %s"  # noqa: S608 - column names of ours
_LATEST = f"""
    SELECT {_ROW} FROM job_runs ORDER BY due_on DESC, job, subject LIMIT %s
"""  # noqa: S608 - column names of ours
_NOTE = f"""
    INSERT INTO job_runs ({_ROW}) VALUES (%s, %s, %s, %s, 1, %s, %s, %s)
    ON CONFLICT (job, due_on, subject) DO UPDATE SET state = EXCLUDED.state,
        tries = job_runs.tries + 1, tried_at = EXCLUDED.tried_at, done_at = EXCLUDED.done_at,
        why = EXCLUDED.why
    WHERE job_runs.state = 'waiting'
"""  # noqa: S608 - column names of ours
_FIRST_DAY = "SELECT min(business_date) FROM business_days"
WHY_MAX = 200


def take_turn(tx: Connection) -> bool:
    """Whether this transaction alone does dated work."""
    return bool(bulk.fetch(tx, _TAKE_TURN, (DUE_LOCK,))[0][0])


def of(tx: Connection, job: str) -> dict[Occasion, Tried]:
    """All that became of a job."""
    return {one.occasion: one for one in map(_tried, bulk.fetch(tx, _OF, (job,)))}


def latest(tx: Connection, count_max: int) -> list[Tried]:
    """The newest dates first."""
    return [_tried(row) for row in bulk.fetch(tx, _LATEST, (count_max,))]


def note(tx: Connection, job: str, occasion: Occasion, why: str, now: datetime) -> None:
    """Done when nothing is awaited, else waiting. What is done is never noted again."""
    state, done_at = (WorkState.WAITING, None) if why else (WorkState.DONE, now)
    key = (job, occasion.due_on, occasion.subject)
    noted = bulk.run(tx, _NOTE, (*key, state.value, now, done_at, why[:WHY_MAX]))
    assert noted == 1, f"{key} was done before"


def first_day(tx: Connection) -> date | None:
    """The hub's first business day, before which nothing was ever due."""
    found: date | None = bulk.fetch(tx, _FIRST_DAY)[0][0]
    return found


def _tried(row: tuple[Any, ...]) -> Tried:
    job, due_on, subject, state, *rest = row
    return Tried(job, Occasion(due_on, subject), WorkState(state), *rest)
