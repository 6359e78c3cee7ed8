"""Percentiles and shares of latency samples, in integers of microseconds."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """Nearest-rank percentiles of `samples` measurements, in milliseconds with one decimal."""

    samples: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    longest_ms: float


def latency_of(samples_us: Sequence[int]) -> Latency:
    """The percentiles of at least one sample."""
    assert samples_us, "no samples, no percentiles"
    ordered = sorted(samples_us)
    return Latency(
        samples=len(ordered),
        p50_ms=_milliseconds(percentile(ordered, 50)),
        p95_ms=_milliseconds(percentile(ordered, 95)),
        p99_ms=_milliseconds(percentile(ordered, 99)),
        longest_ms=_milliseconds(ordered[-1]),
    )


def percentile(ordered: Sequence[int], percent: int) -> int:
    """Nearest rank: the smallest sample that at least `percent` per cent do not exceed."""
    rank = -(-percent * len(ordered) // 100)
    return ordered[max(rank, 1) - 1]


def _milliseconds(microseconds: int) -> float:
    return microseconds // 100 / 10
