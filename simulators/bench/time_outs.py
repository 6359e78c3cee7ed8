"""An area that is silent: how late after its deadline each settlement expires, and is told so."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from contracts.clock import SystemClock
from simulators.bench.load import Answered
from simulators.bench.stage import Bench, Setting, Tell, number_of, standing
from simulators.bench.statistics import Latency, latency_of
from simulators.bench.validity import Verdict
from simulators.bench.verdict import DRAIN_WITHIN_S, RunInvalid, judged
from simulators.bench.window import Window, open_loop

RATE = 125
PROMISED_MS = 1_000.0
_EXPIRED = "SELECT settlement_id, answer_by, concluded_at FROM settlements WHERE state = 'expired'"
_TOLD = "SELECT settlement_id, answered_at FROM settlements WHERE answered_at IS NOT NULL"
_OPEN = "SELECT count(*) FROM settlements WHERE state = 'routed'"


@dataclass(frozen=True, slots=True)
class TimeOuts:
    """`expired`: by the hub's clock; `told`: until the treatment area had stored the answer."""

    before: Window
    silent_from: datetime
    silent_until: datetime
    expired: Latency
    told_late: Latency
    released_after_s: float
    """From the first sign of life of the area until no release was owed any more."""
    verdict: Verdict
    lateness: Sequence[Answered]

    @property
    def samples(self) -> Mapping[str, Sequence[Answered]]:
        return {"before": self.before.answers, "late": self.lateness}

    def as_dict(self) -> dict[str, object]:
        return {
            "expired": self.expired.samples,
            "rate_per_s": RATE,
            "late_p50_ms": self.expired.p50_ms,
            "late_p99_ms": self.expired.p99_ms,
            "late_longest_ms": self.expired.longest_ms,
            "promised_ms": PROMISED_MS,
            "told_late_p50_ms": self.told_late.p50_ms,
            "told_late_p99_ms": self.told_late.p99_ms,
            "released_after_s": round(self.released_after_s, 1),
            "silent_from": self.silent_from.isoformat(timespec="milliseconds"),
            "silent_until": self.silent_until.isoformat(timespec="milliseconds"),
            "windows": {"before": self.before.as_dict()},
            **self.verdict.as_dict(),
        }

    def told(self) -> str:
        late, told = self.expired, self.told_late
        lines = (
            f"{late.samples:,} expired after their deadline by:",
            f"  at the hub: p50 {late.p50_ms}, p99 {late.p99_ms}, at most {late.longest_ms} ms",
            f"  told in the treatment area: p50 {told.p50_ms}, p99 {told.p99_ms} ms",
            f"the area back: everything released after {self.released_after_s:.1f} s",
            self.verdict.told(),
        )
        return "\n".join(lines)


def run(seconds: float, setting: Setting) -> TimeOuts:
    """A third of the time everybody answers, two thirds the insured area does not."""
    with standing(setting) as bench:
        return measure(bench, seconds / 3, 2 * seconds / 3, setting.tell)


def measure(bench: Bench, before_s: float, silent_s: float, tell: Tell) -> TimeOuts:
    """On a stage that runs; the insured areas are held still, and go on at the end."""
    before = open_loop(bench, lambda: bench.load.at_rate(RATE, before_s))
    tell(f"nobody answers for {silent_s:.0f} s at {RATE} a second")
    with _silence(bench) as silent_from:
        bench.load.at_rate(RATE, silent_s)
        _wait_until_none_is_open(bench)
    silent_until, back = SystemClock().now(), time.perf_counter()
    verdict = judged(bench, bench.load.asked, may_expire=True)
    released_after_s = time.perf_counter() - back
    expired, told_late = _lateness(bench, silent_from)
    return TimeOuts(
        before=before,
        silent_from=silent_from,
        silent_until=silent_until,
        expired=latency_of([one.waited_us for one in expired]),
        told_late=latency_of(told_late),
        released_after_s=released_after_s,
        verdict=verdict,
        lateness=expired,
    )


@contextmanager
def _silence(bench: Bench) -> Iterator[datetime]:
    insured = bench.parts.children["insured work"]
    insured.pause()
    try:
        yield SystemClock().now()
    finally:
        insured.resume()


def _wait_until_none_is_open(bench: Bench) -> None:
    hub, until = bench.engine_of("hub"), time.monotonic() + DRAIN_WITHIN_S
    if left := bench.load.drain(DRAIN_WITHIN_S):
        raise RunInvalid(f"{left} settlements had no answer though all should have expired")
    while number_of(hub, _OPEN):
        if time.monotonic() > until:
            raise RunInvalid("the hub let nothing expire")
        time.sleep(0.1)


def _lateness(bench: Bench, since: datetime) -> tuple[list[Answered], list[int]]:
    """By the hub (when, counted from the silence, and how late), and as told; microseconds."""
    told: dict[UUID, datetime] = {}
    for side in bench.sides:
        if side.role == "treatment":
            told |= dict(_rows(side.engine, _TOLD))
    expired = _rows(bench.engine_of("hub"), _EXPIRED)
    by_the_hub = [
        Answered((concluded_at - since).total_seconds(), _microseconds(concluded_at - answer_by))
        for _, answer_by, concluded_at in expired
    ]
    return by_the_hub, [_microseconds(told[id_] - answer_by) for id_, answer_by, _ in expired]


def _rows(engine: Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def _microseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1_000_000)
