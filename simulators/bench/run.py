"""One benchmark run: start everything, load it, judge it, and say what was measured."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.bench import floor, processor_time
from simulators.bench.stage import Bench, Tell, Way, number_of, rows_of, running
from simulators.bench.statistics import Latency, latency_of
from simulators.bench.validity import Verdict
from simulators.bench.verdict import drained, judged
from simulators.stack.servers import Servers, servers

WINDOWS = {Way.DESK: 1_500, Way.HTTP: 400}
"""Settlements under way in the closed loop: enough that every part always has work waiting."""
STEADY_RATE = 65
RAMP_S = 4.0
FLOOR_SETTLEMENTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Throughput:
    """The steady window of the closed loop."""

    settlements: int
    seconds: float
    per_second: float
    latency: Latency
    cpu_s_per_1000: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Report:
    """What one valid run measured."""

    way: Way
    throughput: Throughput
    at_65_per_second: Latency
    floor: floor.Floor
    floor_ratio: float
    verdict: Verdict
    messages_per_settlement: float
    servers: Servers
    elapsed_s: float

    def as_json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2)

    def told(self) -> str:
        """The figures as lines for a person."""
        through, steady = self.throughput, self.at_65_per_second
        lines = (
            f"{through.per_second:,.0f} settlements/s by {self.way}, {WINDOWS[self.way]} under way",
            f"at {STEADY_RATE}/s: p50 {steady.p50_ms}, p95 {steady.p95_ms}, p99 {steady.p99_ms} ms",
            f"floor ratio {self.floor_ratio:.2f} of {self.floor.per_second():,.0f}/s",
            f"CPU seconds per 1,000: {sum(through.cpu_s_per_1000.values()):.2f}",
            *(f"  {name}: {value:.2f}" for name, value in through.cpu_s_per_1000.items()),
            f"{self.verdict.settled:,} settled, {self.verdict.messages_out:,} messages, none lost",
            f"{self.servers.broker} · {self.servers.database}",
        )
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        through, steady = self.throughput, self.at_65_per_second
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
            "messages_per_settlement": round(self.messages_per_settlement, 2),
            "loaded": {
                "settlements": through.settlements,
                "seconds": round(through.seconds, 1),
                "window": WINDOWS[self.way],
                "p50_ms": through.latency.p50_ms,
                "p99_ms": through.latency.p99_ms,
            },
            "messages_out": self.verdict.messages_out,
            "messages_in": self.verdict.messages_in,
            "settled": self.verdict.settled,
            "ledger_sum_fen": self.verdict.ledger_sum_fen,
            "valid": True,
            "broker": self.servers.broker,
            "database": self.servers.database,
            "elapsed_s": round(self.elapsed_s, 1),
        }


def run(seconds: float, way: Way, seed_number: int, tell: Tell) -> Report:
    """Two fifths of the time go to the steady rate, the rest to the closed loop."""
    began = time.perf_counter()
    with (
        servers(kafka=True, durable=True, tell=tell) as given,
        running(given, way, seed_number, tell) as bench,
    ):
        tell(f"asking with {WINDOWS[way]} settlements under way for {seconds * 0.6:.0f} s")
        throughput = _closed_loop(bench, WINDOWS[way], seconds * 0.6)
        tell(f"asking at {STEADY_RATE} a second for {seconds * 0.4:.0f} s")
        steady = _open_loop(bench, seconds * 0.4)
        tell("counting what went in and what came out")
        verdict = judged(bench, bench.load.asked)
        tell("measuring what kafka-python and COPY alone can do")
        lowest, per_settlement = _floor(bench, verdict)
    return Report(
        way=way,
        throughput=throughput,
        at_65_per_second=steady,
        floor=lowest,
        floor_ratio=throughput.per_second / lowest.per_second(),
        verdict=verdict,
        messages_per_settlement=per_settlement,
        servers=given,
        elapsed_s=time.perf_counter() - began,
    )


def _closed_loop(bench: Bench, window_size: int, seconds: float) -> Throughput:
    load = bench.load
    load.keep_waiting(window_size, RAMP_S)
    first, before = len(load.answers), processor_time.read(bench.pids())
    began = time.perf_counter()
    load.keep_waiting(window_size, seconds - RAMP_S)
    ended = time.perf_counter()
    used = processor_time.read(bench.pids()).since(before)
    bench.parts.check()
    window = [one for one in load.answers[first:] if began <= one.at_s <= ended]
    drained(bench)
    return Throughput(
        settlements=len(window),
        seconds=ended - began,
        per_second=len(window) / (ended - began),
        latency=latency_of([one.waited_us for one in window]),
        cpu_s_per_1000={name: 1_000 * spent / len(window) for name, spent in used.items()},
    )


def _open_loop(bench: Bench, seconds: float) -> Latency:
    first = len(bench.load.answers)
    bench.load.at_rate(STEADY_RATE, seconds)
    drained(bench)
    return latency_of([one.waited_us for one in bench.load.answers[first:]])


def _floor(bench: Bench, verdict: Verdict) -> tuple[floor.Floor, float]:
    """The floor for up to FLOOR_SETTLEMENTS_MAX settlements, and messages per settlement."""
    settled = verdict.settled
    count = min(settled, FLOOR_SETTLEMENTS_MAX)
    written = {
        role: {table: n - bench.before[role].get(table, 0) for table, n in rows_of(engine).items()}
        for role, engine in bench.engines.items()
    }
    said = sum(tables["outbox"] for tables in written.values())
    size = max(number_of(engine, _MEAN_SIZE) for engine in bench.engines.values())
    kafka = bench.deployment.kafka
    assert kafka is not None, "the benchmark runs on Kafka only"
    kafka_s = floor.pass_messages(kafka, count * said // settled, size)
    rows, copy_s = 0, 0.0
    for role, engine in bench.engines.items():
        # What waits to be sent comes and goes: after the load there may be fewer of those.
        wanted = {table: max(n, 0) * count // settled for table, n in written[role].items()}
        copied, taken_s = floor.copy_rows(engine, wanted)
        rows, copy_s = rows + copied, copy_s + taken_s
    messages = count * said // settled
    return floor.Floor(count, messages, size, rows, kafka_s, copy_s), said / settled


_MEAN_SIZE = "SELECT coalesce(avg(length(value)), 0)::int FROM outbox"
