"""Each way to measure, in its small form, on one stage of eight pairs of areas."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from simulators.bench import flames, hot_pair, hub_workers, overload, run, soak, sweep, time_outs
from simulators.bench.pairs import eight_pairs
from simulators.bench.saving import Measured, printed
from simulators.bench.spy import NoPySpy
from simulators.bench.stage import LOADS, Bench, Setting, Way, running
from simulators.bench.window import Closed
from simulators.stack.servers import Servers

pytestmark = [pytest.mark.slow, pytest.mark.kafka]

LOOP = Closed(size=20, ramp_s=0.2)


def tell(_said: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def bench(stack: Servers) -> Iterator[Bench]:
    with running(stack, Setting(tell, pairs=eight_pairs(100, 15), may_expire=True)) as standing:
        yield standing


def valid(measured: Measured) -> bool:
    """It can be written down, and says that nothing was lost."""
    assert printed(measured.as_dict())
    assert "none lost" in measured.told()
    return measured.as_dict()["valid"] is True


def test_a_sweep_asks_at_the_national_rates_and_every_wait_is_kept(bench: Bench) -> None:
    found = sweep.measure(bench, 0.4, (65, 125, 250), tell)
    assert valid(found)
    assert [step.per_s for step in found.steps][:2] == [65, 125]
    assert [len(waits) for waits in found.samples.values()][:2] == [52, 100]


def test_a_hot_pair_is_compared_with_all_pairs_in_turns(bench: Bench) -> None:
    found = hot_pair.measure(bench, 0.8, tell, LOOP)
    assert valid(found)
    assert [kind for kind, _ in found.turns] == ["uniform", "hot", "hot", "uniform"]
    assert found.ratio > 0


def test_a_second_worker_comes_goes_and_nothing_is_lost(bench: Bench) -> None:
    found = hub_workers.measure(bench, 0.8, tell, loop=LOOP, settle_s=1.0)
    assert valid(found)
    assert [workers for workers, _ in found.turns] == [1, 2, 2, 1]
    assert "hub work 2" in found.turns[1][1].cpu_s
    assert "hub work 2" not in bench.parts.children


def test_a_soak_looks_at_the_memory_of_every_process(bench: Bench) -> None:
    found = soak.measure(bench, 1.5, tell, every_s=0.2)
    assert valid(found)
    assert {"hub work", "hub jobs", "insured work", "treatment work", "load"} <= set(found.memory)
    assert all(held[-1].own_bytes > 0 for held in found.memory.values())
    assert sum(len(answers) for answers in found.samples.values()) == 375


def test_a_flame_graph_is_drawn_or_it_is_said_why_not(bench: Bench, tmp_path: Path) -> None:
    try:
        found = flames.measure(bench, 1.0, tmp_path / "hub.svg", loop=LOOP)
    except NoPySpy:  # Not everybody may look into a process that is not a child.
        return
    assert valid(found)
    assert "<svg" in (tmp_path / "hub.svg").read_text("utf-8")[:1_000]
    assert found.whole


def test_what_a_silent_area_left_expires_and_is_released(bench: Bench) -> None:
    found = time_outs.measure(bench, 0.4, 0.8, tell)
    assert valid(found)
    assert found.expired.samples == found.verdict.undone >= 100
    assert found.expired.p50_ms >= 0


@pytest.fixture
def door(bench: Bench) -> Iterator[Bench]:
    """The same stage, with a gateway: the last test's, for the desk's load ends with it."""
    first = bench.pairs[0]
    treated, setting = {first: bench.desk.patients[first]}, replace(bench.setting, way=Way.HTTP)
    with LOADS[Way.HTTP](bench.deployment, bench.parts, {}, treated, Random(1)) as load:
        yield replace(bench, setting=setting, load=load, asked_before=bench.load.asked)


def test_the_hospitals_door_is_measured_and_then_asked_for_too_much(door: Bench) -> None:
    steady = run.measure(door, 2.0, tell, LOOP)
    assert valid(steady)
    assert "gateway" in steady.throughput.cpu_s
    assert steady.floor.message_bytes > 0
    too_much = overload.measure(door, 1.5, tell, ramp_s=0.2)
    assert valid(too_much)
    assert too_much.asked_per_s > too_much.best.per_s
