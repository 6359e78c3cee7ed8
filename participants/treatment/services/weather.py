"""Route weather 路况: kept as the hub tells it, and asked before a bill is sent on its way."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, area_of
from contracts.message import Message, Outgoing
from contracts.messages.weather import RouteWeatherPublished
from contracts.refusal import RefusalCode
from participants.treatment.domain.results import Refusal, Requested
from participants.treatment.domain.settlement import SettleRequest
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.weather import Weather, down_told, words
from participants.treatment.store import weather as store

Service = Callable[
    [Connection, Sequence[SettleRequest], datetime, Terms],
    tuple[list[Requested | Refusal], list[Outgoing]],
]


def record(
    tx: Connection, batch: Sequence[Message[RouteWeatherPublished]], _now: datetime
) -> list[Outgoing]:
    """Keep the newest word on each route; the word of anybody but the hub is not kept."""
    said = [one.body for one in batch if one.head.sender == topics.HUB]
    newest = {
        route.insured_area: Weather(route, body.observed_at)
        for body in sorted(said, key=lambda body: body.observed_at)
        for route in body.routes
    }
    store.put(tx, list(newest.values()))
    return []


def of(tx: Connection, divisions: Iterable[str]) -> dict[AreaCode, Weather]:
    """What is known of the way to the areas of these divisions."""
    return store.of(tx, {area for area in map(area_of, divisions) if area is not None})


def unless_down(service: Service) -> Service:
    """The service, for those bills whose insured area is not down; the others: ROUTE_DOWN.

    Of these nothing is stored and nothing sent. One in so many seconds is let through all the
    same, so that a way that is open again is found by whoever needs it.
    """

    def run(
        tx: Connection, requests: Sequence[SettleRequest], now: datetime, terms: Terms
    ) -> tuple[list[Requested | Refusal], list[Outgoing]]:
        refusals = _turned_away(tx, requests, now)
        going = [one for n, one in enumerate(requests) if n not in refusals]
        results, outgoing = service(tx, going, now, terms) if going else ([], [])
        others = iter(results)
        return [
            refusals[n] if n in refusals else next(others) for n in range(len(requests))
        ], outgoing

    return run


def _turned_away(
    tx: Connection, requests: Sequence[SettleRequest], now: datetime
) -> dict[int, Refusal]:
    """By place in the batch: those for areas that are down, but for the first of a probe."""
    insured = [area_of(one.insured_division) for one in requests]
    known = of(tx, {one.insured_division for one in requests})
    down = {area: one for area, one in known.items() if one.is_down(now)}
    if not down:
        return {}
    probes = store.take_probes(tx, down, now, now - words().probe_every)
    let_through = {insured.index(area) for area in probes}
    return {
        n: Refusal(RefusalCode.ROUTE_DOWN, down_told(down[area]))
        for n, area in enumerate(insured)
        if area in down and n not in let_through
    }
