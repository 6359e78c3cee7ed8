"""Everything that a benchmark runs: the parts, the crowd, and the load on one of two doors."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Protocol

from sqlalchemy import Engine, inspect, text

from contracts.clock import SystemClock
from contracts.codes import AreaCode
from contracts.delivery.outbox import Outbox
from contracts.programs import memory
from participants.treatment.settings import Settings
from participants.treatment.store.listening import Listener
from simulators.bench.bills import Patients
from simulators.bench.crowd import Registry, enrol, open_pharmacies
from simulators.bench.http_load import HttpLoad
from simulators.bench.load import Answered, Desk, Load
from simulators.bench.pairs import ONE_PAIR, Pair, insured_areas, treatment_areas
from simulators.bench.validity import Side
from simulators.running.any_rate import any_rate
from simulators.running.deployment import Deployment, deployed
from simulators.running.parts import Parts, started
from simulators.running.seeding import seed
from simulators.stack.folders import run_folder
from simulators.stack.processes import free_ports
from simulators.stack.servers import Servers, servers

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

    @property
    def refused(self) -> Counter[str]:
        """Answers other than yes, by their code."""

    def keep_waiting(self, window: int, seconds: float) -> None: ...

    def at_rate(self, per_second: float, seconds: float) -> None: ...

    def drain(self, within_s: float) -> int: ...

    def tend(self) -> None: ...


UNPROMPTED = {"YIDI_HUB_CANARY_EVERY_S": "0", "YIDI_HUB_WEATHER_EVERY_S": "0"}
"""Messages are counted in the end: the hub says nothing that no hospital caused."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a stage is made of; `tell` hears what takes long."""

    tell: Tell
    seed: int = 1
    way: Way = Way.DESK
    pairs: tuple[Pair, ...] = ONE_PAIR
    hub_workers: int = 1
    may_expire: bool = False
    """For trying things out on a machine that has other work: what expires spoils no run."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that runs, while it runs."""

    servers: Servers
    setting: Setting
    deployment: Deployment
    parts: Parts
    load: Loading
    sides: tuple[Side, ...]
    before: tuple[Mapping[str, int], ...]
    """Rows that each table of each side's database held before the load."""
    asked_before: int = 0
    """Settlements that another load of this stage asked for."""

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return self.setting.pairs

    def pids(self) -> dict[str, int]:
        names = {name: child.pid for name, child in self.parts.children.items()}
        return {**names, **self.servers.pids}

    def engine_of(self, role: str) -> Engine:
        """Of the hub, or of the first area in this role."""
        return next(side.engine for side in self.sides if side.role == role)

    @property
    def kafka(self) -> str:
        """The address of this run's topics."""
        assert self.deployment.kafka is not None, "the benchmark runs on Kafka only"
        return self.deployment.kafka

    @property
    def desk(self) -> Load:
        """The load, where it asks below HTTP."""
        assert isinstance(self.load, Load), "this load asks over HTTP"
        return self.load


@contextmanager
def standing(setting: Setting) -> Iterator[Bench]:
    """Servers of their own that write to disk, and on them what `running` starts."""
    with (
        servers(kafka=True, durable=True, tell=setting.tell) as given,
        running(given, setting) as bench,
    ):
        yield bench


@contextmanager
def running(given: Servers, setting: Setting) -> Iterator[Bench]:
    """The parts as processes of their own, everybody registered, and nothing asked yet."""
    pairs = setting.pairs
    areas = (*insured_areas(pairs), *treatment_areas(pairs))
    with (
        deployed(given, areas) as deployment,
        run_folder("bench") as folder,
        _sides(deployment, pairs) as sides,
        _outboxes(deployment, pairs) as outboxes,
    ):
        seed(deployment, SystemClock().now())
        open_pharmacies({area: outbox.engine for area, outbox in outboxes.items()})
        with started(folder, deployment.environment() | UNPROMPTED) as parts:
            _start(parts, setting)
            insured = {AreaCode(s.area): s.engine for s in sides if s.role == "insured"}
            registry = Registry(deployment, sides[0].engine, insured, outboxes)
            patients = enrol(registry, pairs, setting.tell)
            opened = LOADS[setting.way]
            with opened(deployment, parts, outboxes, patients, Random(setting.seed)) as load:
                before = tuple(rows_of(side.engine) for side in sides)
                memory.settled()  # as the programs that it stands for
                yield Bench(given, setting, deployment, parts, load, sides, before)


