"""On CI a run without a real Apache Kafka fails; elsewhere its tests are skipped in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.stack.processes import free_ports
from tests.support.ran_on import Sum

ROOT = Path(__file__).resolve().parents[2]
KAFKA_TEST = "tests/delivery/test_kafka.py::test_a_topic_that_is_missing_is_said_at_once"
OTHER_TEST = "tests/delivery/test_replay.py::test_a_second_replay_puts_nothing_back"


def run_without_kafka(test: str, *, ci: bool) -> tuple[int, str]:
    (port,) = free_ports(1)
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"YIDI_KAFKA": f"127.0.0.1:{port}"} | ({"CI": "true"} if ci else {})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout


def test_on_ci_a_run_without_kafka_fails_and_says_why() -> None:
    status, output = run_without_kafka(KAFKA_TEST, ci=True)
    assert status == pytest.ExitCode.TESTS_FAILED
    assert "FAILED: CI=true, and 1 tests did not run on a real Apache Kafka" in output
    assert "no Apache Kafka can be had: nothing answers as Kafka at YIDI_KAFKA" in output


def test_elsewhere_the_kafka_tests_are_skipped_in_one_clear_line() -> None:
    status, output = run_without_kafka(KAFKA_TEST, ci=False)
    assert status == pytest.ExitCode.OK
    assert output.count("SKIPPED [1]") == 1
    assert "no Apache Kafka can be had: nothing answers as Kafka at YIDI_KAFKA" in output


def test_on_ci_a_run_that_selects_no_kafka_test_says_what_it_ran_on() -> None:
    status, output = run_without_kafka(OTHER_TEST, ci=True)
    assert status == pytest.ExitCode.OK
    assert "broker: in-process broker (not durable) · database: PostgreSQL" in output


def test_the_report_of_a_process_that_died_is_summed_up_like_any_other() -> None:
    """It was written by who found it dead, who knows of no Kafka."""
    found = Sum()
    found.add(pytest.TestReport("t.py::t", ("t.py", 1, "t"), {}, "failed", "it died", "call"))
    assert (found.ran_on, found.need_kafka) == (set(), set())
