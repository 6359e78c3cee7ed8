"""The servers under the tests, and the rule that a CI run without a real Kafka is a failed run."""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from simulators.running.any_rate import any_rate
from simulators.stack.servers import NoKafka, Servers, servers
from tests.support.conforming import hospitals_conform
from tests.support.databases import Databases, given_back

ON_CI = os.environ.get("CI") == "true"


@dataclass(slots=True)
class Ran:
    """What this session ran on, for its last lines and its exit status."""

    servers: Servers | None = None
    no_kafka: str = ""
    kafka_tests: set[str] = field(default_factory=set)  # selected
    kafka_tests_run: set[str] = field(default_factory=set)

    def lacks_kafka(self) -> bool:
        return ON_CI and self.kafka_tests != self.kafka_tests_run


RAN = pytest.StashKey[Ran]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RAN] = Ran()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("kafka") is not None:
            config.stash[RAN].kafka_tests.add(item.nodeid)
            # Before all its other fixtures: a test without Kafka is skipped before it begins.
            item.fixturenames.insert(0, "kafka_bootstrap")  # type: ignore[attr-defined]  # functions
    items.sort(key=_patience)  # stable: within each kind the order of the files stays


def _patience(item: pytest.Item) -> tuple[bool, bool, bool]:
    """The quickest first: rules without a server, then a database, then Kafka and whole worlds."""
    needs = getattr(item, "fixturenames", ())
    marked = [item.get_closest_marker(name) is not None for name in ("slow", "kafka")]
    return (marked[0], marked[1], "stack" in needs)


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
    ran = request.config.stash[RAN]
    with ExitStack() as block:
        try:
            ran.servers = block.enter_context(servers(kafka=bool(ran.kafka_tests), durable=False))
        except NoKafka as reason:
            ran.no_kafka = str(reason)
            ran.servers = block.enter_context(servers(kafka=False, durable=False))
        yield ran.servers


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest, stack: Servers) -> str:
    """Where the session's real Apache Kafka answers; without one the test is skipped."""
    if stack.kafka is not None:
        return stack.kafka
    reason = f"no Apache Kafka can be had: {request.config.stash[RAN].no_kafka}"
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    ran = item.config.stash[RAN]
    had = ran.servers is not None and ran.servers.kafka is not None
    if had and call.when == "call" and not report.skipped and item.nodeid in ran.kafka_tests:
        ran.kafka_tests_run.add(item.nodeid)
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if session.config.option.collectonly:
        return
    if session.config.stash[RAN].lacks_kafka() and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    ran = config.stash[RAN]
    if ran.servers is not None:
        what = f"broker: {ran.servers.broker} · database: {ran.servers.database}"
        terminalreporter.write_line(what)
    if ran.lacks_kafka():
        missing = len(ran.kafka_tests - ran.kafka_tests_run)
        terminalreporter.write_line(
            f"FAILED: CI=true, and {missing} tests did not run on a real Apache Kafka", red=True
        )
