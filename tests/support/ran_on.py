"""A CI run without a real Kafka is a failed run, and every run says what it ran on.

Several processes may share the tests (pytest-xdist). Each says with every test's report whether the
test needs Kafka and whether it had one; whoever sums the reports up judges.
"""

import os
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from simulators.stack.servers import Servers

ON_CI = os.environ.get("CI") == "true"

NEEDS_KAFKA = pytest.StashKey[set[str]]()
"""The selected tests that need a real Kafka."""
SERVERS = pytest.StashKey[Servers]()
WHY_NO_KAFKA = pytest.StashKey[str]()


@dataclass(slots=True)
class Sum:
    """What the reports of all processes say."""

    ran_on: set[str] = field(default_factory=set)
    need_kafka: set[str] = field(default_factory=set)
    had_kafka: set[str] = field(default_factory=set)

    def add(self, report: Any) -> None:
        if "needs_kafka" not in vars(report):
            return  # Of a process that died: it has failed, whatever it ran on.
        if report.needs_kafka:
            self.need_kafka.add(report.nodeid)
        if report.needs_kafka and report.had_kafka:
            self.had_kafka.add(report.nodeid)
        if report.ran_on:
            self.ran_on.add(report.ran_on)

    def lacking(self) -> int:
        """How many tests did not run on the real Kafka that they need; 0 where nobody minds."""
        return len(self.need_kafka - self.had_kafka) if ON_CI else 0


SUM = pytest.StashKey[Sum]()


class Summing:
    """Hears every test's report, whichever process ran the test."""

    def __init__(self, found: Sum) -> None:
        self._found = found

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._found.add(report)


def pytest_configure(config: pytest.Config) -> None:
    found = Sum()
    config.stash[NEEDS_KAFKA], config.stash[SUM] = set(), found
    config.pluginmanager.register(Summing(found))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    given = item.config.stash.get(SERVERS, None)
    has_run = call.when == "call" and not report.skipped
    # Plain attributes: they travel to whoever sums up, in this process or another.
    vars(report).update(
        needs_kafka=item.nodeid in item.config.stash[NEEDS_KAFKA],
        had_kafka=has_run and given is not None and given.kafka is not None,
        ran_on="" if given is None else f"broker: {given.broker} · database: {given.database}",
    )
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    is_judge = not hasattr(session.config, "workerinput")  # one of several processes is none
    if is_judge and session.config.stash[SUM].lacking() and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    found = config.stash[SUM]
    for what in sorted(found.ran_on):
        terminalreporter.write_line(what)
    if lacking := found.lacking():
        terminalreporter.write_line(
            f"FAILED: CI=true, and {lacking} tests did not run on a real Apache Kafka", red=True
        )
