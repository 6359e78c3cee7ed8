"""`yidi up` keeps a world up, answers at its doors, and ends cleanly when told to."""

import re
import signal
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.flow.leftovers import left_running, started

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
READY = "Ctrl-C"
ENDS_WITHIN_S = 60


def lines_until_ready(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if READY in line:
            return


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param((), signal.SIGINT, id="embedded, Ctrl-C"),
        pytest.param((), signal.SIGTERM, id="embedded, SIGTERM"),
        pytest.param(("--kafka",), signal.SIGINT, id="Kafka, Ctrl-C", marks=pytest.mark.kafka),
    ],
)
def test_the_world_answers_and_ends_when_told(
    arguments: tuple[str, ...], told: signal.Signals
) -> None:
    with started("up", *arguments) as (process, mark):
        said = "".join(lines_until_ready(process))
        hub, gateway, desk = ADDRESS.findall(said)[:3]
        for door in (hub, gateway, desk):
            assert httpx.get(f"{door}/health", timeout=10).status_code == httpx.codes.OK
        refused = httpx.get(f"{hub}/business-days", timeout=10)
        assert refused.status_code == httpx.codes.UNAUTHORIZED
        assert refused.json()["code"] == "1012"
        process.send_signal(told)
        assert process.wait(ENDS_WITHIN_S) == 0
        assert left_running(mark) == ()
