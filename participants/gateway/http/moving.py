"""Whether a gateway serves, and whether what it hands on moves: for probes, counts only."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from contracts.codes import AreaCode
from contracts.delivery import health
from contracts.delivery.passing import is_passing
from participants.gateway.serving.desk import Desk


async def told(
    desks: Mapping[AreaCode, Desk], stalled_after: timedelta, now: datetime
) -> tuple[int, dict[str, Any]]:
    """HTTP status and document: 200 while every desk serves and every area's messages move."""
    looks = (asyncio.to_thread(_pulse, desk) for desk in desks.values())
    pulses = dict(zip(desks, await asyncio.gather(*looks), strict=True))
    areas = {
        area: _figures(desk) | _moving(pulses[area], stalled_after, now)
        for area, desk in desks.items()
    }
    is_well = all(one["serving"] and one["moving"] for one in areas.values())
    return 200 if is_well else 503, {"ok": is_well, "areas": areas}


def _figures(desk: Desk) -> dict[str, Any]:
    return {
        "serving": desk.is_serving,
        "under_way": desk.under_way,
        "requests": desk.figures.requests,
        "transactions": desk.figures.transactions,
        "biggest_batch": desk.figures.biggest_batch,
    }


def _moving(pulse: health.Pulse | None, after: timedelta, now: datetime) -> dict[str, Any]:
    if pulse is None:
        return {"moving": False, "unsent_since": None, "subscriptions": []}
    unsent = pulse.unsent_since
    return {
        "moving": pulse.is_moving(now, after),
        "unsent_since": None if unsent is None else unsent.isoformat(),
        "subscriptions": pulse.told(now, after),
    }


def _pulse(desk: Desk) -> health.Pulse | None:
    """What the area's database says; None while it is away."""
    try:
        with desk.door.outbox.engine.connect() as tx:
            return health.pulse(tx)
    except Exception as error:
        if not (is_passing(error) or isinstance(error, SQLAlchemyError)):
            raise
        return None
