"""One simulated country and what is around it: its hospitals, its troubles, and a witness."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from itertools import count
from random import Random

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode
from contracts.ids import IdSource, ids_from
from hub.domain.clearing_terms import Terms, read_terms, terms_in_use
from hub.services import days
from simulators import truths
from simulators.simulation import bookkeepers, traffic
from simulators.simulation.clocks import VirtualClock
from simulators.simulation.country import Country, country
from simulators.simulation.databases import AREAS, Copies
from simulators.simulation.event_log import EventLog
from simulators.simulation.faults import Trouble
from simulators.simulation.hospitals import Desk
from simulators.simulation.operators import people
from simulators.simulation.plan import Plan
from simulators.simulation.processes import Stage
from simulators.simulation.record_log import Log
from simulators.simulation.rhythm import Rhythm
from simulators.simulation.scheduler import Scheduler
from simulators.simulation.steps import Steps
from simulators.simulation.surprises import surprises
from simulators.simulation.wires import Wires
from simulators.truths import Sides
from simulators.witness import Witness

TERMS_FILE = "simulation_terms.toml"


@dataclass(slots=True)
class World:
    """One simulated country, its hospitals and its troubles."""

    country: Country
    wires: Wires
    trouble: Trouble
    witness: Witness
    sides: Sides
    surprises: list[str]

    @property
    def stage(self) -> Stage:
        return self.country.stage


@contextmanager
def world_of(seed: int, plan: Plan, own: Copies, admin_url: str) -> Iterator[World]:
    """Everything on its own stream of the seed; every thread is gone after the block."""
    clock = VirtualClock(plan.begins_at)
    scheduler, events = Scheduler(clock), EventLog(clock)
    steps = Steps(scheduler, events, Random(f"scheduling {seed}"))
    rhythm = Rhythm(scheduler)
    log = Log(clock, events, rhythm, Random(f"broker {seed}"))
    stage = Stage(scheduler, events, steps, rhythm, log)
    made = country(stage, own, plan.ahead, people.drawn(seed), bookkeepers.drawn(seed))
    numbers, witness = count(1), Witness()
    wires = Wires(
        scheduler,
        events,
        made.counters,
        lambda name: made.processes[name].is_up,
        witness,
        Random(f"wires {seed}"),
    )
    trouble = Trouble(made, wires, admin_url, Random(f"poison {seed}"))
    desk = Desk(wires, Random(f"hospitals {seed}"), lambda: next(numbers))
    traffic.begin(plan, desk, Random(f"traffic {seed}"), lambda: next(numbers))
    with ids_from(_ids(clock, Random(f"ids {seed}"))), ExitStack() as stack:
        stack.enter_context(terms_in_use(_terms()))
        sides = _sides(own, stack)
        _open_first_day(sides.hub, clock.at)
        stack.callback(made.end)
        heard = stack.enter_context(surprises())
        yield World(made, wires, trouble, witness, truths.begun(sides), heard)


def _terms() -> tuple[Terms, ...]:
    return read_terms(files("simulators").joinpath("data", TERMS_FILE).read_text(encoding="utf-8"))


def _ids(clock: VirtualClock, random: Random) -> IdSource:
    return lambda: (int(clock.at.timestamp() * 1_000), random.getrandbits(80))


def _sides(own: Copies, stack: ExitStack) -> Sides:
    def engine(url: str) -> Engine:
        made = create_engine(url, poolclass=NullPool)
        stack.callback(made.dispose)
        return made

    def by_area(urls: Mapping[AreaCode, str]) -> dict[AreaCode, Engine]:
        return {area: engine(urls[area]) for area in AREAS}

    return Sides(engine(own.hub), by_area(own.insured), by_area(own.treatment))


def _open_first_day(hub: Engine, now: datetime) -> None:
    with hub.begin() as tx:
        days.open_first(tx, shanghai_date_of(now), now)
