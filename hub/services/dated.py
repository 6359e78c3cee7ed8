"""Work with dates: whatever is due is done, after a stop as well, and nothing is done twice."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.message import Outgoing
from contracts.refusal import Refused
from hub.domain.due import Occasion, Tried, to_do
from hub.store import job_runs

log = logging.getLogger(__name__)

AT_ONCE_MAX = 10
"""Occasions of a job in one transaction; what is left has its turn in the next."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What work said, and what it still waits for; nothing: it is done for good."""

    outgoing: Sequence[Outgoing] = field(default=())
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class DatedJob:
    """`occasions(first, today)`: when it is due, from the hub's first day until today.

    `run` does one occasion; what it refuses is undone and waits. In order: an occasion that waits
    keeps later ones back.
    """

    name: str
    occasions: Callable[[date, date], Iterable[Occasion]]
    run: Callable[[Connection, Occasion, datetime], Outcome]
    in_order: bool = True
    pause: timedelta = timedelta(minutes=1)


def do_due(tx: Connection, now: datetime, *, table: Sequence[DatedJob]) -> list[Outgoing]:
    """A job: do what is due. The row that says so commits together with what it did."""
    if not job_runs.take_turn(tx):
        return []
    first, today = job_runs.first_day(tx), shanghai_date_of(now)
    if first is None:
        return []
    return [said for job in table for said in _do(tx, job, job.occasions(first, today), now)]


def latest(tx: Connection, count_max: int) -> list[Tried]:
    """What was done by the calendar and what waits, the newest dates first."""
    return job_runs.latest(tx, count_max)


def _do(
    tx: Connection, job: DatedJob, occasions: Iterable[Occasion], now: datetime
) -> Iterable[Outgoing]:
    tried = job_runs.of(tx, job.name)
    due = to_do(occasions, tried, now, in_order=job.in_order, pause=job.pause)
    for occasion in due[:AT_ONCE_MAX]:
        outcome = _tried(tx, job, occasion, now)
        job_runs.note(tx, job.name, occasion, outcome.waits_for, now)
        yield from outcome.outgoing
        if outcome.waits_for and job.in_order:
            break


def _tried(tx: Connection, job: DatedJob, occasion: Occasion, now: datetime) -> Outcome:
    try:
        with tx.begin_nested():
            outcome = job.run(tx, occasion, now)
    except Refused as refused:
        log.info("%s of %s waits: %s", job.name, occasion.due_on, refused.code)
        return Outcome(waits_for=refused.code.told(refused.detail))
    log.info("%s of %s: %s", job.name, occasion.due_on, outcome.waits_for or "done")
    return outcome
