"""Sessions of persons: what is over is forgotten after a day, and nothing else is."""

from datetime import timedelta

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.ids import PersonId
from hub.services import person_sessions
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub import NOW, PERSON, an_open_hub

MINUTES = timedelta(minutes=15)
OVER = NOW + MINUTES + person_sessions.KEPT_FOR


def test_a_session_that_is_over_since_a_day_is_forgotten(databases: Databases) -> None:
    hub = an_open_hub(databases.fresh("hub", migrate))
    operator = Principal("值班员", AccessRole.OPERATOR, None)
    with hub.engine.begin() as tx:
        person_sessions.begin(tx, PersonId(PERSON), MINUTES, NOW)
        later = person_sessions.begin(tx, PersonId(PERSON), MINUTES, OVER)
        access.issue(tx, operator, valid_for=MINUTES, now=NOW)
    with hub.engine.begin() as tx:
        assert person_sessions.forget(tx, OVER - timedelta(seconds=1)) == 0
        assert person_sessions.forget(tx, OVER) == 1
        assert person_sessions.forget(tx, OVER) == 0
        found = access.principal_of(tx, later, OVER)
    assert found is not None
    assert found.subject == PERSON
    assert hub.rows("SELECT role FROM access_tokens ORDER BY role") == [("operator",), ("person",)]