@contextmanager
def _sides(deployment: Deployment, pairs: Sequence[Pair]) -> Iterator[tuple[Side, ...]]:
    """The hub's first."""
    insured = [
        Side("insured", deployment.insured_engine(area, "bench"), area)
        for area in insured_areas(pairs)
    ]
    treatment = [
        Side("treatment", deployment.treatment_engine(area, "bench"), area)
        for area in treatment_areas(pairs)
    ]
    sides = (Side("hub", deployment.hub_engine("bench")), *insured, *treatment)
    try:
        yield sides
    finally:
        for side in sides:
            side.engine.dispose()


@contextmanager
def _outboxes(deployment: Deployment, pairs: Sequence[Pair]) -> Iterator[Mapping[AreaCode, Outbox]]:
    """One of each treatment area, on an engine as its gateway has."""
    clock, transport = SystemClock(), deployment.transport()
    outboxes = {}
    for area in treatment_areas(pairs):
        engine = deployment.treatment_engine(area, f"desk {area}", keeps_plans=True)
        outboxes[area] = Outbox(engine, transport.sender(f"bench {area}"), clock)
    try:
        yield outboxes
    finally:
        for outbox in outboxes.values():
            outbox.close()
            outbox.engine.dispose()


def _start(parts: Parts, setting: Setting) -> None:
    for number in range(1, setting.hub_workers + 1):
        start_hub_worker(parts, number)
    parts.start("hub jobs", ["hub", "jobs"])
    for role, areas in (
        ("insured", insured_areas(setting.pairs)),
        ("treatment", treatment_areas(setting.pairs)),
    ):
        options = [word for area in areas for word in ("--area", area)]
        parts.start(f"{role} work", [role, "work", *options])


def start_hub_worker(parts: Parts, number: int) -> str:
    """One more member of the hub's consumer group; its name."""
    name = "hub work" if number == 1 else f"hub work {number}"
    parts.start(name, ["hub", "work"])
    return name


@contextmanager
def _desk(
    deployment: Deployment,
    _parts: Parts,
    outboxes: Mapping[AreaCode, Outbox],
    patients: Mapping[Pair, Patients],
    random: Random,
) -> Iterator[Load]:
    url = deployment.treatment_url
    desks = {
        area: Desk(outbox, Settings().terms(area), Listener(url.replace("{area}", area)))
        for area, outbox in outboxes.items()
    }
    load = Load(desks, patients, SystemClock(), random)
    stop = threading.Event()
    listening = [
        threading.Thread(target=load.listen, args=(desk, stop), name=f"listen {area}")
        for area, desk in desks.items()
    ]
    for thread in listening:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in listening:
            thread.join()


@contextmanager
def _http(
    _deployment: Deployment,
    parts: Parts,
    _outboxes: Mapping[AreaCode, Outbox],
    patients: Mapping[Pair, Patients],
    random: Random,
) -> Iterator[HttpLoad]:
    [(pair, treated)] = patients.items()
    [port] = free_ports(1)
    command = ["gateway", "serve", "--area", pair.treatment, "--port", str(port)]
    parts.start("gateway", command, YIDI_GATEWAY_FAIR_USE_FILE=str(any_rate(parts.folder)))
    parts.wait_until_healthy("gateway", f"http://127.0.0.1:{port}/health")
    load = HttpLoad(
        host="127.0.0.1",
        port=port,
        patients=treated,
        treatment_division=pair.treatment,
        clock=SystemClock(),
        random=random,
    )
    try:
        yield load
    finally:
        load.close()


_Opened = Callable[
    [Deployment, Parts, Mapping[AreaCode, Outbox], Mapping[Pair, Patients], Random],
    AbstractContextManager[Loading],
]
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
