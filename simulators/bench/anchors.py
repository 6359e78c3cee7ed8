"""The figures that were asked for, each with where it stands and what it should be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]


def _waits(found: Figures) -> str:
    return f"{found['p50_ms']} · {found['p95_ms']} · {found['p99_ms']}"


def _waits_at(found: Figures, per_s: int) -> str:
    steps = [step for step in found["steps"] if step["asked_per_s"] == per_s]
    return _waits(steps[0]) if steps else "not asked"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A figure that was asked for: where it stands, how it reads, and what it should be."""

    what: str
    part: str
    value: Callable[[Figures], str]
    asked: str
    goal: str = ""


ANCHORS: tuple[Anchor, ...] = (
    Anchor(
        "settlements through hub and both areas, a second",
        "steady",
        lambda f: f"{f['settlements_per_s']:,.0f}",
        "≥ 600",
        "1,000",
    ),
    Anchor("wait at 65/s, p50 · p95 · p99 in ms", "steady", _waits, "p50 ≤ 40, p99 ≤ 100"),
    Anchor("wait at 125/s, p50 · p95 · p99 in ms", "sweep", lambda f: _waits_at(f, 125), ""),
    Anchor(
        "highest rate asked for with a p99 below 1 s",
        "sweep",
        lambda f: f"{f['highest_held_per_s']:,}/s",
        "",
    ),
    Anchor(
        "floor ratio",
        "steady",
        lambda f: f"{f['floor_ratio']:.2f} of {f['floor_per_s']:,.0f}/s",
        "≥ 0.35",
        "0.5",
    ),
    Anchor(
        "CPU seconds per 1,000 settlements, all processes",
        "steady",
        lambda f: f"{f['cpu_s_per_1000']:.2f}",
        "",
    ),
    Anchor(
        "one hot pair of areas, of the uniform rate",
        "hot-pair",
        lambda f: f"{f['hot_of_uniform']:.0%}",
        "≥ 70 %",
    ),
    Anchor(
        "two workers of the hub, of the rate of one",
        "hub-workers",
        lambda f: f"{f['two_of_one']:.0%}",
        "",
    ),
    Anchor(
        "expiry after its deadline, p50 · p99 in ms",
        "time-outs",
        lambda f: f"{f['late_p50_ms']} · {f['late_p99_ms']}",
        "p99 ≤ 1,000",
    ),
    Anchor(
        "memory over the soak", "soak", lambda f: "flat" if f["is_flat"] else "**not flat**", "flat"
    ),
    Anchor(
        "through the hospitals' door, a second",
        "http",
        lambda f: f"{f['settlements_per_s']:,.0f}",
        "",
    ),
    Anchor("through the hospitals' door at 65/s, p50 · p95 · p99 in ms", "http", _waits, ""),
    Anchor("kept at five times too much", "overload", lambda f: f"{f['kept']:.0%}", "≥ 90 %"),
)
