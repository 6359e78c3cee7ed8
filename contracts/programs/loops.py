"""Threads that run until the program is told to stop, or until one of them cannot go on."""

import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial

from contracts.delivery.heartbeat import beating
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor
from contracts.delivery.watching import watched
from contracts.programs.ending import LoopDied, close

log = logging.getLogger(__name__)

TEND_EVERY = timedelta(milliseconds=200)

Loop = Callable[[threading.Event], object]
"""Runs until its event is set. What it raises ends it, and all the others."""


def run(loops: Mapping[str, Loop], stop: threading.Event) -> LoopDied | None:
    """One thread a loop. None after `stop`; else the first that died, and then all have ended.

    A program that goes on with some of its loops would look healthy while others stand still.
    """
    died: list[LoopDied] = []
    threads = [
        threading.Thread(target=_run, args=(name, loop, stop, died), name=name)
        for name, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return died[0] if died else None


def work(
    workers: Mapping[str, Processor],
    stop: threading.Event,
    beside: Mapping[str, Loop] | None = None,
) -> None:
    """Run the workers of a program, with its sign of life, and close what each has; LoopDied.

    `beside`: what else the program does as long as they run; each closes what is its own.
    """
    clocks = [worker.outbox.clock for worker in workers.values()]
    with ExitStack() as watches, beating([one.progress for one in workers.values()], clocks[0]):
        for worker in workers.values():
            watches.enter_context(watched(worker))
        died = run(
            {name: partial(_work, worker) for name, worker in workers.items()} | dict(beside or {}),
            stop,
        )
    if died is not None:
        raise died


@contextmanager
def tended(outbox: Outbox) -> Iterator[None]:
    """Keep the outbox of a program without a worker swept, and close it at the end of the block."""
    stop = threading.Event()
    thread = threading.Thread(target=tend, args=(outbox, stop), name="tend the outbox")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        close(outbox.close)


def tend(outbox: Outbox, stop: threading.Event) -> None:
    """Sweep until `stop`. Whatever goes wrong, the rows stay and the next turn tries again."""
    while not stop.is_set():
        try:
            outbox.tend()
        except Exception as error:  # noqa: BLE001
            log.warning("the outbox cannot be tended for now (%s)", type(error).__name__)
        stop.wait(TEND_EVERY.total_seconds())


def _work(worker: Processor, stop: threading.Event) -> None:
    try:
        worker.run(stop)
    finally:
        close(worker.broker.close, worker.outbox.close)


def _run(name: str, loop: Loop, stop: threading.Event, died: list[LoopDied]) -> None:
    try:
        loop(stop)
    except Exception as error:  # noqa: BLE001
        # Only type and place: the texts of a database quote rows, and rows are about people.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s cannot go on: %s at\n%s", name, type(error).__name__, where)  # noqa: TRY400
        died.append(LoopDied(name, error))
        stop.set()
