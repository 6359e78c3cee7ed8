"""A settlement and its step are written together, or neither is."""

from dataclasses import replace

import pytest
from psycopg2.errors import ForeignKeyViolation

from contracts.ids import SettlementId
from hub.domain.settlement import Event, Moved, Settlement
from hub.store import settlements
from hub.store.db import migrate
from tests.services.test_hub_settlements import a_request, accept, accepted
from tests.support.databases import Databases
from tests.support.hub import FROM_TREATMENT, NOW, Hub, an_open_hub, said

STEPS = "SELECT position, from_state, event, to_state FROM settlement_steps"
ROUTED = [(1, "received", "route", "routed")]


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def expiring(before: Settlement) -> Moved:
    return Moved(before, Event.EXPIRE, before.after(Event.EXPIRE, concluded_at=NOW), NOW, None)


def moved(hub: Hub, *moves: Moved) -> None:
    with hub.engine.begin() as tx:
        settlements.move(tx, moves)


def standing(hub: Hub, settlement_id: SettlementId) -> Settlement:
    with hub.engine.begin() as tx:
        found = settlements.find(tx, settlement_id)
    assert found is not None
    return found


def test_a_move_of_what_stands_elsewhere_by_now_writes_nothing_at_all(hub: Hub) -> None:
    one, other = (standing(hub, accepted(hub)) for _ in range(2))
    moved(hub, expiring(one))
    before = hub.rows(STEPS)
    with pytest.raises(AssertionError, match="moved by somebody else"):
        moved(hub, expiring(one), expiring(other))
    assert hub.state_of(other.settlement_id) == "routed"
    assert hub.rows(STEPS) == before


def test_two_moves_of_one_settlement_are_not_written_together(hub: Hub) -> None:
    first = expiring(standing(hub, accepted(hub)))
    again = replace(first.after, step_count=3, late_answers=1)
    second = Moved(first.after, Event.SETTLE, again, NOW, None)
    for both in ((first, first), (first, second)):
        with pytest.raises(AssertionError, match="moved by somebody else"):
            moved(hub, *both)
    assert hub.rows(STEPS) == ROUTED


def test_a_step_that_is_not_in_the_table_moves_nothing(hub: Hub) -> None:
    one = expiring(standing(hub, accepted(hub)))
    with pytest.raises(ForeignKeyViolation, match="settlement_steps_are_legal"):
        moved(hub, replace(one, event=Event.KEEP))
    assert hub.state_of(one.after.settlement_id) == "routed"


def test_a_bill_under_a_known_id_gets_no_second_first_step(hub: Hub) -> None:
    known = accepted(hub)
    hub.hear(accept, said(a_request(known), FROM_TREATMENT), said(a_request(), FROM_TREATMENT))
    assert hub.rows(STEPS) == ROUTED * 2
    assert hub.anomalies() == ["repeated_id"]
