"""One benchmark run: start everything, load it, judge it, and say what was measured."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from simulators.bench import floor_beside, spending
from simulators.bench.floor import Floor
from simulators.bench.load import Answered
from simulators.bench.spending import Spending
from simulators.bench.stage import Bench, Setting, Tell, Way, standing
from simulators.bench.validity import Verdict
from simulators.bench.verdict import RunInvalid, drained, judged
from simulators.bench.window import DESK, DOOR, Closed, Window, closed_loop, open_loop
from simulators.stack.servers import Servers

LOOPS = {Way.DESK: DESK, Way.HTTP: DOOR}
STEADY_RATE = 65


@dataclass(frozen=True, slots=True)
class Report:
    """What one valid run measured."""

    way: Way
    loop: Closed
    throughput: Window
    steady: Window
    spending: Spending
    floor: Floor
    floor_ratio: float
    verdict: Verdict
    refused: Mapping[str, int]
    """Through the hospitals' door, in the closed loop: answers other than yes, by their code."""
    servers: Servers
    elapsed_s: float

    @property
    def samples(self) -> Mapping[str, Sequence[Answered]]:
        return {"closed": self.throughput.answers, "steady": self.steady.answers}

    def told(self) -> str:
        """The figures as lines for a person."""
        through, steady = self.throughput, self.steady.latency
        lines = (
            f"{through.per_second:,.0f} settlements/s by {self.way}, {self.loop.size} under way",
            f"at {STEADY_RATE}/s: p50 {steady.p50_ms}, p95 {steady.p95_ms}, p99 {steady.p99_ms} ms",
            f"floor ratio {self.floor_ratio:.2f} of {self.floor.per_second():,.0f}/s",
            f"CPU seconds per 1,000: {sum(through.cpu_s_per_1000.values()):.2f}",
            *(f"  {name}: {value:.2f}" for name, value in through.cpu_s_per_1000.items()),
            _told(self.spending),
            self.verdict.told(),
            f"{self.servers.broker} · {self.servers.database}",
        )
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        through, steady = self.throughput, self.steady.latency
        return {
            "way": self.way.value,
            "settlements_per_s": round(through.per_second, 1),
            "p50_ms": steady.p50_ms,
            "p95_ms": steady.p95_ms,
            "p99_ms": steady.p99_ms,
            "rate_for_latency_per_s": STEADY_RATE,
            "latency_samples": steady.samples,
            "cpu_s_per_1000": round(sum(through.cpu_s_per_1000.values()), 3),
            "cpu_s_per_1000_by_process": {
                name: round(value, 3) for name, value in through.cpu_s_per_1000.items()
            },
            "floor_ratio": round(self.floor_ratio, 3),
            "floor_per_s": round(self.floor.per_second(), 1),
            "floor": {
                "settlements": self.floor.settlements,
                "messages": self.floor.messages,
                "message_bytes": self.floor.message_bytes,
                "rows": self.floor.rows,
                "kafka_s": round(self.floor.kafka_s, 2),
                "copy_s": round(self.floor.copy_s, 2),
            },
            "messages_per_settlement": round(self.spending.messages, 2),
            "loaded": {
                "settlements": len(through.answers),
                "seconds": round(through.seconds, 1),
                "window": self.loop.size,
                "p50_ms": through.latency.p50_ms,
                "p99_ms": through.latency.p99_ms,
            },
            "windows": {"closed": through.as_dict(), "steady": self.steady.as_dict()},
            "refused": dict(self.refused),
            "per_settlement": self.spending.as_dict(),
            **self.verdict.as_dict(),
            "broker": self.servers.broker,
            "database": self.servers.database,
            "elapsed_s": round(self.elapsed_s, 1),
        }


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The closed loop, what a settlement in it cost, and what the libraries alone could do."""

    window: Window
    spending: Spending
    floor: Floor


def run(seconds: float, setting: Setting) -> Report:
    """Two fifths of the time go to the steady rate, a tenth to warming up, the rest to the loop."""
    with standing(setting) as bench:
        return measure(bench, seconds, setting.tell)


def measure(bench: Bench, seconds: float, tell: Tell, loop: Closed | None = None) -> Report:
    """On a stage on which nothing was asked yet."""
    began, loop = time.perf_counter(), loop or _loop(bench)
    tell(f"warming up for {seconds * 0.1:.0f} s")
    bench.load.keep_waiting(loop.size, seconds * 0.1)
    loaded = _loaded(bench, loop, seconds * 0.5, tell)
    tell(f"asking at {STEADY_RATE} a second for {seconds * 0.4:.0f} s")
    steady = _steady(bench, seconds * 0.4)
    tell("counting what went in and what came out")
    verdict = judged(bench, bench.load.asked)
    return Report(
        way=bench.setting.way,
        loop=loop,
        throughput=loaded.window,
        steady=steady,
        spending=loaded.spending,
        floor=loaded.floor,
        floor_ratio=loaded.window.per_second / loaded.floor.per_second(),
        verdict=verdict,
        refused=dict(bench.load.refused),
        servers=bench.servers,
        elapsed_s=time.perf_counter() - began,
    )


def _loaded(bench: Bench, loop: Closed, seconds: float, tell: Tell) -> _Loaded:
    """The floor is timed right before the loop and right after it."""
    drained(bench)
    first = judged(bench, bench.load.asked).settled
    share = floor_beside.share_of(bench, first)
    tell("measuring what kafka-python and COPY alone can do")
    floor_before, before = floor_beside.timed(bench, share), spending.counted(bench)
    tell(f"asking with {loop.size} settlements under way for {seconds:.0f} s")
    window = closed_loop(bench, loop, seconds)
    settled = judged(bench, bench.load.asked).settled - first
    spent = spending.spent(before, spending.counted(bench), settled)
    tell("measuring once more what kafka-python and COPY alone can do")
    floor_after = floor_beside.timed(bench, share)
    return _Loaded(window, spent, floor_beside.between(floor_before, floor_after))


def _loop(bench: Bench) -> Closed:
    """With few people there are fewer settlements under way: one of each on the mean."""
    usual = LOOPS[bench.setting.way]
    return replace(usual, size=min(usual.size, sum(pair.people for pair in bench.pairs)))


def _steady(bench: Bench, seconds: float) -> Window:
    """RunInvalid unless every request had its yes: waits of a part of them are no latency."""
    window = open_loop(bench, lambda: bench.load.at_rate(STEADY_RATE, seconds))
    asked = int(STEADY_RATE * seconds)
    if len(window.answers) != asked and not bench.setting.may_expire:
        raise RunInvalid(f"{len(window.answers)} of {asked} had their yes at {STEADY_RATE}/s")
    return window


def _told(spent: Spending) -> str:
    return (
        f"a settlement: {spent.messages:.1f} messages of {spent.message_bytes:,.0f} bytes together,"
        f" {sum(spent.rows.values()):.1f} rows, {spent.wal_bytes:,.0f} bytes of log"
    )
