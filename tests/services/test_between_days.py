"""Closing a day while others settle: nobody waits for ever, and nobody falls between two days."""

import threading
import time
from datetime import date

import pytest
from psycopg2.errors import LockNotAvailable

from hub.services import calculations, days
from hub.store import days as store
from hub.store import settlements
from hub.store.db import migrate
from tests.services.test_hub_settlements import accepted, calculated
from tests.support.databases import Databases
from tests.support.hub import NOW, TODAY, Hub, an_open_hub

WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def _so_many_wait(hub: Hub, count: int) -> None:
    for _ in range(1_000):
        if hub.rows(WAITING) == [(count,)]:
            return
        time.sleep(0.005)
    raise AssertionError(f"not {count} wait for a lock")


def _closing(hub: Hub, closed: list[date]) -> threading.Thread:
    def close() -> None:
        with hub.engine.begin() as tx:
            closed.append(days.close(tx, NOW))

    thread = threading.Thread(target=close)
    thread.start()
    return thread


def test_who_comes_to_settle_stands_behind_who_came_to_close(hub: Hub) -> None:
    """Else a busy hub, in which somebody always settles, could never close a day."""
    closed: list[date] = []
    with hub.engine.begin() as settling:
        assert store.share_open(settling) == TODAY
        closing = _closing(hub, closed)
        _so_many_wait(hub, 1)
        with pytest.raises(LockNotAvailable), hub.engine.begin() as late:
            late.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
            store.share_open(late)
        assert store.share_open(settling) == TODAY, "who shares the day already goes on"
    closing.join()
    assert closed == [TODAY]


def test_a_close_between_two_batches_that_wait_for_each_other_deadlocks_nobody(hub: Hub) -> None:
    first, second = accepted(hub), accepted(hub)
    closed: list[date] = []

    def settle_second() -> None:
        with hub.engine.begin() as tx:
            settlements.lock(tx, [second])
            locked.set()
            _so_many_wait(hub, 1)  # The close waits now, so that we come to stand behind it.
            calculations.record(tx, [calculated(second)], NOW)

    locked = threading.Event()
    settling = threading.Thread(target=settle_second)
    with hub.engine.begin() as tx:
        calculations.record(tx, [calculated(first)], NOW)
        settling.start()
        locked.wait()
        closing = _closing(hub, closed)
        _so_many_wait(hub, 2)
        settlements.lock(tx, [second])
    settling.join()
    closing.join()
    assert closed == [TODAY]
    assert hub.state_of(first) == hub.state_of(second) == "settled"
