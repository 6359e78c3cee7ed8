"""Waits until a load has drained, and judges what is left: no figures without it."""

import time

from simulators.bench.stage import ABSENT, Bench
from simulators.bench.validity import Side, Verdict, judge

DRAIN_WITHIN_S = 60.0


class RunInvalid(Exception):
    """The run lost something or left something half-way; each reason is a line of the text."""


def drained(bench: Bench) -> None:
    """Return once nothing is under way; RunInvalid when that takes too long."""
    left = bench.load.drain(DRAIN_WITHIN_S)
    bench.parts.check()
    if left:
        raise RunInvalid(f"{left} settlements had no answer after {DRAIN_WITHIN_S:.0f} s")


def judged(bench: Bench, asked: int) -> Verdict:
    """The last conclusions are still on their way when the last answer is there: wait for them."""
    sides = [Side(role, engine) for role, engine in bench.engines.items()]
    until = time.monotonic() + DRAIN_WITHIN_S
    while (verdict := judge(sides, asked, ABSENT)).faults and time.monotonic() < until:
        bench.load.tend()
        time.sleep(0.5)
    if verdict.faults:
        raise RunInvalid("\n".join(verdict.faults))
    return verdict
