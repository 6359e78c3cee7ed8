"""No plan that a session keeps reads all of a table that grows, whenever it was made."""

import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

import pytest
from sqlalchemy import Connection, Engine, text

import contracts.delivery
import hub.store
import participants.insured.store
import participants.treatment.store
from contracts.delivery import prepared
from contracts.delivery.engine import engine_of
from contracts.delivery.prepared import Prepared
from hub.store.db import migrate as migrate_hub
from participants.insured.store.db import migrate as migrate_insured
from participants.treatment.store.db import migrate as migrate_treatment
from tests.support.databases import Databases

ROOMS = {
    "hub": (hub.store, migrate_hub),
    "insured": (participants.insured.store, migrate_insured),
    "treatment": (participants.treatment.store, migrate_treatment),
}
SMALL = {"participants", "area_terms", "business_days"}
"""Tables of a few rows for each area, or one for each day."""
WALKED = {"contracts.delivery.outbox._LEFT_BEHIND": {"outbox_unsent"}}
"""What walks along a queue, in its order, and stops where it has enough."""
EMPTIED = {"outbox_unsent", "releases_awaited"}
"""Tables that are empty in quiet moments, also when statistics are taken, and then full again."""


def _statements(room: ModuleType) -> dict[str, Prepared]:
    """All that its modules hold, by the module and the name there."""
    return {
        f"{module.__name__}.{name}": one
        for found in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")
        if not found.ispkg
        for module in [import_module(found.name)]
        for name, one in vars(module).items()
        if isinstance(one, Prepared)
    }


Engines = Callable[[str, bool], Engine]
CASES = [
    pytest.param(role, name, one, id=f"{role}-{name}")
    for role, (room, _) in ROOMS.items()
    for name, one in {**_statements(room), **_statements(contracts.delivery)}.items()
]


@contextmanager
def _session(of: Engine) -> Iterator[Connection]:
    url = of.url.render_as_string(hide_password=False)
    engine = engine_of(url, name="plans", pool_max=1, keeps_plans=True)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _plan(connection: Connection, one: Prepared) -> list[str]:
    connection.execute(text(one.preparing.replace(":", r"\:")))
    parameters = ", ".join(["NULL"] * len(one.as_arrays))
    given = f"({parameters})" if parameters else ""
    rows = connection.execute(text(f"EXPLAIN EXECUTE {one.name} {given}"))
    return [line for (line,) in rows]


def _read_whole(plan: list[str]) -> set[str]:
    """Tables, of 'Seq Scan on people p'; a scan of a whole index has no condition on it."""
    return {
        line.split(" on ")[1].split()[0]
        for line, after in zip(plan, [*plan[1:], ""], strict=True)
        if "Seq Scan on " in line or (" using " in line and "Cond:" not in after)
    }


@pytest.fixture(scope="module")
def engines(database_server: Databases) -> Iterator[Engines]:
    """A database for each role and each state of its statistics."""
    made: dict[tuple[str, bool], Engine] = {}

    def of(role: str, is_counted: bool) -> Engine:
        if (role, is_counted) not in made:
            made[role, is_counted] = engine = database_server.fresh(role, ROOMS[role][1])
            if is_counted:
                with engine.begin() as tx:
                    tx.execute(text("ANALYZE"))
        return made[role, is_counted]

    yield of
    database_server.take_back()


@pytest.mark.parametrize(("role", "name", "one"), CASES)
def test_a_plan_made_for_a_new_database_goes_by_index(
    engines: Engines, role: str, name: str, one: Prepared
) -> None:
    with _session(engines(role, False)) as connection:
        plan = _plan(connection, one)
        assert _read_whole(plan) <= SMALL | WALKED.get(name, set()), "\n".join([name, *plan])


@pytest.mark.parametrize(("role", "name", "one"), CASES)
def test_a_plan_made_while_a_queue_was_counted_as_empty_goes_by_index(
    engines: Engines, role: str, name: str, one: Prepared
) -> None:
    with _session(engines(role, True)) as connection:
        plan = _plan(connection, one)
        found = _read_whole(plan) - WALKED.get(name, set())
        assert found.isdisjoint(EMPTIED), "\n".join([name, *plan])


def test_what_reads_a_whole_table_is_seen(engines: Engines) -> None:
    """So the tests above can fail."""
    without_index = prepared.statement("SELECT FROM settlements WHERE total_fen = $1", "bigint")
    with _session(engines("hub", False)) as connection:
        assert _read_whole(_plan(connection, without_index)) == {"settlements"}


def test_it_is_the_settings_that_make_it_go_by_index(engines: Engines) -> None:
    by_key = _statements(participants.treatment.store)["participants.treatment.store.attempts._OF"]
    with _session(engines("treatment", False)) as connection:
        for setting in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            connection.execute(text(f"SET {setting} = on"))
        connection.execute(text("SET random_page_cost = 4"))
        assert _read_whole(_plan(connection, by_key)) == {"attempts"}
