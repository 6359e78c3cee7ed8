"""The table of processes: hub, areas and gateways, each with the loops that its program has."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from contracts.codes import AreaCode
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor, patiently
from hub import jobs as hub_jobs
from hub import main as hub
from hub import running_jobs
from hub.jobs import Job
from hub.services import watching
from hub.settings import Settings as HubSettings
from participants.gateway.serving.door import Door
from participants.insured import area_file
from participants.insured import main as insured
from participants.insured.settings import Settings as InsuredSettings
from participants.treatment import forgetting
from participants.treatment import main as treatment
from participants.treatment.settings import Settings as TreatmentSettings
from participants.treatment.store.listening import Listener
from simulators.simulation import bookkeepers, desks
from simulators.simulation.bookkeepers import Bookkeeper
from simulators.simulation.clocks import SkewedClock, VirtualClock
from simulators.simulation.counters import Counter
from simulators.simulation.databases import AREAS, PERSON_KEY, SEALER, Copies
from simulators.simulation.engines import as_engine
from simulators.simulation.operators import people as screens
from simulators.simulation.operators.people import Desk
from simulators.simulation.places import API, gateways
from simulators.simulation.processes import Loops, Process, Running, Stage, VirtualStop

HANDLING_S = 0.02
"""How long a batch takes at most, in virtual time."""
BUSY_EVERY_S: Mapping[str, float] = {
    "expire settlements": 0.5,
    "ask for releases again": 2.0,
    "close days that are over": 3.0,
    "begin reconciliations": 4.0,
    "keep balances of closed days": 4.0,
}
"""How often a job of the hub runs while the country is busy; the others seldom."""
SELDOM_S = 12.0
CANARY_EVERY_S = 300
REMINDS_EVERY_S, SLICES_EVERY_S, FORGETS_EVERY_S, TENDS_EVERY_S = 0.9, 30.0, 600.0, 5.0


@dataclass(slots=True)
class Country:
    """All processes by name, and the counters of the gateways that are up, by their process."""

    stage: Stage
    hub_settings: HubSettings
    people: Sequence[Desk]
    books: Sequence[Bookkeeper]
    processes: dict[str, Process] = field(default_factory=dict)
    counters: dict[str, Counter] = field(default_factory=dict)

    def start(self) -> None:
        for process in self.processes.values():
            process.start()

    def end(self) -> None:
        for process in self.processes.values():
            process.die()


def country(
    stage: Stage,
    copies: Copies,
    ahead: Mapping[str, timedelta],
    people: Sequence[Desk],
    books: Mapping[str, Bookkeeper],
) -> Country:
    """Every process, not yet started. `ahead`: how wrong the clock of a participant is.

    For as long as the country lives, `people` act at the hub, and `books` at the areas' books.
    """
    made = Country(stage, HubSettings(hub_canary_every_s=CANARY_EVERY_S), people, [*books.values()])
    true = stage.scheduler.clock

    def add(name: str, whose: str, url: str, build: Callable[[Running], Loops]) -> None:
        clock = SkewedClock(true, ahead[whose]) if whose in ahead else true
        made.processes[name] = Process(name, stage, url, clock, build)

    add("hub.work", "hub", copies.hub, partial(_hub_work, made))
    add("hub.jobs", "hub", copies.hub, partial(_hub_jobs, made))
    add(API, "hub", copies.hub, partial(_hub_api, made))
    for area in AREAS:
        home, away = f"insured.{area}", f"treatment.{area}"
        add(home, home, copies.insured[area], partial(_insured, stage, area, books[home]))
        add(away, away, copies.treatment[area], partial(_treatment, stage, area, books[away]))
        for name in gateways(area):
            add(name, away, copies.treatment[area], partial(_gateway, made, area, name))
    return made


def _hub_work(made: Country, at: Running) -> Loops:
    made_of = as_engine(at.engine), at.transport, at.clock, made.hub_settings
    yield "worker", partial(_work, made.stage, partial(hub.worker, *made_of))
    yield "comparer", partial(_work, made.stage, partial(hub.comparer, *made_of))


def _hub_jobs(made: Country, at: Running) -> Loops:
    """As `hub.running_jobs.run` has them: a loop a job, and one outbox for all."""
    stage, settings = made.stage, made.hub_settings
    outbox = hub.outbox_of("hub.jobs", as_engine(at.engine), at.transport, at.clock, settings)
    for job in _in_virtual_time(hub_jobs.jobs(settings), settings, stage.scheduler.clock):
        work = partial(running_jobs.run_once, job, outbox)
        often_s = BUSY_EVERY_S.get(job.name, max(SELDOM_S, job.every.total_seconds()))
        yield job.name, partial(_turns, made, work, often_s)
    yield "tend the outbox", partial(_turns, made, outbox.tend, TENDS_EVERY_S)


def _hub_api(made: Country, at: Running) -> Loops:
    """Whoever has the hub's screens before him; `hub.served` tends their outbox."""
    stage, settings = made.stage, made.hub_settings
    outbox = hub.outbox_of(API, as_engine(at.engine), at.transport, at.clock, settings)
    yield "tend the outbox", partial(_turns, made, outbox.tend, TENDS_EVERY_S)
    for one in made.people:
        yield one.name, partial(screens.run, stage, API, one, outbox)


