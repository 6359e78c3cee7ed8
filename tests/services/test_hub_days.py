"""Business days: each settlement lies in exactly one, however closing and settling meet."""

import threading
import time
from datetime import timedelta

import pytest

from contracts.delivery import bulk
from hub.services import calculations, days
from hub.store import days as store
from hub.store.db import migrate
from tests.services.test_hub_settlements import accepted, calculated, settled
from tests.support.databases import Databases
from tests.support.hub import NOW, TODAY, Hub, an_open_hub

TOMORROW = TODAY + timedelta(days=1)
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def _somebody_waits(hub: Hub) -> None:
    for _ in range(1_000):
        if hub.rows(WAITING) == [(1,)]:
            return
        time.sleep(0.005)
    raise AssertionError("nobody waits for a lock")


def test_closing_waits_for_what_is_settling_and_it_lies_on_the_closed_day(hub: Hub) -> None:
    settlement_id = accepted(hub)
    closed = []

    def close() -> None:
        with hub.engine.begin() as tx:
            closed.append(days.close(tx, NOW))

    closing = threading.Thread(target=close)
    with hub.engine.begin() as tx:
        calculations.record(tx, [calculated(settlement_id)], NOW)
        closing.start()
        _somebody_waits(hub)
        assert closed == []
    closing.join()
    assert closed == [TODAY]
    assert hub.rows("SELECT settled_on FROM settlements") == [(TODAY,)]
    assert hub.rows("SELECT DISTINCT business_date FROM postings") == [(TODAY,)]


def test_settling_waits_for_a_closing_and_lies_on_the_next_day(hub: Hub) -> None:
    settlement_id = accepted(hub)

    def settle() -> None:
        with hub.engine.begin() as tx:
            calculations.record(tx, [calculated(settlement_id)], NOW)

    settling = threading.Thread(target=settle)
    with hub.engine.begin() as tx:
        assert days.close(tx, NOW) == TODAY
        settling.start()
        _somebody_waits(hub)
    settling.join()
    assert hub.rows("SELECT settled_on FROM settlements") == [(TOMORROW,)]
    assert hub.rows("SELECT DISTINCT business_date FROM postings") == [(TOMORROW,)]


def test_a_day_is_over_at_midnight_in_china_and_not_before(hub: Hub) -> None:
    midnight = NOW.replace(hour=16, minute=0)
    with hub.engine.begin() as tx:
        assert days.close_if_over(tx, midnight - timedelta(microseconds=1)) is None
        assert days.close_if_over(tx, midnight) == TODAY
        assert days.close_if_over(tx, midnight) is None
        open_now = store.open_day(tx)
    assert open_now is not None
    assert open_now.business_date == TOMORROW


def test_days_may_run_ahead_of_the_calendar(hub: Hub) -> None:
    with hub.engine.begin() as tx:
        assert [days.close(tx, NOW) for _ in range(3)] == [TODAY, TOMORROW, TODAY + timedelta(2)]
        assert days.close_if_over(tx, NOW) is None
        assert [day.business_date for day in store.latest(tx, 2)] == [
            TODAY + timedelta(3),
            TODAY + timedelta(2),
        ]


def test_the_first_day_is_opened_once(hub: Hub) -> None:
    with hub.engine.begin() as tx:
        assert days.open_first(tx, TOMORROW, NOW) == TODAY
        assert bulk.fetch(tx, "SELECT count(*) FROM business_days") == [(1,)]


def test_without_an_open_day_nothing_settles_and_it_is_our_mistake(hub: Hub) -> None:
    settlement_id = accepted(hub)
    hub.rows("UPDATE business_days SET state = 'closed', closed_at = now() RETURNING 1")
    with pytest.raises(store.NoOpenDay), hub.engine.begin() as tx:
        calculations.record(tx, [calculated(settlement_id)], NOW)
    assert hub.state_of(settlement_id) == "routed"


def test_a_late_answer_needs_no_open_day(hub: Hub) -> None:
    settlement_id = settled(hub)
    hub.rows("UPDATE business_days SET state = 'closed', closed_at = now() RETURNING 1")
    assert hub.hear(calculations.record, calculated(settlement_id)) == []
    assert hub.anomalies() == ["out_of_step"]
