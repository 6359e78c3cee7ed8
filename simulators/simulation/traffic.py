"""Who comes when: cases and registrations in bursts, statements after midnight, all by the seed."""

from collections.abc import Callable
from functools import partial
from random import Random

from contracts.clock import shanghai_date_of
from simulators.simulation import bills, filings
from simulators.simulation.bills import Case, drawn, patients_of
from simulators.simulation.databases import AREAS
from simulators.simulation.hospitals import Desk, Story, habits
from simulators.simulation.notebooks import sums_of
from simulators.simulation.plan import Plan, day_ends_after_s

BURST_LASTS_S = 4.0
FILED_PERCENT = 60
"""Of the bursts bring a registration as well."""
STATED_AFTER_S = (20.0, 240.0)
"""After the end of the day that is stated: while its books are still being closed, and later."""


def begin(plan: Plan, desk: Desk, random: Random, numbers: Callable[[], int]) -> None:
    """Put all cases of the plan onto the schedule."""
    patients = {area: patients_of(area, AREAS) for area in AREAS}
    after = desk.wires.scheduler.after
    for at_s, cases in plan.bursts:
        # Few patients at a time: they meet at the locks.
        area = random.choice(AREAS)
        some = random.sample(patients[area], 3)
        for _ in range(cases):
            story = Story(desk, drawn(random, area, some, numbers()), habits=habits(random))
            after(at_s + random.uniform(0.0, BURST_LASTS_S), story.begin)
        if random.randrange(100) < FILED_PERCENT:
            filing = filings.drawn(desk, random, random.choice(AREAS), numbers())
            after(at_s + random.uniform(0.0, BURST_LASTS_S), filing.begin)
    ends_s = day_ends_after_s(plan.begins_at)
    if ends_s < max((at_s for at_s, _ in plan.bursts), default=0.0):
        for area in AREAS:
            case = drawn(random, area, patients[area], numbers())
            after(ends_s + random.uniform(*STATED_AFTER_S), partial(_state, plan, desk, case))


def _state(plan: Plan, desk: Desk, case: Case) -> None:
    """3201 of the month until the day that has ended."""
    ended = shanghai_date_of(plan.begins_at)
    days = ended.replace(day=1), ended
    sums = sums_of(desk.wires.witness.replies, case.hospital.code, case.infno, days)
    desk.until_certain(case, lambda msgid, at: bills.state_sums(case, msgid, at, days, sums))
