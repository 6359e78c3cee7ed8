"""A stretch of load that is measured: when it was, what came back, whose processor time it took."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import psutil

from contracts.clock import SystemClock
from simulators.bench import processor_time
from simulators.bench.load import Answered
from simulators.bench.stage import Bench
from simulators.bench.statistics import Latency, latency_of
from simulators.bench.verdict import DRAIN_WITHIN_S, RunInvalid, drained


@dataclass(frozen=True, slots=True)
class Window:
    """`answers` came within it (closed loop), or belong to what was asked in it (open loop).

    `ended_s`: when it ended, as `time.perf_counter` has it.
    `others_cores`: what programs that are none of ours took meanwhile; on a quiet machine nothing.
    """

    started_at: datetime
    ended_at: datetime
    seconds: float
    ended_s: float
    answers: Sequence[Answered]
    cpu_s: Mapping[str, float]
    others_cores: float

    @property
    def done(self) -> int:
        """Of the answers, those that came within it: what the time and the processors were for."""
        return sum(one.at_s <= self.ended_s for one in self.answers)

    @property
    def per_second(self) -> float:
        return self.done / self.seconds

    @property
    def latency(self) -> Latency:
        return latency_of([one.waited_us for one in self.answers])

    @property
    def cpu_s_per_1000(self) -> dict[str, float]:
        return {name: 1_000 * spent / max(self.done, 1) for name, spent in self.cpu_s.items()}

    def as_dict(self) -> dict[str, object]:
        latency = self.latency
        return {
            "started_at": self.started_at.isoformat(timespec="milliseconds"),
            "ended_at": self.ended_at.isoformat(timespec="milliseconds"),
            "seconds": round(self.seconds, 2),
            "answers": len(self.answers),
            "per_s": round(self.per_second, 1),
            "p50_ms": latency.p50_ms,
            "p95_ms": latency.p95_ms,
            "p99_ms": latency.p99_ms,
            "longest_ms": latency.longest_ms,
            "cpu_s_per_1000": round(sum(self.cpu_s_per_1000.values()), 3),
            "others_cores": round(self.others_cores, 2),
        }


@dataclass(frozen=True, slots=True)
class Closed:
    """How many requests are always under way, and how long before it counts.

    1,500 are enough that every part always has work waiting; the gateway lets in fewer.
    """

    size: int = 1_500
    ramp_s: float = 4.0


DESK, DOOR = Closed(), Closed(400)


def closed_loop(bench: Bench, loop: Closed, seconds: float) -> Window:
    """So long with its ramp, and until there was an answer; nothing is under way afterwards."""
    bench.load.keep_waiting(loop.size, loop.ramp_s)
    opened = _opened(bench)
    bench.load.keep_waiting(loop.size, seconds - loop.ramp_s)
    while len(bench.load.answers) == opened.first and opened.age_s < DRAIN_WITHIN_S:
        bench.load.keep_waiting(loop.size, 0.5)
    window = opened.closed(bench)
    drained(bench)
    within = [one for one in window.answers if opened.at_s <= one.at_s <= window.ended_s]
    if not within:
        raise RunInvalid("no answer came while it was measured")
    return replace(window, answers=within)


def open_loop(bench: Bench, ask: Callable[[], None]) -> Window:
    """All answers to what `ask` asked for belong to it, the last of them come after it."""
    opened = _opened(bench)
    ask()
    window = opened.closed(bench)
    drained(bench)
    return replace(window, answers=bench.load.answers[opened.first :])


@dataclass(frozen=True, slots=True)
class _Opened:
    """Where everything stood when a window was opened; `first`: the answers there were already."""

    started_at: datetime
    at_s: float
    first: int
    cpu: processor_time.Reading
    busy_s: float

    @property
    def age_s(self) -> float:
        return time.perf_counter() - self.at_s

    def closed(self, bench: Bench) -> Window:
        """With every answer until now."""
        ended_s, busy_s = time.perf_counter(), _busy_s()
        spent = processor_time.read(bench.pids()).since(self.cpu)
        seconds = ended_s - self.at_s
        bench.parts.check()
        return Window(
            started_at=self.started_at,
            ended_at=SystemClock().now(),
            seconds=seconds,
            ended_s=ended_s,
            answers=bench.load.answers[self.first :],
            cpu_s=spent,
            others_cores=max(busy_s - self.busy_s - sum(spent.values()), 0) / seconds,
        )


def _opened(bench: Bench) -> _Opened:
    return _Opened(
        started_at=SystemClock().now(),
        at_s=time.perf_counter(),
        first=len(bench.load.answers),
        cpu=processor_time.read(bench.pids()),
        busy_s=_busy_s(),
    )


def _busy_s() -> float:
    """Seconds of all cores that somebody used, or a hypervisor gave to another machine."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - _counted_twice(times))


def _counted_twice(times: object) -> float:
    """Linux counts guests in `user` and `nice` already."""
    return float(getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0))
