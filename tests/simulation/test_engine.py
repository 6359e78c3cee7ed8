"""The parts that a simulation stands on: turns in virtual time, deaths at steps, an honest log."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import ids_from, new_id
from simulators.simulation.broker import Ends
from simulators.simulation.clocks import SkewedClock, VirtualClock
from simulators.simulation.event_log import EventLog
from simulators.simulation.record_log import Log, Weather
from simulators.simulation.rhythm import IDLE_S, Rhythm, party_of
from simulators.simulation.scheduler import Loop, Scheduler
from simulators.simulation.steps import Crashed, Step, Steps, crash

BEGAN = datetime(2026, 3, 10, tzinfo=UTC)
TOPIC = "hub.settlements"


@dataclass(slots=True)
class Small:
    """A scheduler with loops of a test, and what they noted."""

    scheduler: Scheduler = field(default_factory=lambda: Scheduler(VirtualClock(BEGAN)))
    seen: list[tuple[str, float]] = field(default_factory=list)
    over: list[str] = field(default_factory=list)

    def note(self, what: str) -> None:
        passed = self.scheduler.clock.at - BEGAN
        self.seen.append((what, passed.total_seconds()))

    def sleeper(self, name: str, *naps_s: float) -> Loop:
        def run() -> None:
            try:
                for nap_s in naps_s:
                    self.note(name)
                    self.scheduler.sleep(nap_s)
                self.note(f"{name} is done")
            finally:
                self.over.append(name)

        loop = Loop(name, run, lambda _: None)
        self.scheduler.start(loop)
        return loop

    def run(self, seconds: float) -> None:
        self.scheduler.run_until(BEGAN + timedelta(seconds=seconds))


def test_loops_take_turns_in_virtual_time() -> None:
    small = Small()
    small.sleeper("slow", 10.0, 10.0)
    small.sleeper("quick", 4.0, 4.0, 4.0)
    small.run(60)
    assert small.seen == [
        ("slow", 0.0),
        ("quick", 0.0),
        ("quick", 4.0),
        ("quick", 8.0),
        ("slow", 10.0),
        ("quick is done", 12.0),
        ("slow is done", 20.0),
    ]


def test_whoever_is_killed_unwinds_where_it_stands_and_does_nothing_more() -> None:
    small = Small()
    doomed = small.sleeper("doomed", 5.0, 5.0)
    small.run(6)
    small.scheduler.kill(doomed)
    assert small.over == ["doomed"]
    small.run(60)
    assert [what for what, _ in small.seen] == ["doomed", "doomed"]


def test_whoever_is_frozen_goes_on_when_it_is_thawed() -> None:
    small = Small()
    loop = small.sleeper("frozen", 5.0)
    small.run(1)
    small.scheduler.freeze(loop)
    small.run(30)
    small.scheduler.thaw(loop)
    small.run(60)
    assert small.seen == [("frozen", 0.0), ("frozen is done", 30.0)]


def test_an_error_of_a_loop_is_kept_for_whoever_drives() -> None:
    small, errors = Small(), []

    def run() -> None:
        raise ValueError("its own")

    loop = Loop("wrong", run, lambda ended: errors.append(ended.error))
    small.scheduler.start(loop)
    small.run(1)
    assert loop.is_over
    assert [type(error) for error in errors] == [ValueError]


def test_a_process_dies_at_the_step_that_was_armed_and_at_no_other() -> None:
    small = Small()
    steps = Steps(small.scheduler, EventLog(small.scheduler.clock), Random(1))
    steps.armed["hub.work", Step.AFTER_COMMIT] = crash
    reached: list[Step] = []

    def run() -> None:
        for step in (Step.BEFORE_COMMIT, Step.AFTER_COMMIT, Step.BEFORE_SEND):
            steps.reached("hub.work", step)
            reached.append(step)

    loop = Loop("hub.work", run, lambda _: None)
    small.scheduler.start(loop)
    small.run(10)
    assert isinstance(loop.error, Crashed)
    assert reached == [Step.BEFORE_COMMIT]
    assert not steps.armed


def test_idle_loops_look_seldom_until_something_happens_to_their_party() -> None:
    small = Small()
    rhythm = Rhythm(small.scheduler)

    def run() -> None:
        while True:
            small.note("looks")
            rhythm.rest("hub.jobs", 1.0)

    small.scheduler.start(Loop("job", run, lambda _: None))
    small.run(IDLE_S + 1)
    rhythm.stir("insured.340000")
    small.run(IDLE_S + 20)
    assert [at for _, at in small.seen] == [0.0, IDLE_S]
    rhythm.stir(TOPIC)
    small.run(IDLE_S + 25)
    assert [at for _, at in small.seen[2:]] == [IDLE_S + n for n in (21, 22, 23, 24, 25)]


@pytest.mark.parametrize(
    ("name", "party"),
    [
        ("hub.jobs", "hub"),
        (TOPIC, "hub"),
        ("insured.340000", "insured.340000"),
        ("insured.340000.work", "insured.340000"),
        ("gateway.310000", "treatment.310000"),
        ("treatment.310000.answers", "treatment.310000"),
    ],
)
def test_processes_and_topics_belong_to_parties(name: str, party: str) -> None:
    assert party_of(name) == party


weathers = st.builds(
    Weather,
    late_percent=st.integers(0, 100),
    late_s=st.floats(0, 20),
    repeat_percent=st.integers(0, 50),
    lost_commit_percent=st.integers(0, 80),
    redeliver_percent=st.integers(0, 50),
    split_percent=st.integers(0, 100),
)


@given(weather=weathers, seed=st.integers(0, 999), keys=st.lists(st.integers(0, 5), max_size=30))
def test_whatever_the_weather_nothing_is_lost_and_no_partition_is_reordered(
    weather: Weather, seed: int, keys: list[int]
) -> None:
    read = list(_read_through(weather, seed, keys))
    assert {value for _, value in read} == {b"%d" % n for n in range(len(keys))}
    for key in set(keys):
        firsts = list(dict.fromkeys(int(value) for k, value in read if k == key))
        assert all(one < other for one, other in pairwise(firsts))


def _read_through(weather: Weather, seed: int, keys: list[int]) -> Iterator[tuple[int, bytes]]:
    """Send one record a key, and read for an hour: keys and values in the order of reading."""
    small = Small()
    events = EventLog(small.scheduler.clock)
    log = Log(small.scheduler.clock, events, Rhythm(small.scheduler), Random(seed), weather=weather)
    ends = Ends(log, Steps(small.scheduler, events, Random(seed)), "hub.work")
    read: list[tuple[int, bytes]] = []

    def work() -> None:
        reader = ends.reader("hub", [TOPIC], batch_max=7)
        while True:
            records = reader.poll(batch_max=7, wait_ms=1)
            read.extend((int(one.key), one.value) for one in records)
            reader.commit({(one.topic, one.partition): one.offset + 1 for one in records})

    def say() -> None:
        sender = ends.sender("hub.work")
        for n, key in enumerate(keys):
            sender.send(TOPIC, b"%d" % key, b"%d" % n)
            small.scheduler.sleep(1.0)

    loops = [Loop(run.__name__, run, lambda _: None) for run in (work, say)]
    for loop in loops:
        small.scheduler.start(loop)
    small.run(3_600)
    for loop in loops:
        small.scheduler.kill(loop)
        assert loop.error is None, loop.error
    return iter(read)


def test_a_machine_may_be_ahead_of_the_true_time() -> None:
    true = VirtualClock(BEGAN)
    wrong = SkewedClock(true, timedelta(seconds=2))
    true.at += timedelta(seconds=5)
    assert wrong.now() == BEGAN + timedelta(seconds=7)


def test_ids_of_a_block_come_from_its_source_and_sort_by_its_clock() -> None:
    with ids_from(lambda: (1_700_000_000_000, 7)):
        one = new_id()
    assert one.version == 7
    assert one.int >> 80 == 1_700_000_000_000
    assert new_id() != one


def test_one_line_more_in_the_log_is_another_hash() -> None:
    log = EventLog(VirtualClock(BEGAN))
    log.note("hub.work", "starts")
    before = log.sha256()
    log.note("hub.work", "dies")
    assert log.sha256() != before
