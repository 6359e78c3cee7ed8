"""The loops that run the hub's jobs: each in a thread of its own, patient with its database."""

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from contracts.clock import Clock
from contracts.delivery.heartbeat import beating
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Limits, patiently
from contracts.delivery.telemetry import Progress
from contracts.programs import loops
from hub.jobs import Job

STOPPED, DIED = 0, 1
ROUNDS_MAX = 1_000
"""How often a job may run again at once; what is left then waits for the next turn."""


class Stopped(Exception):
    """The jobs were told to stop while one of them waited for the database."""


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
    turns: list[tuple[str, timedelta, Callable[[], object]]] = [
        (job.name, job.every, partial(run_once, job, outbox)) for job in table
    ]
    turns.append(("tend the outbox", loops.TEND_EVERY, outbox.tend))
    signs = [Progress() for _ in turns]
    threads = {
        name: partial(_loop, every, _noted(work, sign, outbox.clock), limits)
        for (name, every, work), sign in zip(turns, signs, strict=True)
    }
    with beating(signs, outbox.clock):
        died = loops.run(threads, stop)
    return STOPPED if died is None else DIED


def _noted(work: Callable[[], object], sign: Progress, clock: Clock) -> Callable[[], object]:
    def run() -> None:
        work()
        sign.handled(0, clock.now())

    return run


def _loop(
    every: timedelta, work: Callable[[], object], limits: Limits, stop: threading.Event
) -> None:
    def pause(wait_s: float) -> None:
        if stop.wait(wait_s):
            raise Stopped

    with suppress(Stopped):
        while not stop.is_set():
            started = time.monotonic()
            patiently(work, limits, pause)
            stop.wait(max(0.0, every.total_seconds() - (time.monotonic() - started)))
