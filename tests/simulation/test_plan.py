"""What seeds plan: every step of every kind of process in turn, and a day that ends under load."""

from datetime import UTC, datetime, timedelta
from random import Random

from simulators.simulation.clocks import VirtualClock
from simulators.simulation.event_log import EventLog
from simulators.simulation.places import CELLS, PROCESSES, TABLES_OF, role_of
from simulators.simulation.plan import USUAL, Kind, Plan, day_ends_after_s, planned
from simulators.simulation.scheduler import Loop, Scheduler
from simulators.simulation.steps import HELD, Steps
from tests.simulation.test_seeds import HOURS, SEEDS


def test_the_seeds_go_through_all_steps_of_all_kinds_of_processes_in_turn() -> None:
    plans = [planned(seed, HOURS) for seed in SEEDS]
    crashes = [
        (role_of(one.who), one.step)
        for plan in plans
        for one in plan.faults
        if one.kind is Kind.CRASH
    ]
    counts = [crashes.count(cell) for cell in CELLS]
    assert len(crashes) >= 3 * len(CELLS)
    assert max(counts) - min(counts) <= 1


def test_whatever_can_go_wrong_is_planned_about_as_often_as_is_said() -> None:
    planned_kinds = [one.kind for seed in SEEDS for one in planned(seed, HOURS).faults]
    for kind, per_hour in USUAL.items():
        expected = per_hour * HOURS * len(SEEDS)
        assert expected / 3 <= planned_kinds.count(kind) <= 3 * expected, kind


def test_every_process_has_its_role() -> None:
    assert {role_of(one) for one in PROCESSES} == set(TABLES_OF) == {role for role, _ in CELLS}


def _ends_a_day(plan: Plan) -> bool:
    return day_ends_after_s(plan.begins_at) < HOURS * 3_600


def test_where_a_day_ends_cases_are_under_way_and_who_settles_holds_the_day() -> None:
    ending = [plan for plan in (planned(seed, HOURS) for seed in SEEDS) if _ends_a_day(plan)]
    assert len(ending) >= len(SEEDS) // 2
    for plan in ending:
        ends_s = day_ends_after_s(plan.begins_at)
        assert any(ends_s - 5 <= at_s <= ends_s for at_s, _ in plan.bursts)
        held = [one for one in plan.faults if one.kind is Kind.HOLD and one.at_s == ends_s - 2]
        assert [(one.who, one.table) for one in held] == [("hub.work", "business_days")]


def test_a_transaction_stands_still_once_it_has_named_the_table() -> None:
    clock = VirtualClock(datetime(2026, 3, 12, 16, tzinfo=UTC))
    scheduler, log = Scheduler(clock), EventLog(clock)
    steps, stood = Steps(scheduler, log, Random(1)), timedelta(seconds=9)
    steps.holds["hub.work", "business_days"] = lambda: scheduler.sleep(stood.total_seconds())
    began, seen = clock.at, list[timedelta]()

    def run() -> None:
        for who, statement in (
            ("hub.jobs", "SELECT * FROM business_days"),
            ("hub.work", "SELECT * FROM business_days_of_old"),
            ("hub.work", "SELECT * FROM business_days FOR SHARE"),
            ("hub.work", "SELECT * FROM business_days FOR SHARE"),
        ):
            steps.stated(who, statement)
            seen.append(clock.at - began)

    scheduler.start(Loop("hub.work", run, lambda _: None))
    scheduler.run_until(began + timedelta(minutes=1))
    assert seen == [timedelta(0), timedelta(0), stood, stood]
    assert steps.struck == {("hub.work", HELD): 1}
