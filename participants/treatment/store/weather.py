"""Route weather: the newest word of the hub on each insured area."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk
from contracts.messages.weather import Route
from participants.treatment.domain.weather import Weather

_FIGURES = "tried, success_bp, p50_ms, p95_ms, lag_ms"
# What is older than what we know changes nothing.
_PUT = f"""
    INSERT INTO route_weather (insured_area, condition, since, {_FIGURES}, observed_at) VALUES %s
    ON CONFLICT (insured_area) DO UPDATE SET condition = excluded.condition,
        since = excluded.since, observed_at = excluded.observed_at, tried = excluded.tried,
        success_bp = excluded.success_bp, p50_ms = excluded.p50_ms, p95_ms = excluded.p95_ms,
        lag_ms = excluded.lag_ms
    WHERE route_weather.observed_at < excluded.observed_at
"""  # noqa: S608 - the columns are ours
_OF = f"""
    SELECT insured_area, condition, since, {_FIGURES}, observed_at
    FROM route_weather WHERE insured_area = ANY(%s)
"""  # noqa: S608 - the columns are ours
# Whoever comes at the same time as another need not wait for it: one is enough.
_PROBE = """
    UPDATE route_weather SET probed_at = %s WHERE insured_area IN (
        SELECT insured_area FROM route_weather
        WHERE insured_area = ANY(%s) AND (probed_at IS NULL OR probed_at <= %s)
        ORDER BY insured_area FOR UPDATE SKIP LOCKED)
    RETURNING insured_area
"""


def put(tx: Connection, weathers: Sequence[Weather]) -> None:
    """Each insured area once."""
    rows = [
        (*route.model_dump(mode="python").values(), one.observed_at)
        for one in weathers
        for route in [one.route]
    ]
    template = "(%s, %s, %s::timestamptz, %s, %s::int, %s::int, %s::int, %s, %s::timestamptz)"
    bulk.write_rows(tx, _PUT, template, rows)


def of(tx: Connection, areas: Iterable[AreaCode]) -> dict[AreaCode, Weather]:
    """Of those areas of which the hub has said anything."""
    names = ("insured_area", "condition", "since", *_FIGURES.split(", "))
    found = bulk.fetch(tx, _OF, (sorted(set(areas)),))
    return {
        AreaCode(row[0]): Weather(Route(**dict(zip(names, row, strict=False))), row[-1])
        for row in found
    }


def take_probes(
    tx: Connection, areas: Iterable[AreaCode], now: datetime, since: datetime
) -> set[AreaCode]:
    """The areas to which nobody was let through after `since`: now we were."""
    return {AreaCode(row[0]) for row in bulk.fetch(tx, _PROBE, (now, sorted(set(areas)), since))}
