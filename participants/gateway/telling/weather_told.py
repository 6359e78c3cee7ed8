"""Route weather 路况 as a hospital reads it: in exp_content, and in plain JSON."""

from datetime import datetime
from typing import Any

from contracts.clock import SHANGHAI
from participants.treatment.domain.weather import Weather


def in_exp_content(weather: Weather | None, now: datetime) -> dict[str, Any]:
    """Upper-case keys with ROUTE_ before each; empty where the hub never said anything.

    ROUTE_CONDITION clear, slow or down; ROUTE_STALE: the news is too old to count, which
    ROUTE_ZH says too.
    """
    told = plainly(weather, now) or {}
    return {f"ROUTE_{name.upper()}": value for name, value in told.items()}


def plainly(weather: Weather | None, now: datetime) -> dict[str, Any] | None:
    """The member `weather` of POST /preflight; milliseconds, basis points, seconds."""
    if weather is None:
        return None
    route = weather.route
    return {
        "condition": route.condition.value,
        "zh": weather.zh(now),
        "since": route.since.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "success_bp": route.success_bp,
        "p50_ms": route.p50_ms,
        "p95_ms": route.p95_ms,
        "lag_ms": route.lag_ms,
        "age_s": weather.age_s(now),
        "stale": weather.is_stale(now),
    }
