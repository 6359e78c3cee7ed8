"""Who comes when: cases in bursts, each with its hospital's habits, all from the seed."""

from collections.abc import Callable
from random import Random

from simulators.simulation.bills import drawn, patients_of
from simulators.simulation.databases import AREAS
from simulators.simulation.hospitals import Desk, Story, habits
from simulators.simulation.plan import Plan

BURST_LASTS_S = 4.0


def begin(plan: Plan, desk: Desk, random: Random, numbers: Callable[[], int]) -> None:
    """Put all cases of the plan onto the schedule."""
    patients = {area: patients_of(area, AREAS) for area in AREAS}
    for at_s, cases in plan.bursts:
        # Few patients at a time: they meet at the locks.
        area = random.choice(AREAS)
        some = random.sample(patients[area], 3)
        for _ in range(cases):
            story = Story(desk, drawn(random, area, some, numbers()), habits=habits(random))
            desk.wires.scheduler.after(at_s + random.uniform(0.0, BURST_LASTS_S), story.begin)
