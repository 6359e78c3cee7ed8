"""What the clock makes the hub do: a table of jobs, and the loops that run them."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from contracts.clock import Clock
from contracts.delivery.heartbeat import beating
from contracts.delivery.outbox import Outbox
from contracts.delivery.passing import is_passing
from contracts.delivery.processor import GaveUp, Limits
from contracts.delivery.telemetry import Progress
from contracts.message import Outgoing
from hub.services import days, reconciliation, settlements
from hub.settings import Settings

log = logging.getLogger(__name__)

STOPPED, DIED = 0, 1
ROUNDS_MAX = 1_000
"""How often a job may run again at once; what is left then waits for the next turn."""

TEND_EVERY = timedelta(milliseconds=200)

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
    second = timedelta(seconds=1)
    patience = reconciliation.Patience(
        break_after=timedelta(seconds=settings.break_after_s),
        ask_every=timedelta(seconds=settings.ask_every_s),
    )
    return (
        Job("expire settlements", often, expire),
        Job("close days that are over", second, _close_day),
        Job("begin reconciliations", second, partial(reconciliation.begin_due, patience=patience)),
        Job("ask sides again", second, partial(reconciliation.ask_again, patience=patience)),
    )


def run_once(job: Job, outbox: Outbox) -> int:
    """Run until the job has nothing more to say; how many messages it said."""
    total = 0
    for _ in range(ROUNDS_MAX):
        with outbox.transaction() as writing:
            said = job.run(writing.tx, writing.now)
            writing.say(said)
        total += len(said)
        if not said:
            break
    return total


def run(table: Iterable[Job], outbox: Outbox, limits: Limits, stop: threading.Event) -> int:
    """Run all jobs, and the outbox's sweeper, until `stop`. DIED when one of them cannot go on."""
    died = threading.Event()
    loops: list[tuple[str, timedelta, Callable[[], object]]] = [
        (job.name, job.every, partial(run_once, job, outbox)) for job in table
    ]
    loops.append(("tend the outbox", TEND_EVERY, outbox.tend))
    turns = [Progress() for _ in loops]
    threads = [
        threading.Thread(
            target=_loop,
            args=(name, every, _noted(work, turn, outbox.clock), limits, stop, died),
            name=name,
        )
        for (name, every, work), turn in zip(loops, turns, strict=True)
    ]
    with beating(turns, outbox.clock):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return DIED if died.is_set() else STOPPED


@contextmanager
def tended(outbox: Outbox) -> Iterator[None]:
    """Keep the outbox of a program without a loop swept, and close it at the end of the block."""
    stop = threading.Event()
    tending = threading.Thread(target=_tend, args=(outbox, stop), name="tend the outbox")
    tending.start()
    try:
        yield
    finally:
        stop.set()
        tending.join()
        outbox.close()


def _tend(outbox: Outbox, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            outbox.tend()
        except Exception as error:
            if not is_passing(error):
                raise
            log.warning("the database is away (%s)", type(error).__name__)
        stop.wait(TEND_EVERY.total_seconds())


def _noted(work: Callable[[], object], turn: Progress, clock: Clock) -> Callable[[], object]:
    def run() -> None:
        work()
        turn.handled(0, clock.now())

    return run


def _close_day(tx: Connection, now: datetime) -> Sequence[Outgoing]:
    closed = days.close_if_over(tx, now)
    if closed is not None:
        log.info("closed the business day %s", closed)
    return ()


def _loop(  # noqa: PLR0917 - the target of a thread
    name: str,
    every: timedelta,
    work: Callable[[], object],
    limits: Limits,
    stop: threading.Event,
    died: threading.Event,
) -> None:
    try:
        while not stop.is_set():
            started = time.monotonic()
            _patiently(work, limits, stop)
            stop.wait(max(0.0, every.total_seconds() - (time.monotonic() - started)))
    except Exception as error:  # noqa: BLE001
        # Only the error's type: the texts of a database quote rows, and rows are about people.
        log.error("the job %r cannot go on (%s)", name, type(error).__name__)  # noqa: TRY400
        died.set()
        stop.set()


def _patiently(work: Callable[[], object], limits: Limits, stop: threading.Event) -> None:
    """A deadlock or a lost connection passes: try again, a bounded number of times; else GaveUp."""
    wait_s = limits.first_wait_s
    for _ in range(limits.tries_max):
        try:
            work()
        except Exception as error:
            if not is_passing(error):
                raise
            log.warning("the database is away (%s)", type(error).__name__)
            stop.wait(wait_s)
            wait_s = min(2 * wait_s, limits.longest_wait_s)
        else:
            return
        if stop.is_set():
            return
    raise GaveUp(f"the database stayed away for {limits.tries_max} tries")
