"""Everything that a benchmark runs: the parts, the crowd, and the load on one of two doors."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Protocol

from sqlalchemy import Engine, inspect, text

from contracts.clock import SystemClock
from contracts.codes import AreaCode
from contracts.delivery.outbox import Outbox
from participants.treatment.settings import Settings
from participants.treatment.store.listening import Listener
from simulators.bench.bills import Patients
from simulators.bench.crowd import enrol, patients_of
from simulators.bench.http_load import HttpLoad
from simulators.bench.load import Answered, Load
from simulators.running.any_rate import any_rate
from simulators.running.deployment import Deployment, deployed
from simulators.running.parts import Parts, started
from simulators.running.seeding import seed
from simulators.stack.folders import run_folder
from simulators.stack.processes import free_ports
from simulators.stack.servers import Servers

INSURED, TREATMENT = AreaCode("340000"), AreaCode("310000")
ABSENT = (f"insured.{TREATMENT}", f"treatment.{INSURED}")
"""Each area plays one role here; the other of its two is spoken to all the same."""
PEOPLE = 10_000

Tell = Callable[[str], None]


class Way(StrEnum):
    """Where the load comes in, and so what an answer's time includes."""

    DESK = "desk"  # the treatment area's use case, as the gateway calls it
    HTTP = "http"  # the hospitals' door


class Loading(Protocol):
    """What asks for settlements and hears the answers; times are `time.perf_counter`."""

    @property
    def answers(self) -> list[Answered]: ...

    @property
    def asked(self) -> int: ...

    def keep_waiting(self, window: int, seconds: float) -> None: ...

    def at_rate(self, per_second: int, seconds: float) -> None: ...

    def drain(self, within_s: float) -> int: ...

    def tend(self) -> None: ...


UNPROMPTED = {"YIDI_HUB_CANARY_EVERY_S": "0", "YIDI_HUB_WEATHER_EVERY_S": "0"}
"""Messages are counted in the end: the hub says nothing that no hospital caused."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that runs, while it runs."""

    deployment: Deployment
    parts: Parts
    load: Loading
    engines: Mapping[str, Engine]
    before: Mapping[str, Mapping[str, int]]
    """Rows that each table of each database held before the load."""

    def pids(self) -> dict[str, int]:
        names = {name: child.pid for name, child in self.parts.children.items()}
        return {**names, **self.deployment.servers.pids}


@contextmanager
def running(given: Servers, way: Way, seed_number: int, tell: Tell) -> Iterator[Bench]:
    """The parts as processes of their own, everybody registered, and nothing asked yet."""
    areas = (INSURED, TREATMENT)
    with deployed(given, areas) as deployment, run_folder("bench") as folder:
        clock = SystemClock()
        seed(deployment, clock.now())
        engines = {
            "hub": deployment.hub_engine("bench"),
            "insured": deployment.insured_engine(INSURED, "bench"),
            "treatment": deployment.treatment_engine(TREATMENT, "bench"),
        }
        with started(folder, deployment.environment() | UNPROMPTED) as parts:
            parts.start("hub work", ["hub", "work"])
            parts.start("hub jobs", ["hub", "jobs"])
            parts.start("insured work", ["insured", "work", "--area", INSURED])
            parts.start("treatment work", ["treatment", "work", "--area", TREATMENT])
            sender = deployment.transport().sender("bench")
            outbox = Outbox(engines["treatment"], sender, clock)
            try:
                people = enrol(deployment, engines, outbox, count=PEOPLE, tell=tell)
                patients, random = patients_of(people), Random(seed_number)
                with LOADS[way](deployment, parts, outbox, patients, random) as load:
                    before = {role: rows_of(engine) for role, engine in engines.items()}
                    yield Bench(deployment, parts, load, engines, before)
            finally:
                outbox.close()
                for engine in engines.values():
                    engine.dispose()


@contextmanager
def _desk(
    deployment: Deployment, _parts: Parts, outbox: Outbox, patients: Patients, random: Random
) -> Iterator[Load]:
    load = Load(
        outbox=outbox,
        terms=Settings().terms(TREATMENT),
        patients=patients,
        clock=SystemClock(),
        random=random,
        listener=Listener(deployment.treatment_url.replace("{area}", TREATMENT)),
    )
    stop = threading.Event()
    listening = threading.Thread(target=load.listen, args=(stop,), name="listen")
    listening.start()
    try:
        yield load
    finally:
        stop.set()
        listening.join()


@contextmanager
def _http(
    _deployment: Deployment, parts: Parts, _outbox: Outbox, patients: Patients, random: Random
) -> Iterator[HttpLoad]:
    [port] = free_ports(1)
    command = ["gateway", "serve", "--area", TREATMENT, "--port", str(port)]
    parts.start("gateway", command, YIDI_GATEWAY_FAIR_USE_FILE=str(any_rate(parts.folder)))
    parts.wait_until_healthy("gateway", f"http://127.0.0.1:{port}/health")
    load = HttpLoad(
        host="127.0.0.1",
        port=port,
        patients=patients,
        treatment_division=TREATMENT,
        clock=SystemClock(),
        random=random,
    )
    try:
        yield load
    finally:
        load.close()


_Opened = Callable[[Deployment, Parts, Outbox, Patients, Random], AbstractContextManager[Loading]]
LOADS: Mapping[Way, _Opened] = {Way.DESK: _desk, Way.HTTP: _http}


def rows_of(engine: Engine) -> dict[str, int]:
    """How many rows each table holds."""
    return {
        table: number_of(engine, f"SELECT count(*) FROM {table}")
        for table in inspect(engine).get_table_names()
    }


def number_of(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())
