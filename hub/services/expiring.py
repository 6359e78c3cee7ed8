"""Registrations whose last day is over: the state follows the calendar."""

from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.message import Outgoing
from hub.domain import stepping
from hub.domain.registration import RegistrationEvent, Taken
from hub.services import telling_registrations as telling
from hub.store import registrations


def expire(tx: Connection, now: datetime, count_max: int) -> list[Outgoing]:
    """Expire at most so many that ended before today in China, and tell both sides.

    Nothing depends on when this happens: a stay is judged by the days of the registration, and
    whoever was admitted by its last day is settled, before and after. One that is to be followed
    by a version not yet decided on waits for that decision.
    """
    overdue = registrations.lock_overdue(tx, shanghai_date_of(now), count_max)
    steps = [
        Taken(one, RegistrationEvent.EXPIRE, stepping.expired(one), now, topics.HUB)
        for one in overdue
    ]
    registrations.move(tx, steps)
    return [line for step in steps for line in telling.taken(step, None)]
