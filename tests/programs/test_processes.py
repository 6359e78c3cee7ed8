"""Every long-running program as a process: it comes up, and SIGTERM ends it in order with 0."""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine, text

from contracts.clock import SystemClock, shanghai_date_of
from contracts.codes import AreaCode
from simulators.agency import Client, wait_for
from simulators.demo.plot import PlannedRegistration, load_plot
from simulators.hospital import Hospital
from simulators.running.deployment import Deployment, deployed
from simulators.running.seeding import Tokens, seed
from simulators.stack.processes import Child, free_ports
from simulators.stack.servers import Servers
from simulators.world.population import institutions

ENDS_WITHIN_S = 60.0
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING) \S.* [\w.]+: .+")
PLANNED: PlannedRegistration = load_plot().registrations[0]
HOME, PLACE = PLANNED.person.area, AreaCode(f"{PLANNED.place[:2]}0000")

pytestmark = pytest.mark.kafka


@dataclass(frozen=True, slots=True)
class Programs:
    """Starts `yidi …` as an operator does: without any flag for the interpreter."""

    deployment: Deployment
    tokens: Tokens
    folder: Path
    stack: ExitStack

    def start(self, *command: str, **environment: str) -> Child:
        child = Child.start(
            "-".join(command[:2]),
            [sys.executable, "-m", "simulators.main", *command],
            log=self.folder / "log",
            env=self.deployment.environment() | environment,
        )
        self.stack.callback(child.kill)
        return child

    def healthy(self, child: Child, url: str) -> None:
        def answers() -> bool:
            assert child.alive, child.log_tail()
            try:
                return httpx.get(f"{url}/health", timeout=5.0).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        wait_for("it is healthy", answers)


@pytest.fixture
def programs(stack: Servers, kafka_bootstrap: str, tmp_path: Path) -> Iterator[Programs]:
    areas = tuple(dict.fromkeys((HOME, PLACE)))
    with deployed(stack, areas) as deployment, ExitStack() as children:
        tokens = seed(deployment, SystemClock().now())
        yield Programs(deployment, tokens, tmp_path, children)


def said_and_unsent(engine: Engine) -> tuple[int, int]:
    with engine.connect() as tx:
        said, unsent = (
            tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            for table in ("outbox", "outbox_unsent")
        )
    engine.dispose()
    return said, unsent


def ended_in_order(child: Child) -> None:
    child.stop(ENDS_WITHIN_S)
    assert child.exit_code == 0, child.log_tail()
    lines = child.log.read_text("utf-8").splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []


def test_the_hubs_api_ends_with_nothing_unsent(programs: Programs) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    child = programs.start("hub", "api", YIDI_HUB_API_PORT=str(port))
    programs.healthy(child, url)
    with httpx.Client() as http:
        agency = Client(url, programs.tokens.agencies[HOME], http)
        agency.submit(uuid4(), PLANNED.body(shanghai_date_of(SystemClock().now())))
    ended_in_order(child)
    said, unsent = said_and_unsent(programs.deployment.hub_engine())
    assert (said > 0, unsent) == (True, 0)


def test_the_gateway_ends_with_nothing_unsent(programs: Programs) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    child = programs.start(
        *("gateway", "serve", "--area", PLACE, "--port", str(port)),
        YIDI_GATEWAY_ANSWER_WITHIN_S="0.2",  # nobody is there who would answer
    )
    programs.healthy(child, url)
    with httpx.Client() as http:
        reply = Hospital(institutions(PLACE)[0], url, http, SystemClock()).identify(PLANNED.person)
    assert not reply.ok
    ended_in_order(child)
    assert said_and_unsent(programs.deployment.treatment_engine(PLACE)) == (1, 0)


def test_the_desk_ends_in_order(programs: Programs) -> None:
    (port,) = free_ports(1)
    child = programs.start("insured", "api", "--area", HOME, YIDI_INSURED_API_PORT=str(port))
    programs.healthy(child, f"http://127.0.0.1:{port}")
    ended_in_order(child)


@pytest.mark.parametrize(
    "command",
    [
        ("hub", "work"),
        ("hub", "jobs"),
        ("insured", "work", "--area", HOME),
        ("treatment", "work", "--area", PLACE),
    ],
    ids=" ".join,
)
def test_a_worker_moves_and_ends_in_order(programs: Programs, command: tuple[str, ...]) -> None:
    heartbeat = programs.folder / "heartbeat"
    child = programs.start(*command, YIDI_HEARTBEAT=str(heartbeat))

    def beats() -> bool:
        assert child.alive, child.log_tail()
        return heartbeat.exists()

    wait_for("it moves", beats)
    ended_in_order(child)
    assert not heartbeat.exists()


def test_a_port_that_is_taken_ends_it_with_one_sentence(programs: Programs) -> None:
    (port,) = free_ports(1)
    first, second = (programs.start("hub", "api", YIDI_HUB_API_PORT=str(port)) for _ in range(2))
    wait_for("one of them ends", lambda: not (first.alive and second.alive))
    stays, goes = (first, second) if first.alive else (second, first)
    assert goes.exit_code == 1
    assert f"无法提供服务：127.0.0.1:{port}，原因见日志" in goes.log_tail()
    programs.healthy(stays, f"http://127.0.0.1:{port}")
    stays.stop(ENDS_WITHIN_S)
    assert stays.exit_code == 0
