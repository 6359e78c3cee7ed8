"""How an insured area's route stands: what the newest requests sent to it say. Pure."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from contracts.messages.weather import Condition

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Band:
    """Beyond `enter` it is bad, within `leave` good again; in between it stays what it was."""

    enter: int
    leave: int

    def limit(self, *, is_bad: bool) -> int:
        return self.leave if is_bad else self.enter


@dataclass(frozen=True, slots=True)
class Thresholds:
    """As hub/data/route.toml says."""

    window_minutes: int
    recent_max: int
    success_of: int
    down_after: int
    up_after: int
    down_lag_s: int
    slow_success_bp: Band
    slow_p95_ms: Band
    slow_lag_ms: Band
    unsent_for_s: int

    def since(self, now: datetime) -> datetime:
        return now - timedelta(minutes=self.window_minutes)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The newest requests of an area that ended, newest first, and what has not ended.

    `silent`: it gave no sign at all; `failed`: it did not answer in time, or nonsense.
    `latencies_ms`: how long the answers in time took. `waiting_since`: when the oldest request
    without an answer was sent. `unsent_since`: since when our oldest message to anybody lies
    unsent. `before`: how the route stood when it was last judged.
    """

    silent: tuple[bool, ...] = ()
    failed: tuple[bool, ...] = ()
    latencies_ms: tuple[int, ...] = ()
    waiting_since: datetime | None = None
    unsent_since: datetime | None = None
    before: Condition | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of the traffic; None where nothing was tried, or nothing answered."""

    tried: int
    success_bp: int | None
    p50_ms: int | None
    p95_ms: int | None
    lag_ms: int


@cache
def thresholds() -> Thresholds:
    text = files("hub").joinpath("data/route.toml").read_text(encoding="utf-8")
    return Thresholds(**{name: _read(value) for name, value in tomllib.loads(text).items()})


def figures_of(traffic: Traffic, now: datetime) -> Figures:
    newest = traffic.failed[: thresholds().success_of]
    answered = len(newest) - sum(newest)
    waiting = traffic.waiting_since
    return Figures(
        tried=len(traffic.failed),
        success_bp=answered * 10_000 // len(newest) if newest else None,
        p50_ms=_percentile(traffic.latencies_ms, 50),
        p95_ms=_percentile(traffic.latencies_ms, 95),
        lag_ms=0 if waiting is None else max(0, (now - waiting) // _MS),
    )


def condition_of(traffic: Traffic, now: datetime) -> Condition:
    """Slow and down are entered and left by different figures."""
    figures, limits = figures_of(traffic, now), thresholds()
    if _is_down(traffic, figures, limits):
        return Condition.DOWN
    is_slow = _is_slow(traffic, figures, limits) or _is_unsent(traffic, limits, now)
    return Condition.SLOW if is_slow else Condition.CLEAR


def having_answered(condition: Condition) -> Condition:
    """Whoever has just answered us is not down, whatever its last requests say."""
    return Condition.SLOW if condition is Condition.DOWN else condition


def _is_down(traffic: Traffic, figures: Figures, limits: Thresholds) -> bool:
    if figures.lag_ms > 1_000 * limits.down_lag_s:
        return True
    if traffic.before is Condition.DOWN:
        return any(traffic.silent[: limits.up_after])
    newest = traffic.silent[: limits.down_after]
    return len(newest) == limits.down_after and all(newest)


def _is_slow(traffic: Traffic, figures: Figures, limits: Thresholds) -> bool:
    is_bad = traffic.before in {Condition.SLOW, Condition.DOWN}
    success_bp, p95_ms = figures.success_bp, figures.p95_ms
    return (
        (success_bp is not None and success_bp < limits.slow_success_bp.limit(is_bad=is_bad))
        or (p95_ms is not None and p95_ms > limits.slow_p95_ms.limit(is_bad=is_bad))
        or figures.lag_ms > limits.slow_lag_ms.limit(is_bad=is_bad)
    )


def _is_unsent(traffic: Traffic, limits: Thresholds, now: datetime) -> bool:
    since = traffic.unsent_since
    return since is not None and now - since > timedelta(seconds=limits.unsent_for_s)


def _percentile(values: tuple[int, ...], percent: int) -> int | None:
    """The nearest rank: the smallest value that so many percent do not exceed."""
    if not values:
        return None
    return sorted(values)[-(-len(values) * percent // 100) - 1]


def _read(value: Any) -> Any:
    return Band(*value) if isinstance(value, list) else value
