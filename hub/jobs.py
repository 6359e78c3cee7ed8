"""What the clock makes the hub do: a table of jobs. `hub.running_jobs` runs them."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from contracts.message import Outgoing
from hub.services import (
    advance_drafting,
    advance_papers,
    advance_watching,
    balances,
    canaries,
    case_decisions,
    clearing_dates,
    dated,
    days,
    expiring,
    following_repairs,
    papers,
    person_sessions,
    proofs,
    reconciliation,
    reminding,
    settlements,
    slices,
    watching,
    weather,
)
from hub.settings import Settings

log = logging.getLogger(__name__)

REGISTRATIONS_EVERY = timedelta(minutes=1)
"""Nothing depends on it: what counts is the days of a registration."""
SESSIONS_EVERY = timedelta(seconds=10)
"""So often that a thousand at once keep up with a hundred new sessions a second."""

DUE_EVERY = timedelta(seconds=5)
"""Its dates are days; what was missed while nothing ran is done at the first turn."""

CHECK_NEW_EVERY = timedelta(seconds=2)
"""So that what is broken is found, and named, within five."""
CHECK_ON_EVERY = timedelta(milliseconds=250)
"""It rests by itself, as long as its work took or longer."""

Run = Callable[[Connection, datetime], Sequence[Outgoing]]


@dataclass(frozen=True, slots=True)
class Job:
    """`run` is one transaction. As long as it says something it runs again at once."""

    name: str
    every: timedelta
    run: Run


def jobs(settings: Settings) -> tuple[Job, ...]:
    """Each has a thread of its own, so that a long one makes no other late."""
    often = timedelta(milliseconds=settings.hub_expire_every_ms)
    expire = partial(settlements.expire, count_max=settings.hub_expire_at_once_max)
    remind = partial(
        reminding.ask_again,
        reminding=settings.reminding(),
        count_max=settings.hub_remind_at_once_max,
    )
    end_registrations = partial(expiring.expire, count_max=settings.hub_registrations_at_once_max)
    second, minute = timedelta(seconds=1), timedelta(minutes=1)
    patience = reconciliation.Patience(
        break_after=timedelta(seconds=settings.break_after_s),
        ask_every=timedelta(seconds=settings.ask_every_s),
    )
    send_canaries = partial(
        canaries.send,
        every=timedelta(seconds=settings.hub_canary_every_s),
        answer_within=settings.answer_within(),
    )
    advances = timedelta(seconds=settings.hub_advance_every_s)
    do_due = partial(dated.do_due, table=clearing_dates.dated_jobs())
    patrol = watching.Patrol(settings.hub_check_budget_ms / 1_000, time.monotonic)
    decide_cases = partial(case_decisions.decide_due, count_max=settings.hub_cases_at_once_max)
    watch = partial(weather.watch, every=timedelta(seconds=settings.hub_weather_every_s))
    return (
        Job("expire settlements", often, expire),
        Job("ask for releases again", timedelta(milliseconds=settings.hub_remind_every_ms), remind),
        Job("expire registrations", REGISTRATIONS_EVERY, end_registrations),
        Job("forget persons' sessions", SESSIONS_EVERY, _forget_sessions),
        Job("close days that are over", second, _close_day),
        Job("keep balances of closed days", second, _snapshot_days),
        Job("check what is new", CHECK_NEW_EVERY, watching.watch_new),
        Job("check everything in rounds", CHECK_ON_EVERY, patrol.turn),
        Job("begin reconciliations", second, partial(reconciliation.begin_due, patience=patience)),
        Job("follow repairs", second, following_repairs.follow),
        Job("ask sides again", second, partial(reconciliation.ask_again, patience=patience)),
        Job("forget rows of agreed days", minute, reconciliation.forget_agreed),
        Job("compare the open day", second, slices.watch),
        Job("do what is due by the calendar", DUE_EVERY, do_due),
        Job("watch advances", advances, advance_watching.watch),
        Job("draft the yearly advances", REGISTRATIONS_EVERY, advance_drafting.draft_due),
        Job("send canaries", second, send_canaries),
        Job("decide cases that are due", second, decide_cases),
        Job("hash the rows of closed days", second, proofs.root_due),
        Job("seal issued runs", second, proofs.seal_due),
        *_papers(settings),
        Job("watch routes", timedelta(milliseconds=settings.hub_weather_look_ms), watch),
    )


def _papers(settings: Settings) -> tuple[Job, ...]:
    """Without a key nothing is signed, and so no paper is made: the log says so."""
    key = settings.seal_key()
    if key is None:
        log.warning("YIDI_HUB_SEAL_KEY is not set: no papers of clearing are made")
        return ()
    second = timedelta(seconds=1)
    return (
        Job("make papers of clearing", second, partial(papers.make_due, key=key)),
        Job("make papers of advances", second, partial(advance_papers.make_due, key=key)),
    )


def _close_day(tx: Connection, now: datetime) -> Sequence[Outgoing]:
    closed = days.close_if_over(tx, now)
    if closed is not None:
        log.info("closed the business day %s", closed)
    return ()


def _snapshot_days(tx: Connection, now: datetime) -> Sequence[Outgoing]:
    for day in balances.snapshot_closed(tx, now):
        log.info("kept the balances of %s", day)
    return ()


def _forget_sessions(tx: Connection, now: datetime) -> Sequence[Outgoing]:
    person_sessions.forget(tx, now)
    return ()
