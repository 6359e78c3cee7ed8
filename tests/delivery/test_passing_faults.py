"""Faults that pass: rolled back, offsets stay, tried again a bounded number of times."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import psycopg2
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from contracts.delivery import bulk
from contracts.delivery.engine import engine_of
from contracts.delivery.outbox import TransactionSpoilt
from contracts.delivery.passing import is_passing
from contracts.delivery.processor import GaveUp, Handle, Limits
from contracts.message import Message, Outgoing
from tests.delivery.door import door_before
from tests.delivery.notebook import NOTES, RECEIPTS, Notebook, Noted, a_note, note

Trouble = Callable[[Connection], object]
LIMITS = Limits(tries_max=3, first_wait_s=0.1, longest_wait_s=0.3, wait_ms=0)


def troubled(trouble: Trouble, *, times: int) -> Handle:
    """The use case, after which the trouble comes the first few times."""
    left = [trouble] * times

    def handle(
        tx: Connection, batch: Sequence[Message[Noted]], now: datetime
    ) -> Sequence[Outgoing]:
        replies = note(tx, batch, now)
        if left:
            left.pop()(tx)
        return replies

    return handle


def statement(sql: str) -> Trouble:
    return lambda tx: bulk.run(tx, sql)


@pytest.fixture
def killer(notebook: Notebook) -> Iterator[Trouble]:
    """Ends the server process behind a transaction."""
    other = engine_of(notebook.engine.url.render_as_string(hide_password=False), name="killer")

    def kill(tx: Connection) -> None:
        (pid,) = bulk.fetch(tx, "SELECT pg_backend_pid()")[0]
        with other.begin() as own:
            bulk.run(own, "SELECT pg_terminate_backend(%s, 5000)", (pid,))

    yield kill
    other.dispose()


@contextmanager
def held(engine: Engine, account: str) -> Iterator[Connection]:
    """Somebody else holds the lock on an account's row."""
    with engine.connect() as other, other.begin():
        bulk.run(other, "SELECT 1 FROM notes WHERE account = %s FOR UPDATE", (account,))
        yield other


def assert_nothing_was_done(notebook: Notebook) -> None:
    assert (notebook.notes(), notebook.offsets_read()) == ({}, 0)
    assert (notebook.count("inbox"), notebook.count("outbox"), notebook.buried()) == (0, 0, [])


def assert_done_once(notebook: Notebook) -> None:
    assert (notebook.notes(), notebook.offsets_read(), notebook.buried()) == ({"a": [1, 2]}, 2, [])
    assert (notebook.count("outbox"), notebook.count("outbox_unsent")) == (2, 0)
    assert len(notebook.log.records(RECEIPTS)) == 2


def lost_in_bulk(kill: Trouble) -> Trouble:
    return lambda tx: (kill(tx), bulk.run(tx, "SELECT 1"))


def lost_in_core(kill: Trouble) -> Trouble:
    return lambda tx: (kill(tx), tx.execute(text("SELECT 1")))


@pytest.mark.parametrize("lost", [lost_in_bulk, lost_in_core, lambda kill: kill])
def test_a_lost_connection_is_tried_again(
    notebook: Notebook, killer: Trouble, lost: Callable[[Trouble], Trouble]
) -> None:
    notebook.post(a_note("a", 1), a_note("a", 2))
    notebook.drain(notebook.processor(LIMITS, troubled(lost(killer), times=2)))
    assert notebook.pauses == [0.1, 0.2]
    assert_done_once(notebook)


@pytest.mark.parametrize("lost", [lost_in_bulk, lost_in_core, lambda kill: kill])
def test_connections_that_stay_lost_end_the_process_with_nothing_done(
    notebook: Notebook, killer: Trouble, lost: Callable[[Trouble], Trouble]
) -> None:
    notebook.post(a_note("a", 1), a_note("a", 2))
    with pytest.raises(GaveUp, match="3 tries"):
        notebook.drain(notebook.processor(LIMITS, troubled(lost(killer), times=3)))
    assert notebook.pauses == [0.1, 0.2]
    assert_nothing_was_done(notebook)
    notebook.drain(notebook.processor(LIMITS))
    assert_done_once(notebook)


def test_waits_between_tries_double_up_to_the_longest(notebook: Notebook, killer: Trouble) -> None:
    notebook.post(a_note("a", 1), a_note("a", 2))
    limits = Limits(tries_max=5, first_wait_s=0.1, longest_wait_s=0.3, wait_ms=0)
    notebook.drain(notebook.processor(limits, troubled(killer, times=4)))
    assert notebook.pauses == [0.1, 0.2, 0.3, 0.3]


