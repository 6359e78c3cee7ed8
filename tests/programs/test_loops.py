"""Loops of a program run side by side, and end together: when told to, or when one of them dies."""

import logging
import threading
from datetime import UTC, datetime

import pytest

from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor
from contracts.programs import loops
from contracts.programs.ending import LoopDied
from hub.store.db import migrate
from tests.support.databases import Databases


class At:
    def now(self) -> datetime:
        return datetime(2026, 3, 2, tzinfo=UTC)


def _wait(stop: threading.Event) -> None:
    stop.wait()


def test_all_end_when_they_are_told_to() -> None:
    stop = threading.Event()

    def tell(own: threading.Event) -> None:
        own.set()

    assert loops.run({"one": _wait, "other": tell}, stop) is None


def test_the_first_that_dies_ends_the_others_and_its_text_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    number = "32108119800101001X"

    def fail(_stop: threading.Event) -> None:
        raise KeyError(number)

    died = loops.run({"one": _wait, "broken": fail}, threading.Event())
    assert died is not None
    assert (died.name, type(died.error)) == ("broken", KeyError)
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "broken cannot go on: KeyError" in record.getMessage()
    assert number not in caplog.text


def _worker(databases: Databases, log: MemoryLog, *, broken: bool = False) -> Processor:
    engine = databases.fresh("empty", lambda _: None) if broken else databases.fresh("hub", migrate)
    return Processor(
        broker=log.reader("test", ["test"], batch_max=1),
        outbox=Outbox(engine, log.sender("test"), At()),
        subscriptions=(),
    )


def test_workers_end_with_the_one_that_died(databases: Databases) -> None:
    log = MemoryLog()
    workers = {"sound": _worker(databases, log), "broken": _worker(databases, log, broken=True)}
    with pytest.raises(LoopDied, match="broken"):
        loops.work(workers, threading.Event())


def test_workers_that_are_told_to_stop_are_no_fault(databases: Databases) -> None:
    stop = threading.Event()
    stop.set()
    loops.work({"sound": _worker(databases, MemoryLog())}, stop)


def test_an_outbox_is_tended_whatever_happens_to_its_database(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    """A sweeper that dies would leave messages unsent, while the program looks healthy."""
    engine = databases.fresh("empty", lambda _url: None)  # no table: not even a passing fault
    tries = threading.Semaphore(0)

    class Counting(Outbox):
        def tend(self) -> int:
            tries.release()
            return super().tend()

    at = datetime.now(UTC)

    class Moving:
        """Later with every look, so that every turn is a sweep."""

        def now(self) -> datetime:
            nonlocal at
            at = at.replace(year=at.year + 1)
            return at

    with loops.tended(Counting(engine, MemoryLog().sender("test"), Moving())):
        for _ in range(3):
            tries.acquire()
    assert "the outbox cannot be tended for now" in caplog.text
