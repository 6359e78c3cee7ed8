"""`yidi policy calculate --batch` beside another program: each line is answered as it comes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from participants.policy.cases.stream import CASE_MAX

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "simulators.main", "policy", "calculate", "yizheng-employee-2010"]


@pytest.fixture
def batch() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*COMMAND, "--batch"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        yield process
        process.kill()


def asked(process: subprocess.Popen[bytes], line: bytes) -> dict[str, object]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + b"\n")
    process.stdin.flush()
    answer: dict[str, object] = json.loads(process.stdout.readline())
    return answer


def test_each_line_is_answered_before_the_next_is_given(batch: subprocess.Popen[bytes]) -> None:
    first = asked(batch, b'{"amounts_yuan": {"total": "10000"}}')
    assert first["pool"] == "8201.00"
    refused = asked(batch, b'{"visit": {"level": 5}}')
    assert (refused["line"], "error" in refused) == (2, True)
    assert asked(batch, b"{}")["cash"] == "0.00"
    batch.communicate()
    assert batch.returncode == 2


def test_a_line_without_end_is_refused_and_the_next_is_answered(
    batch: subprocess.Popen[bytes],
) -> None:
    refused = asked(batch, b'{"visit": "' + b"x" * (3 * CASE_MAX) + b'"}')
    assert refused["line"] == 1
    assert "1002" in json.dumps(refused)
    assert asked(batch, b'{"amounts_yuan": {"total": "300.00"}}')["deductible"] == "300.00"


def test_a_reader_that_leaves_is_no_fault_to_be_traced(batch: subprocess.Popen[bytes]) -> None:
    assert asked(batch, b"{}")["total"] == "0.00"
    assert batch.stdout is not None
    assert batch.stdin is not None
    assert batch.stderr is not None
    batch.stdout.close()
    batch.stdin.write(b"{}\n" * 10)
    batch.stdin.close()
    assert b"Traceback" not in batch.stderr.read()
    assert batch.wait(60) != 0


def test_a_refused_case_ends_the_command_with_two() -> None:
    given = b'{"amounts_yuan": {"total": "1", "in_scope": "2"}}'
    done = subprocess.run(
        [*COMMAND, "--json"], cwd=ROOT, input=given, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["field"] == "amounts_yuan.in_scope"
    assert done.stderr.decode().count("\n") == 1