def test_a_deadlock_is_tried_again(notebook: Notebook) -> None:
    with notebook.engine.begin() as tx:
        bulk.run(tx, "INSERT INTO notes VALUES ('x', '{}')")
    notebook.post(a_note("a", 1), a_note("a", 2))
    notebook.drain(notebook.processor(LIMITS))  # the row of "a" now exists
    notebook.post(a_note("a", 3))
    with held(notebook.engine, "x") as other:
        crossing = threading.Thread(target=lock_account, args=(other, "a"))

        def cross(tx: Connection) -> None:
            bulk.run(tx, "SET LOCAL deadlock_timeout = '100ms'")
            crossing.start()
            lock_account(tx, "x")

        def go_away(seconds: float) -> None:
            notebook.pauses.append(seconds)
            crossing.join()
            other.rollback()

        processor = notebook.processor(LIMITS, troubled(cross, times=1))
        processor.pause = go_away
        processor.run_once()
    assert notebook.pauses == [0.1]
    assert (notebook.notes()["a"], notebook.buried()) == ([1, 2, 3], [])


def lock_account(tx: Connection, account: str) -> None:
    bulk.run(tx, "SET LOCAL lock_timeout = '20s'")
    bulk.run(tx, "SELECT 1 FROM notes WHERE account = %s FOR UPDATE", (account,))


@pytest.mark.parametrize("released_in_time", [True, False])
def test_a_lock_that_is_not_free_in_time_is_tried_again_within_the_bound(
    notebook: Notebook, *, released_in_time: bool
) -> None:
    notebook.post(a_note("a", 1))
    notebook.drain(notebook.processor(LIMITS))
    notebook.post(a_note("a", 2))

    def impatient(
        tx: Connection, batch: Sequence[Message[Noted]], now: datetime
    ) -> Sequence[Outgoing]:
        bulk.run(tx, "SET LOCAL lock_timeout = '20ms'")
        return note(tx, batch, now)

    processor = notebook.processor(LIMITS, impatient)
    with held(notebook.engine, "a") as other:
        if released_in_time:
            processor.pause = lambda seconds: other.rollback()
            processor.run_once()
        else:
            with pytest.raises(GaveUp):
                processor.run_once()
    assert notebook.notes() == {"a": [1, 2] if released_in_time else [1]}
    assert notebook.offsets_read() == (2 if released_in_time else 1)
    notebook.drain(processor)
    assert (notebook.notes(), notebook.offsets_read()) == ({"a": [1, 2]}, 2)


def test_a_commit_whose_answer_was_lost_is_neither_lost_nor_done_twice(
    notebook: Notebook,
) -> None:
    with door_before(notebook.engine) as (door, through):
        direct, notebook.engine = notebook.engine, through
        processor = notebook.processor(LIMITS)
        processor.run_once()
        notebook.post(a_note("a", 1), a_note("a", 2))
        door.shut_at_commit = True
        notebook.drain(processor)
        notebook.engine = direct
    assert (door.commits_swallowed, notebook.pauses) == (1, [0.1])
    assert_done_once(notebook)


def test_a_swallowed_error_does_not_pass_for_a_commit(notebook: Notebook) -> None:
    outbox = notebook.outbox()
    outbox.tend()
    with pytest.raises(TransactionSpoilt), outbox.transaction() as writing:
        writing.say([a_note("a", 1)])
        with pytest.raises(psycopg2.Error):
            bulk.run(writing.tx, "SELECT 1/0")
    assert (notebook.count("outbox"), notebook.log.records(NOTES)) == (0, [])


STATES = {
    "40001": True,  # serialization
    "40P01": True,  # deadlock
    "55P03": True,  # lock not available
    "57014": True,  # statement timeout
    "53300": True,  # too many connections
    "25006": True,  # read-only: a replica now
    "22003": False,  # number out of range
    "23505": False,  # unique violation
    "42P01": False,  # no such table
    "54000": False,  # an index row that is too large
}


@pytest.mark.parametrize("bulkily", [True, False], ids=["bulk", "core"])
@pytest.mark.parametrize(("state", "passes"), STATES.items())
def test_the_state_of_an_error_says_whether_it_passes(
    notebook: Notebook, state: str, *, passes: bool, bulkily: bool
) -> None:
    raising = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"
    run = statement(raising) if bulkily else (lambda tx: tx.execute(text(raising)))
    with pytest.raises((psycopg2.Error, DBAPIError)) as caught, notebook.engine.begin() as tx:
        run(tx)
    assert is_passing(caught.value) == passes


@pytest.mark.parametrize("value", ["a\x00b", "a\ud800b"], ids=["NUL", "lone surrogate"])
def test_a_text_that_postgres_has_no_room_for_is_no_passing_fault(
    notebook: Notebook, value: str
) -> None:
    with pytest.raises(ValueError) as caught, notebook.engine.begin() as tx:  # noqa: PT011
        bulk.fetch(tx, "SELECT %s", (value,))
    assert not is_passing(caught.value)
