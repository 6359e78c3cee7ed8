"""Tells the months, and sums them up."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import httpx
from sqlalchemy import Engine

from contracts.clock import SHANGHAI, shanghai_date_of
from simulators.demo.months import ending, rhythm, story
from simulators.demo.months.cast import TERMS_FILE, Cast, load_cast
from simulators.demo.months.registering import register
from simulators.demo.months.scene import Scene
from simulators.demo.narrator import Narrator
from simulators.demo.plot import load_plot
from simulators.demo.stage import Stage
from simulators.running.embedded import embedded_world
from simulators.running.moved_clock import MovedClock
from simulators.running.world import World
from simulators.stack.servers import Servers, servers

AT_ONCE = 6
"""People who are at a hospital's desk at the same time."""

HUB_SETTINGS = {
    "hub_clearing_file": TERMS_FILE,
    "break_after_s": int(rhythm.AGREED_TIME.total_seconds()),
    "hub_advance_every_s": 1,
    # A machine that does other things too must not decide how the story goes.
    "settle_within_ms": 60_000,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """How long a story, of which seed, and into which folder its papers go."""

    days: int
    seed: int
    papers: Path


def run(wanted: Wanted, *, as_json: bool) -> dict[str, object]:
    """The whole story; the summary that `--json` prints. Raises what went wrong, if anything."""
    began = time.perf_counter()
    # Areas are told of breaks and warnings on purpose: what parts then log belongs to the story.
    logging.getLogger().setLevel(logging.CRITICAL)
    narrator, cast = Narrator(aloud=not as_json), load_cast()
    with servers(kafka=False, durable=False, in_memory=True) as given:
        narrator.say(f"{given.database} · {given.broker}")
        with _scene(given, cast, narrator, wanted) as scene:
            with narrator.telling(wanted.days):
                register(scene)
                story.tell(scene)
                ending.prove(scene)
            figures = ending.summary(scene)
    return {
        "days": wanted.days,
        "seed": wanted.seed,
        **figures,
        "papers_folder": str(wanted.papers.resolve()),
        "broker": given.broker,
        "database": given.database,
        "elapsed_s": round(time.perf_counter() - began, 1),
    }


@contextmanager
def _scene(given: Servers, cast: Cast, narrator: Narrator, wanted: Wanted) -> Iterator[Scene]:
    """Everything is up, on the morning of the first day of a month."""
    clock = MovedClock()
    first = first_of_next_month(shanghai_date_of(clock.now()))
    clock.move_to(datetime.combine(first, rhythm.MORNING, tzinfo=SHANGHAI))
    with ExitStack() as stack:
        world = stack.enter_context(
            embedded_world(
                given, cast.areas, slices_every_s=1, clock=clock, hub_settings=HUB_SETTINGS
            )
        )
        http = stack.enter_context(httpx.Client(timeout=60.0))
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        stage = Stage(world, load_plot(), narrator, http, Random(wanted.seed), clock, visits=0)
        scene = Scene(
            stage=stage,
            cast=cast,
            clock=clock,
            days=wanted.days,
            first=first,
            papers=wanted.papers,
            engines=_engines(world),
            pool=pool,
        )
        for engine in scene.engines.values():
            stack.callback(engine.dispose)
        yield scene


def first_of_next_month(today: date) -> date:
    """Cycles begin with a month; what lies before it would be a cycle that is not whole."""
    return (today.replace(day=28) + timedelta(days=4)).replace(day=1)


def _engines(world: World) -> dict[str, Engine]:
    """To look whether the world is quiet, and to plant faults."""
    of = world.deployment
    found = {"hub": of.hub_engine("months")}
    for area in of.areas:
        found[f"insured.{area}"] = of.insured_engine(area, "months")
        found[f"treatment.{area}"] = of.treatment_engine(area, "months")
    return found
