"""Load for many minutes: latency minute by minute, and whether any process keeps growing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulators.bench import memory
from simulators.bench.load import Answered
from simulators.bench.memory import FLAT_BYTES_PER_SETTLEMENT, NOT_JUDGED, Held
from simulators.bench.stage import Bench, Setting, Tell, standing
from simulators.bench.statistics import latency_of
from simulators.bench.validity import Verdict
from simulators.bench.verdict import judged
from simulators.bench.window import Window, open_loop

RATE = 250
"""Twice what the country plans for."""
WARM_UP_S = 10.0
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Soak:
    window: Window
    memory: Mapping[str, Sequence[Held]]
    verdict: Verdict

    @property
    def samples(self) -> Mapping[str, Sequence[Answered]]:
        return {"soak": self.window.answers}

    def kept_bytes_per_settlement(self, part: str) -> float:
        """How much the part grew for each settlement of the second half."""
        return memory.growth_bytes_per_s(self.memory[part]) / self.window.per_second

    def is_flat(self, part: str) -> bool:
        kept = self.kept_bytes_per_settlement(part)
        return part in NOT_JUDGED or kept <= FLAT_BYTES_PER_SETTLEMENT

    def as_dict(self) -> dict[str, object]:
        return {
            "rate_per_s": RATE,
            "minutes": round(self.window.seconds / MINUTE_S, 2),
            **self.window.as_dict(),
            "is_flat": all(self.is_flat(part) for part in self.memory),
            "flat_bytes_per_settlement": FLAT_BYTES_PER_SETTLEMENT,
            "memory": {part: self._of(part) for part in self.memory},
            "by_minute": self._by_minute(),
            **self.verdict.as_dict(),
        }

    def told(self) -> str:
        latency = self.window.latency
        minutes = self.window.seconds / MINUTE_S
        lines = (
            f"{RATE}/s for {minutes:.1f} minutes: p50 {latency.p50_ms}, p99 {latency.p99_ms} ms",
            *(f"  {part}: {self._told_of(part)}" for part in self.memory),
            self.verdict.told(),
        )
        return "\n".join(lines)

    def _told_of(self, part: str) -> str:
        held, kept = self.memory[part], self.kept_bytes_per_settlement(part)
        grown = f"{_mib(held[0].own_bytes)} → {_mib(held[-1].own_bytes)} MiB"
        judged_so = "" if self.is_flat(part) else ", NOT FLAT"
        return f"{grown}, {kept:+.0f} bytes a settlement{judged_so}"

    def _of(self, part: str) -> dict[str, object]:
        held = self.memory[part]
        return {
            "first_mib": _mib(held[0].own_bytes),
            "half_mib": _mib(held[len(held) // 2].own_bytes),
            "last_mib": _mib(held[-1].own_bytes),
            "last_resident_mib": _mib(held[-1].resident_bytes),
            "kept_bytes_per_settlement": round(self.kept_bytes_per_settlement(part), 1),
            "is_flat": self.is_flat(part),
            "not_judged": NOT_JUDGED.get(part, ""),
            "at_s": [round(one.at_s, 1) for one in held],
            "own_mib": [_mib(one.own_bytes) for one in held],
        }

    def _by_minute(self) -> list[dict[str, object]]:
        minutes: dict[int, list[int]] = {}
        began = self.window.answers[0].at_s
        for one in self.window.answers:
            minutes.setdefault(int((one.at_s - began) // MINUTE_S), []).append(one.waited_us)
        return [
            {"minute": n, "answers": len(waited), "p50_ms": found.p50_ms, "p99_ms": found.p99_ms}
            for n, waited in sorted(minutes.items())
            for found in [latency_of(waited)]
        ]


def run(seconds: float, setting: Setting) -> Soak:
    with standing(setting) as bench:
        return measure(bench, seconds, setting.tell)


def measure(bench: Bench, seconds: float, tell: Tell, every_s: float = memory.EVERY_S) -> Soak:
    """On a stage that runs; a warm-up that does not count goes before."""
    tell(f"{RATE} a second for {seconds / MINUTE_S:.1f} minutes")
    open_loop(bench, lambda: bench.load.at_rate(RATE, min(WARM_UP_S, seconds / 4)))
    with memory.watched(bench.pids, every_s) as held:
        window = open_loop(bench, lambda: bench.load.at_rate(RATE, seconds))
    return Soak(window, held.held, judged(bench, bench.load.asked))


def _mib(size: int) -> float:
    return round(size / 1_048_576, 1)
