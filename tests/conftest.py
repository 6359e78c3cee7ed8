"""The servers under the tests, and the order in which the tests run: the quickest first."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from contracts.programs import memory
from simulators.running.any_rate import any_rate
from simulators.stack.servers import NoKafka, Servers, servers
from tests.support import ran_on
from tests.support.conforming import hospitals_conform
from tests.support.databases import Databases, given_back
from tests.support.ran_on import NEEDS_KAFKA, ON_CI, SERVERS, WHY_NO_KAFKA


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ran_on)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("kafka") is not None:
            config.stash[NEEDS_KAFKA].add(item.nodeid)
            # Before all its other fixtures: a test without Kafka is skipped before it begins.
            item.fixturenames.insert(0, "kafka_bootstrap")  # type: ignore[attr-defined]  # functions
    # Stable: within each kind the order of the files stays.
    items.sort(key=partial(_patience, is_shared=hasattr(config, "workerinput")))


def pytest_collection_finish() -> None:
    """Ten thousand tests and all that they import stay: nobody need look through them again."""
    memory.settled()


def _patience(item: pytest.Item, *, is_shared: bool) -> tuple[bool, ...]:
    """The quickest first: rules without a server, then a database, then Kafka and whole worlds.

    What takes minutes comes last; but where several processes share the tests it begins first, and
    the others meanwhile run the quick ones.
    """
    needs = getattr(item, "fixturenames", ())
    names = ("long", "slow", "kafka")
    long, slow, kafka = (item.get_closest_marker(name) is not None for name in names)
    return (long != is_shared, slow, kafka, "stack" in needs)


@pytest.fixture(scope="session", autouse=True)
def no_rates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One test asks in a second what a hospital asks in a minute; the gate's tests set limits."""
    with pytest.MonkeyPatch.context() as environment:
        limits = any_rate(tmp_path_factory.mktemp("limits"))
        environment.setenv("YIDI_GATEWAY_FAIR_USE_FILE", str(limits))
        yield


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """PostgreSQL, and Kafka where a selected test asks for it and it can be had."""
    config = request.config
    wanted = bool(config.stash[NEEDS_KAFKA])
    with ExitStack() as block:
        try:
            given = block.enter_context(servers(kafka=wanted, durable=False, in_memory=True))
        except NoKafka as reason:
            config.stash[WHY_NO_KAFKA] = str(reason)
            given = block.enter_context(servers(kafka=False, durable=False, in_memory=True))
        config.stash[SERVERS] = given
        yield given


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest, stack: Servers) -> str:
    """Where the session's real Apache Kafka answers; without one the test is skipped."""
    if stack.kafka is not None:
        return stack.kafka
    reason = f"no Apache Kafka can be had: {request.config.stash[WHY_NO_KAFKA]}"
    if ON_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def database_server(stack: Servers) -> Databases:
    return Databases(stack.database_url)


@pytest.fixture
def databases(database_server: Databases) -> Iterator[Databases]:
    """Databases of one test; all are dropped when it ends."""
    with given_back(database_server) as databases:
        yield databases


@pytest.fixture(scope="session", autouse=True)
def _every_answer_conforms() -> Iterator[None]:
    """What a simulated hospital is told is held against the interface's tables, in every test."""
    with hospitals_conform():
        yield