def _insured(stage: Stage, area: AreaCode, books: Bookkeeper, at: Running) -> Loops:
    engine, settings, name = as_engine(at.engine), InsuredSettings(), f"insured.{area}"
    build = partial(insured.worker, area, engine, at.transport, at.clock, settings)
    yield "worker", partial(_work, stage, build)
    tell = insured.slicer(area, engine, at.transport, at.clock, settings)
    yield "slices", partial(tell, _never(stage, name, SLICES_EVERY_S))
    outbox = Outbox(engine, at.transport.sender(f"{name}.desk"), at.clock, settings.outbox_limits())
    yield "desk", partial(desks.run, stage, name, area_file.load(area, None), outbox)
    yield "books", partial(bookkeepers.run, stage, name, books, engine, at.clock)


def _treatment(stage: Stage, area: AreaCode, books: Bookkeeper, at: Running) -> Loops:
    engine, settings, name = as_engine(at.engine), TreatmentSettings(), f"treatment.{area}"
    build = partial(treatment.worker, area, engine, at.transport, at.clock, settings)
    yield "worker", partial(_work, stage, build)
    remind = treatment.reminder(area, engine, at.transport, at.clock, settings)
    yield "jobs", partial(remind, _never(stage, name, REMINDS_EVERY_S))
    tell = treatment.slicer(area, engine, at.transport, at.clock, settings)
    yield "slices", partial(tell, _never(stage, name, SLICES_EVERY_S))
    forget = partial(forgetting.run, engine, at.clock, settings.keeping())
    yield "forgets", partial(forget, _never(stage, name, FORGETS_EVERY_S))
    yield "books", partial(bookkeepers.run, stage, name, books, engine, at.clock)


def _gateway(made: Country, area: AreaCode, name: str, at: Running) -> Loops:
    """One counter; it is found under its name as long as its process is up."""
    settings = TreatmentSettings()
    outbox = Outbox(
        as_engine(at.engine), at.transport.sender(name), at.clock, settings.outbox_limits()
    )
    door = Door(
        terms=settings.terms(area),
        outbox=outbox,
        listener=Listener(made.processes[name].database_url),  # never opened: the counter looks
        catalogue=settings.catalogue(),
        sealer=SEALER,
        person_key=PERSON_KEY,
        keeping=settings.keeping(),
    )
    stage = made.stage
    counter = made.counters[name] = Counter(name, door, at.clock, stage.rhythm, stage.events)
    yield "counter", counter.run


def _work(stage: Stage, build: Callable[[], Processor]) -> None:
    """`Processor.run`, with time passing while it handles."""
    processor = build()
    processor.pause = stage.scheduler.sleep
    while True:
        if processor.run_once():
            stage.scheduler.sleep(stage.steps.random.random() * HANDLING_S)


def _turns(made: Country, work: Callable[[], object], often_s: float) -> None:
    limits = made.hub_settings.limits()
    while True:
        patiently(work, limits, made.stage.scheduler.sleep)
        made.stage.rhythm.rest("hub.jobs", often_s)


def _in_virtual_time(
    table: Iterable[Job], settings: HubSettings, clock: VirtualClock
) -> Iterable[Job]:
    """The one job that measures how long its own work takes measures virtual time instead."""
    patrol = watching.Patrol(settings.hub_check_budget_ms / 1_000, clock.elapsed_s)
    for job in table:
        is_patrol = job.name == "check everything in rounds"
        yield replace(job, run=patrol.turn) if is_patrol else job


def _never(stage: Stage, name: str, often_s: float) -> threading.Event:
    return VirtualStop(stage.rhythm, name, often_s).as_event()
