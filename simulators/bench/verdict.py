"""Waits until a load has drained, and judges what is left: no figures without it."""

import time

from simulators.bench.pairs import absent
from simulators.bench.stage import Bench
from simulators.bench.validity import Verdict, judge

DRAIN_WITHIN_S = 60.0


class RunInvalid(Exception):
    """The run lost something or left something half-way; each reason is a line of the text."""


def drained(bench: Bench) -> None:
    """Return once nothing is under way; RunInvalid when that takes too long."""
    left = bench.load.drain(DRAIN_WITHIN_S)
    bench.parts.check()
    if left:
        raise RunInvalid(f"{left} settlements had no answer after {DRAIN_WITHIN_S:.0f} s")


def judged(bench: Bench, asked: int, *, may_expire: bool = False) -> Verdict:
    """The last conclusions are still on their way when the last answer is there: wait for them.

    RunInvalid when something is still missing then; `may_expire` as `judge` has it.
    """
    until = time.monotonic() + DRAIN_WITHIN_S
    while (verdict := _judge(bench, asked, may_expire)).faults and time.monotonic() < until:
        bench.load.tend()
        bench.parts.check()
        time.sleep(0.5)
    if verdict.faults:
        raise RunInvalid("\n".join(verdict.faults))
    return verdict


def _judge(bench: Bench, asked: int, may_expire: bool) -> Verdict:
    may_expire = may_expire or bench.setting.may_expire
    asked += bench.asked_before
    return judge(bench.sides, asked, absent(bench.pairs), may_expire=may_expire)
