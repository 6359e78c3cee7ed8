"""What clearing does by the calendar: issue a cycle when its date has come, and watch the rest."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection

from hub.domain.clearing import ClearingRun, RunState
from hub.domain.clearing_terms import Due, Terms, all_terms
from hub.domain.cycle import cycle_named, cycles, due_dates, span_of
from hub.domain.due import Occasion
from hub.services import clearing
from hub.services.dated import DatedJob, Outcome
from hub.store import clearing as runs
from hub.store import pair_days

CALENDAR = "calendar"
A_DAY = timedelta(days=1)
LOOK_AGAIN = timedelta(minutes=10)


class Move(Protocol):
    """A step that a run takes by its service, or refuses."""

    def __call__(
        self, tx: Connection, run_id: UUID, /, *, by: str, now: datetime
    ) -> ClearingRun: ...


# What the areas owe by a date: the states in which they have, and what is still missing otherwise.
AWAITED: tuple[tuple[Due, frozenset[RunState], str], ...] = (
    (
        Due.ANSWER,
        frozenset({RunState.CONFIRMED, RunState.PAID, RunState.CLOSED}),
        "已过确认期限，清算明细尚未全部确认",
    ),
    (
        Due.RECORD_RECEIPT,
        frozenset({RunState.PAID, RunState.CLOSED}),
        "已过付款登记期限，应付款项尚未全部付讫并登记",
    ),
)


def dated_jobs() -> tuple[DatedJob, ...]:
    """Clearing's rows in the table of dated work; those of areas' duties are alarms.

    A run is confirmed when its notices are due, and closed after its receipts were; as long as
    the areas have not done their part, both wait.
    """
    issue = DatedJob("issue clearing", partial(_occasions, Due.ISSUE, timedelta()), _issue)
    moved = (
        DatedJob(
            name,
            partial(_occasions, step, grace),
            _moving(move),
            in_order=False,
            pause=LOOK_AGAIN,
        )
        for name, step, grace, move in (
            ("confirm clearing", Due.NOTIFY, timedelta(), clearing.confirm),
            ("close clearing", Due.RECORD_RECEIPT, A_DAY, clearing.close),
        )
    )
    watched = (
        DatedJob(
            f"await {step}",
            partial(_occasions, step, A_DAY),
            _awaited(states, missing),
            in_order=False,
            pause=LOOK_AGAIN,
        )
        for step, states, missing in AWAITED
    )
    late = DatedJob(
        "watch for what came too late",
        partial(_occasions, Due.ISSUE, timedelta()),
        _past_its_time,
        in_order=False,
        pause=LOOK_AGAIN,
    )
    return issue, *moved, late, *watched


def _occasions(step: Due, grace: timedelta, first: date, today: date) -> tuple[Occasion, ...]:
    """Every cycle that has ended, on the day its step is due, or so much later."""
    return _dated(step, grace, first, today, all_terms())


@lru_cache(maxsize=8)  # a day has one answer, and jobs ask every few seconds
def _dated(
    step: Due, grace: timedelta, first: date, today: date, table: tuple[Terms, ...]
) -> tuple[Occasion, ...]:
    found = (
        Occasion(due_dates(cycle)[step].on + grace, cycle.name)
        for cycle in cycles(first, today, table)
    )
    return tuple(occasion for occasion in found if occasion.due_on <= today)


def _issue(tx: Connection, occasion: Occasion, now: datetime) -> Outcome:
    """Freeze the cycle and issue it, without what is not ready: that comes late.

    What an operator has issued before is done. A broken run waits for a person: freezing it again
    and again would only pile up versions.
    """
    run = clearing.open_run(tx, occasion.subject, now=now)
    if run.state is RunState.OPEN:
        run = clearing.freeze(tx, run.run_id, by=CALENDAR, now=now)
    if run.state is RunState.BROKEN:
        return Outcome(waits_for="清算表与账簿不一致，已留存差异待查")
    if run.state is RunState.RECONCILED:
        _, outgoing = clearing.issue(tx, run.run_id, by=CALENDAR, now=now)
        return Outcome(outgoing)
    return Outcome()


def _moving(move: Move) -> Callable[[Connection, Occasion, datetime], Outcome]:
    """What the run's own service refuses, waits."""

    def take(tx: Connection, occasion: Occasion, now: datetime) -> Outcome:
        run = runs.find(tx, occasion.subject)
        if run is None:
            return Outcome(waits_for="该清算期尚未出具清算明细")
        move(tx, run.run_id, by=CALENDAR, now=now)
        return Outcome()

    return take


def _past_its_time(tx: Connection, occasion: Occasion, _now: datetime) -> Outcome:
    """An alarm as long as something is older than this cycle may take, and nobody admitted it."""
    found = pair_days.past_its_time(tx, span_of(cycle_named(occasion.subject, all_terms())))
    return Outcome(
        waits_for=f"{len(found)}个结算日结对已逾补报期限，须决定是否补报" if found else ""
    )


def _awaited(
    states: frozenset[RunState], missing: str
) -> Callable[[Connection, Occasion, datetime], Outcome]:
    def look(tx: Connection, occasion: Occasion, _now: datetime) -> Outcome:
        run = runs.find(tx, occasion.subject)
        done = run is not None and run.state in states
        return Outcome(waits_for="" if done else missing)

    return look
