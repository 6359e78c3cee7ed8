"""What docker-compose.yml would start, started here without Docker: same order, same settings.

Addresses, ports and folders are this machine's; commands, roles, secrets' names and health checks
are the file's own. So a right that a role lacks, or a setting that a part misses, shows here.
"""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from simulators.stack.embedded import local_postgres
from simulators.stack.processes import Child, free_ports
from tests.support.secured_kafka import SecuredKafka, new_env, secured_kafka
from tests.system.test_compose import PARTS, ROOT, SERVICES, is_one_shot
from tests.system.test_compose_databases import run_script

HEALTHY_WITHIN_S = 90.0
DONE_WITHIN_S = 60.0

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@dataclass
class Rehearsal:
    """Starts services of the file on this machine's servers; each has a folder of its own."""

    folder: Path
    socket: str
    kafka: SecuredKafka
    secrets: Mapping[str, str]
    ports: dict[str, int] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        given = {k: self._here(name, v) for k, v in SERVICES[name].get("environment", {}).items()}
        path = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONPATH": str(ROOT)}
        return path | given

    def command(self, name: str) -> list[str]:
        words = [self._here(name, word) for word in SERVICES[name]["command"]]
        return [sys.executable, "-m", "simulators.main", *words]

    def run(self, name: str) -> None:
        """A one-shot service, to its end, twice: doing it again changes nothing."""
        for _ in range(2):
            done = subprocess.run(
                self.command(name),
                env=self.environment(name),
                cwd=self.folder,
                capture_output=True,
                text=True,
                timeout=DONE_WITHIN_S,
                check=False,
            )
            assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"

    def start(self, name: str) -> None:
        (self.ports[name],) = free_ports(1)
        self.children[name] = Child.start(
            name,
            self.command(name),
            log=self.folder / f"{name}.log",
            env=self.environment(name),
            cwd=self.folder,
        )

    def is_healthy(self, name: str) -> bool:
        assert self.children[name].alive, f"{name} ended:\n{self.children[name].log_tail()}"
        return self._answers(name) if "ports" in SERVICES[name] else self._moves(name)

    def _moves(self, name: str) -> bool:
        command = [sys.executable, "-m", "simulators.main", *SERVICES[name]["healthcheck"]["test"]]
        command = [word for word in command if word not in {"CMD", "yidi"}]
        asked = subprocess.run(
            command, env=self.environment(name), cwd=self.folder, capture_output=True, check=False
        )
        return asked.returncode == 0

    def _answers(self, name: str) -> bool:
        url = f"http://127.0.0.1:{self.ports[name]}/health"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.URLError:
            return False

    def _here(self, name: str, value: Any) -> str:
        text = re.sub(r"\$\{([A-Z0-9_]+):\?[^}]*\}", lambda found: self.secrets[found[1]], value)
        text = re.sub(r"@postgres:5432/(.+)$", rf"@/\1?host={self.socket}", text)
        text = self.kafka.here(text).replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        text = text.replace("/tmp/heartbeat", str(self.folder / f"{name}.heartbeat"))  # noqa: S108
        text = re.sub(r"^/data/", f"{ROOT}/simulators/data/", text)
        return str(self.ports.get(name, 0)) if text == "8000" else text


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    folder = tmp_path_factory.mktemp("rehearsal")
    secrets = new_env()
    with ExitStack() as stack:
        postgres = stack.enter_context(local_postgres(durable=False, in_memory=True))
        kafka = stack.enter_context(secured_kafka(secrets))
        run_script(postgres.url)
        socket = make_url(postgres.url).query["host"]
        found = Rehearsal(folder, str(socket), kafka, secrets)
        try:
            yield found
        finally:
            for child in found.children.values():
                child.stop()


def in_order() -> list[str]:
    """Every part after the parts that it needs."""
    order: list[str] = []
    while len(order) < len(PARTS):
        ready = [
            name
            for name in PARTS
            if name not in order
            and all(need in order or need not in PARTS for need in SERVICES[name]["depends_on"])
        ]
        assert ready, "parts that wait for each other"
        order += ready
    return order


def test_everything_starts_in_order_becomes_healthy_and_ends_when_asked(
    rehearsal: Rehearsal,
) -> None:
    for name in in_order():
        if is_one_shot(SERVICES[name]):
            rehearsal.run(name)
        else:
            rehearsal.start(name)
    waiting, until = set(rehearsal.children), time.monotonic() + HEALTHY_WITHIN_S
    while waiting and time.monotonic() < until:
        waiting = {name for name in waiting if not rehearsal.is_healthy(name)}
        time.sleep(0.2)
    assert not waiting
    for name, child in rehearsal.children.items():
        child.stop(grace_s=30.0)
        assert child.exit_code == 0, f"{name}:\n{child.log_tail()}"
