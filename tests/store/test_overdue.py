"""Who looks ten times a second for what is overdue must not go to what was answered long ago."""

import pytest
from sqlalchemy import text

from hub.store import settlements
from hub.store.db import migrate
from tests.services.test_hub_settlements import accepted
from tests.support.databases import Databases
from tests.support.hub import NOW, Hub, an_open_hub


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def test_the_look_for_what_is_overdue_walks_the_index_in_its_order(hub: Hub) -> None:
    accepted(hub)
    _, _, query = settlements._OVERDUE.partition(";")
    with hub.engine.begin() as tx:
        settlements.lock_overdue(tx, NOW, 10)
        given = {"now": NOW, "most": 10}
        plan = tx.execute(text(f"EXPLAIN {query}" % (":now", ":most")), given).scalars().all()
    steps = [line.split("->")[-1].split("(")[0].strip() for line in plan if "cost=" in line]
    walk = "Index Scan using settlements_awaiting_answer on settlements"
    assert steps == ["Limit", "LockRows", walk]


def test_and_the_next_transaction_plans_as_ever(hub: Hub) -> None:
    with hub.engine.begin() as tx:
        settlements.lock_overdue(tx, NOW, 10)
        assert tx.execute(text("SHOW enable_bitmapscan")).scalar_one() == "off"
    with hub.engine.begin() as tx:
        assert tx.execute(text("SHOW enable_bitmapscan")).scalar_one() == "on"
