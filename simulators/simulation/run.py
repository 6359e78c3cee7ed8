"""One seed: a country lives under its faults, comes to rest, and is held to its promises."""

import os
import traceback
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from simulators import truths
from simulators.simulation.databases import Templates, copies
from simulators.simulation.last_word import LastWord
from simulators.simulation.outcome import Outcome, kept
from simulators.simulation.places import role_of
from simulators.simulation.plan import Plan, planned
from simulators.simulation.steps import Steps
from simulators.simulation.surprises import NAME as SURPRISE
from simulators.simulation.world import World, world_of
from simulators.truths import FAST, TRUTHS, Broken
from simulators.witness import Verdict

RESTS_WITHIN = timedelta(minutes=40)
"""Of virtual time after the last fault and request: by then nothing may be pending."""
LOOKS_EVERY = timedelta(minutes=2)
TENDS_WITHIN = timedelta(seconds=6)
"""Who was stirred has by then struck what it had sent."""
LOOKS_BETWEEN = timedelta(minutes=5)
"""While traffic and faults go on."""
CALMS_WITHIN = timedelta(seconds=90)
"""The longest fault lasts no longer."""


def simulate(
    seed: int,
    hours: float,
    on: Templates,
    *,
    plan: Plan | None = None,
    hold: Collection[str] = TRUTHS,
    folder: Path | None = None,
) -> Outcome:
    """Live `hours` of virtual time, then come to rest; its databases and threads are gone then.

    `hold`: names of truths. A failed seed leaves its event log and timeline in `folder`, or in a
    new one for temporary files.
    """
    plan = plan or planned(seed, hours)
    run = f"{on.prefix}s{seed}_{os.getpid()}"
    with copies(on, run) as own, world_of(seed, plan, own, on.admin_url) as world:
        try:
            rest, found = _lived(world, plan, hours, hold)
        except Exception as error:  # noqa: BLE001 - a seed that cannot be lived has failed
            rest, found = NO_REST, [Broken("a seed can be lived", f"{error!r}{_where(error)}")]
        return kept(_outcome(world, seed, hours, rest, found), world.stage.events, folder)


def _lived(
    world: World, plan: Plan, hours: float, hold: Collection[str]
) -> tuple["Rest", list[Broken]]:
    """How it came to rest, and what is broken then, or was broken on the way."""
    always = [name for name in hold if name in FAST]
    world.country.start()
    world.trouble.await_all(plan)
    early = _live(world, plan.begins_at + timedelta(hours=hours) + CALMS_WITHIN, always)
    world.trouble.calm()
    rest = _rest(world)
    unheard = [] if rest.left else LastWord(world.wires).asked(partial(_pass, world))
    rest = rest if rest.left else _rest(world, rest.after)
    return rest, early or [*_broken(world, hold), *unheard]


def _live(world: World, until: datetime, always: Iterable[str]) -> list[Broken]:
    """Let time pass, with a look at some truths all the while; what the first failing look saw."""
    scheduler = world.stage.scheduler
    while scheduler.clock.at < until:
        scheduler.run_until(min(until, scheduler.clock.at + LOOKS_BETWEEN))
        if found := _broken(world, always):
            return found
    return []


def _broken(world: World, hold: Iterable[str]) -> list[Broken]:
    sides = replace(world.sides, away=world.trouble.away())
    found = truths.broken(sides, world.witness, world.stage.scheduler.clock.at, only=hold)
    surprised = [Broken(SURPRISE, what) for what in world.surprises[:5]]
    return (
        found
        + surprised
        + [
            Broken("nobody dies of a fault of ours", f"{process.name}: {death!r}{_where(death)}")
            for process in world.country.processes.values()
            for death in process.deaths
        ]
    )


def _where(error: BaseException) -> str:
    """The line at which it was raised."""
    stack = traceback.extract_tb(error.__traceback__)
    return "".join(f" at {Path(one.filename).name}:{one.lineno} {one.name}" for one in stack[-1:])


@dataclass(frozen=True, slots=True)
class Rest:
    """How long it took until nothing was pending, or what still was when the time was over."""

    after: timedelta
    left: tuple[str, ...]


NO_REST = Rest(timedelta(0), ())


def _pass(world: World, span: timedelta) -> None:
    scheduler = world.stage.scheduler
    scheduler.run_until(scheduler.clock.at + span)


def _rest(world: World, before: timedelta = timedelta(0)) -> Rest:
    """Let time pass until nothing is pending, for as long as that may take."""
    scheduler = world.stage.scheduler
    began = scheduler.clock.at
    while True:
        scheduler.run_until(scheduler.clock.at + LOOKS_EVERY)
        left = truths.pending(world.sides) and _pending_when_tended(world)
        passed = scheduler.clock.at - began
        if not left or passed >= RESTS_WITHIN:
            return Rest(before + passed, tuple(left))


def _pending_when_tended(world: World) -> list[str]:
    """What was sent a moment ago is struck by the next turn, which an idle process takes in two
    minutes: as often as we look, so that it could be on its way at every look.
    """
    world.stage.rhythm.stir(*world.country.processes)
    _pass(world, TENDS_WITHIN)
    return truths.pending(world.sides)


def _struck(steps: Steps) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (process, where), count in steps.struck.items():
        found[f"{role_of(process)} {where}"] += count
    return dict(sorted(found.items()))


def _done_by_operators(world: World) -> dict[str, int]:
    return dict(sorted(world.country.people[0].told.items()))


def _outcome(world: World, seed: int, hours: float, rest: Rest, found: Iterable[Broken]) -> Outcome:
    events = world.stage.events
    return Outcome(
        seed=seed,
        hours=hours,
        hash=events.sha256(),
        events=len(events.lines),
        settled=sum(reply.verdict is Verdict.DONE for reply in world.witness.replies),
        broken=tuple(found),
        pending=rest.left,
        faults_injected=dict(world.trouble.done),
        struck=_struck(world.stage.steps),
        rested_after_s=rest.after.total_seconds(),
        operators=_done_by_operators(world),
        bookkeepers=dict(sorted(world.country.books[0].told.items())),
    )
