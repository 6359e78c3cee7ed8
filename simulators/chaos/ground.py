"""A country of separate processes on servers of its own, and the supervisor who starts them again.

Everything is made here and gone afterwards: servers that somebody gave us are nobody's to break.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx

from contracts.clock import SystemClock
from contracts.codes import AreaCode
from simulators.chaos.crowd import Patient, registered
from simulators.chaos.plan import BROKER, DATABASE
from simulators.running.deployment import Deployment, deployed
from simulators.running.parts import Parts
from simulators.running.seeding import Tokens, seed
from simulators.stack import embedded, kafka
from simulators.stack.folders import run_folder
from simulators.stack.jars import kafka_version
from simulators.stack.postgres import server_version
from simulators.stack.processes import Child, free_ports
from simulators.stack.servers import Servers, sigterm_unwinds
from simulators.truths import Sides, begun

AREAS = (AreaCode("310000"), AreaCode("340000"))
"""People of each are treated in the other."""
ENVIRONMENT = {
    "YIDI_ASK_EVERY_S": "1",
    "YIDI_HUB_CANARY_EVERY_S": "1",
    "YIDI_SETTLE_WITHIN_MS": "3000",  # and three seconds of margin: T at the hospital
    # Hospitals are told 'unknown, certain by T' early, so that it is an everyday answer.
    "YIDI_GATEWAY_ANSWER_WITHIN_S": "1.5",
}

LOOK_MS = 1_000

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Dead:
    """Something that ended by itself, and was started again at once."""

    name: str
    exit_code: int | None
    found_at: datetime

    @property
    def told(self) -> str:
        return f"{self.name} ({self.exit_code})"


@dataclass(slots=True)
class Ground:
    """`held`: what is down on purpose. `found_dead`: what ended by itself and was started again."""

    deployment: Deployment
    sides: Sides
    parts: Parts
    broker: kafka.LocalKafka
    database: embedded.LocalPostgres
    gateway_port: int
    patients: tuple[Patient, ...]
    held: set[str] = field(default_factory=set)
    found_dead: list[Dead] = field(default_factory=list)
    clock: SystemClock = field(default_factory=SystemClock)

    def child(self, target: str) -> Child:
        """A program or a server, by its name in the plan."""
        servers = {BROKER: self.broker.process, DATABASE: self.database.process}
        return servers.get(target) or self.parts.children[target]

    def answers(self, target: str) -> bool:
        """Is a server there for its clients? A program is as soon as it runs."""
        if target == BROKER:
            return kafka.answers(self.broker.bootstrap, LOOK_MS)
        return target != DATABASE or embedded.answers(self.database.url)

    def tend(self) -> None:
        """Start again whatever has ended by itself, as a supervisor does."""
        for name in (BROKER, DATABASE, *self.parts.children):
            child = self.child(name)
            if name not in self.held and not child.alive:
                self.found_dead.append(Dead(name, child.exit_code, self.clock.now()))
                child.restart()

    def hold_still(self) -> None:
        """Nobody does anything: the databases stay as they are at this very moment."""
        for child in self.parts.children.values():
            child.pause()

    def go_on(self) -> None:
        for child in self.parts.children.values():
            child.resume()


@contextmanager
def ground(folder: Path, tell: Tell) -> Iterator[Ground]:
    """Everything is up and everybody is registered; logs are in `folder`. NoKafka, NoPostgres."""
    with sigterm_unwinds(), ExitStack() as stack:
        # Durable: whoever is killed must find again what it has committed.
        database = stack.enter_context(embedded.local_postgres(durable=True))
        broker = stack.enter_context(kafka.local_kafka(tell))
        servers = _described(database, broker)
        deployment = stack.enter_context(deployed(servers, AREAS))
        tokens = seed(deployment, SystemClock().now())
        sides = _sides(deployment, stack)
        parts = Parts(folder, deployment.environment() | ENVIRONMENT)
        stack.callback(_killed, parts)
        hub_api, gateway_port = _started(parts)
        patients = _patients(deployment, tokens, hub_api, sides, tell)
        yield Ground(
            deployment=deployment,
            sides=begun(sides),
            parts=parts,
            broker=broker,
            database=database,
            gateway_port=gateway_port,
            patients=patients,
        )


def _described(database: embedded.LocalPostgres, broker: kafka.LocalKafka) -> Servers:
    return Servers(
        database_url=database.url,
        database=f"PostgreSQL {server_version(database.url)} (embedded)",
        kafka=broker.bootstrap,
        broker=f"Apache Kafka {kafka_version()} (local, KRaft)",
        pids={"postgres": database.process.pid, "kafka": broker.process.pid},
    )


def _sides(deployment: Deployment, stack: ExitStack) -> Sides:
    sides = Sides(
        hub=deployment.hub_engine("chaos"),
        insured={area: deployment.insured_engine(area, "chaos") for area in AREAS},
        treatment={area: deployment.treatment_engine(area, "chaos") for area in AREAS},
    )
    for _, engine in sides.named():
        stack.callback(engine.dispose)
    return sides


def _started(parts: Parts) -> tuple[str, int]:
    """Every program, a process each; where the hub's API answers, and the gateway's port."""
    api_port, gateway_port = free_ports(2)
    areas = [word for area in AREAS for word in ("--area", area)]
    parts.start("hub work", ["hub", "work"])
    parts.start("hub jobs", ["hub", "jobs"])
    parts.start("hub api", ["hub", "api"], YIDI_HUB_API_PORT=str(api_port))
    parts.start("insured work", ["insured", "work", *areas])
    parts.start("treatment work", ["treatment", "work", *areas])
    parts.start("gateway", ["gateway", "serve", *areas, "--port", str(gateway_port)])
    hub_api = f"http://127.0.0.1:{api_port}"
    parts.wait_until_healthy("hub api", f"{hub_api}/health")
    parts.wait_until_healthy("gateway", f"http://127.0.0.1:{gateway_port}/health")
    return hub_api, gateway_port


def _patients(
    deployment: Deployment, tokens: Tokens, hub_api: str, sides: Sides, tell: Tell
) -> tuple[Patient, ...]:
    key = base64.b64decode(deployment.secrets["YIDI_PERSON_TOKEN_KEY"])
    tell("registering the patients of both areas")
    with httpx.Client(timeout=30.0) as http:
        return registered(
            AREAS, http=http, hub_api=hub_api, agencies=tokens.agencies, hub=sides.hub, key=key
        )


def _killed(parts: Parts) -> None:
    # One that hangs would not hear a request, and at the end there is nothing left to put in order.
    for child in parts.children.values():
        child.kill()


@contextmanager
def kept(logs: Path | None) -> Iterator[Path]:
    """The folder for the logs: the given one, which stays, or one of this run."""
    if logs is None:
        with run_folder("chaos") as folder:
            yield folder
        return
    logs.mkdir(parents=True, exist_ok=True)
    yield logs
