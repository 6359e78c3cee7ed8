"""Route weather 路况: judged all the time, told on every change and every so often."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import MessageId, new_id
from contracts.message import Outgoing, originate
from contracts.messages.weather import Route, RouteWeatherPublished
from hub.domain.route import Traffic, condition_of, figures_of, thresholds
from hub.store import participants, routes
from hub.store.routes import Told


def watch(tx: Connection, now: datetime, *, every: timedelta) -> list[Outgoing]:
    """Judge the way to each connected insured area; tell every treatment area what is new.

    A route is told when it changes and after `every`, so that whoever was told knows its age;
    zero: nothing is told at all.
    """
    if not every or not routes.am_alone(tx):
        return []
    everyone = participants.everyone(tx).values()
    insured = [one.area for one in everyone if one.insured_connected]
    traffic = routes.traffic_of(tx, insured, thresholds(), now)
    before = routes.told(tx)
    seen = [_seen(area, traffic[area], before.get(area), now) for area in insured]
    due = [one for one in seen if _is_due(one, before.get(one.area), every)]
    routes.tell(tx, due)
    told = [_route(one, traffic[one.area], now) for one in due]
    treatment = [one.area for one in everyone if one.treatment_connected]
    return [_outgoing(area, told, now) for area in treatment if told]


def _seen(area: AreaCode, traffic: Traffic, before: Told | None, now: datetime) -> Told:
    condition = condition_of(traffic, now)
    same = before is not None and before.condition is condition
    return Told(area, condition, before.since if before is not None and same else now, now)


def _is_due(seen: Told, before: Told | None, every: timedelta) -> bool:
    if before is None or before.condition is not seen.condition:
        return True
    return seen.at - before.at >= every


def _route(one: Told, traffic: Traffic, now: datetime) -> Route:
    figures = figures_of(traffic, now)
    return Route(
        insured_area=one.area,
        condition=one.condition,
        since=one.since,
        tried=figures.tried,
        success_bp=figures.success_bp,
        p50_ms=figures.p50_ms,
        p95_ms=figures.p95_ms,
        lag_ms=figures.lag_ms,
    )


def _outgoing(area: AreaCode, told: Sequence[Route], now: datetime) -> Outgoing:
    return originate(
        RouteWeatherPublished(observed_at=now, routes=tuple(told)),
        message_id=MessageId(new_id()),
        topic=topics.notices(Role.TREATMENT, area),
        key=area,
        sender=topics.HUB,
        at=now,
    )
