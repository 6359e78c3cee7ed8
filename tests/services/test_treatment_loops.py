"""The loops beside a treatment area's worker: they do their work, and end when they are told to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.clock import SystemClock
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from participants.treatment import forgetting, jobs
from participants.treatment.domain.keeping import Keeping
from participants.treatment.domain.session import SignIn
from participants.treatment.services import files, sessions
from participants.treatment.settings import Settings
from tests.support.databases import Databases
from tests.support.treatment import AREA, HOSPITAL, a_bill, requested, treatment_database

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


@contextmanager
def running(loop: Any, *arguments: Any) -> Iterator[threading.Event]:
    """A loop in a thread; it ends at the end of the block, or the test fails."""
    stop, ended = threading.Event(), threading.Event()

    def work() -> None:
        loop(*arguments, stop)
        ended.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(timeout=30)
    assert ended.is_set(), "the loop ended otherwise than it should"


def eventually(look: Any, pause: threading.Event) -> bool:
    """Whether something comes to be true within half a minute."""
    return any(look() or pause.wait(0.05) for _ in range(600))


def test_expired_files_and_sessions_are_forgotten(databases: Databases) -> None:
    engine = treatment_database(databases)
    with engine.begin() as tx:
        files.offer(tx, HOSPITAL, "a.zip", [["1"]], LONG_AGO)
        kept = files.offer(tx, HOSPITAL, "b.zip", [["1"]], datetime.now(UTC))
        sessions.sign_in(tx, [SignIn(HOSPITAL, "1", "m", "i")], LONG_AGO)

    def left() -> tuple[Any, ...]:
        with engine.begin() as tx:
            query = "SELECT (SELECT count(*) FROM sessions), array_agg(file_no) FROM files"
            return tuple(tx.exec_driver_sql(query).one())

    with running(forgetting.run, engine, SystemClock(), Keeping()) as stop:
        assert eventually(lambda: left() == (0, [kept.file_no]), stop)


def test_the_hub_is_reminded_once_of_what_it_left_open(databases: Databases) -> None:
    engine = treatment_database(databases)
    with engine.begin() as tx:
        requested(tx, a_bill("M1"))  # Its T is long over.
    job, log = jobs.remind(AREA, Settings()), MemoryLog()
    outbox = Outbox(engine, log.sender("the loop"), SystemClock())
    assert jobs.run_once(job, outbox) == 1
    assert jobs.run_once(job, outbox) == 0
    with running(jobs.run, job, outbox, timedelta(milliseconds=10)) as stop:
        stop.wait(0.1)
