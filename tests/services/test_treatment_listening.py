"""Answers stored by one process wake a waiting one, and a lost connection is mended."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from contracts.ids import SettlementId, new_id
from contracts.messages.settlement import Outcome
from participants.treatment.services import settlements
from participants.treatment.store.listening import Listener, wake
from tests.support.databases import Databases
from tests.support.treatment import (
    NOW,
    a_bill,
    an_answer,
    requested,
    treatment_database,
)

WITHIN_S = 20


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@contextmanager
def _listening(engine: Engine) -> Iterator["Queue[frozenset[UUID]]"]:
    """What a listener hears, from the moment it listens."""
    heard: Queue[frozenset[UUID]] = Queue()
    stop = threading.Event()
    listener = Listener(engine.url.render_as_string(hide_password=False))

    def listen() -> None:
        for ids in listener.wakes(stop):
            heard.put(ids)

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        assert heard.get(timeout=WITHIN_S) == frozenset(), "the first says: look at everything"
        yield heard
    finally:
        stop.set()
        listener.ring()
        thread.join(WITHIN_S)
        assert not thread.is_alive()


def _all_of(heard: "Queue[frozenset[UUID]]", count: int) -> set[UUID]:
    found: set[UUID] = set()
    while len(found) < count:
        found |= heard.get(timeout=WITHIN_S)
    return found


def test_a_recorded_answer_wakes_the_listener(engine: Engine) -> None:
    with engine.begin() as tx:
        id_ = requested(tx, a_bill("M1")).settlement_id
    with _listening(engine) as heard:
        with engine.begin() as tx:
            settlements.record_answers(tx, [an_answer(id_, Outcome.SETTLED)], NOW)
        assert _all_of(heard, 1) == {id_}


def test_a_batch_too_long_for_one_payload_is_announced_whole(engine: Engine) -> None:
    ids = {new_id() for _ in range(700)}
    with _listening(engine) as heard:
        with engine.begin() as tx:
            wake(tx, ids)
        assert _all_of(heard, 700) == ids


def test_nothing_is_announced_before_the_answer_is_committed(engine: Engine) -> None:
    kept, undone = new_id(), SettlementId(new_id())
    with _listening(engine) as heard:
        with engine.connect() as connection:
            wake(connection, [undone])
            connection.rollback()
        with engine.begin() as tx:
            wake(tx, [kept])
        assert heard.get(timeout=WITHIN_S) == {kept}


def test_a_listener_whose_connection_was_cut_listens_again_and_says_so(engine: Engine) -> None:
    cut = text("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE application_name = 'yidi listener' AND datname = current_database()""")
    with _listening(engine) as heard:
        with engine.begin() as tx:
            assert tx.execute(cut).scalar_one()
        assert heard.get(timeout=WITHIN_S) == frozenset()
        id_ = new_id()
        with engine.begin() as tx:
            wake(tx, [id_])
        assert _all_of(heard, 1) == {id_}
