"""Reports slices of the open day to the hub, so that a one-sided record shows within a minute.

A slice is what the hub concluded in [since, until), by its own instants. One without rows is not
reported: an idle day costs no message.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts import control_sums, topics
from contracts.codes import Role
from contracts.ids import MessageId, new_id
from contracts.message import Message, Outgoing, effect_of, originate
from contracts.messages.reconciliation import SliceReported, SliceRequested
from participants.insured.domain.area import Area
from participants.insured.services.anomalies import from_the_hub
from participants.insured.store import booked

SETTLED_DOWN = timedelta(seconds=5)
"""What the hub concluded just now may still be on its way to us."""
MOMENT = timedelta(microseconds=1)
FIRST_SLICE = timedelta(minutes=1)


def report(area: Area, tx: Connection, now: datetime) -> list[Outgoing]:
    """A job: what was concluded since the last slice; nothing when there is nothing."""
    until = now - SETTLED_DOWN
    since = booked.reported_until(tx) or until - FIRST_SLICE
    if until <= since:
        return []
    booked.notice_unheard(tx, until - MOMENT)
    if not booked.has_any(tx, since, until):
        return []
    booked.move_reported(tx, until)
    body = _slice(area, tx, since, until)
    return [
        originate(
            body,
            message_id=MessageId(new_id()),
            topic=topics.HUB_RECONCILIATION,
            key=area.code,
            sender=area.name,
            at=now,
        )
    ]


def answer(
    area: Area, tx: Connection, batch: Sequence[Message[SliceRequested]], now: datetime
) -> list[Outgoing]:
    """The slices that the hub asks for, whatever was reported before."""
    return [
        effect_of(
            message,
            _slice(area, tx, message.body.since, message.body.until),
            topic=topics.HUB_RECONCILIATION,
            key=area.code,
            sender=area.name,
            at=now,
        )
        for message in from_the_hub(tx, batch, now)
    ]


def _slice(area: Area, tx: Connection, since: datetime, until: datetime) -> SliceReported:
    return SliceReported(
        area=area.code,
        role=Role.INSURED,
        since=since,
        until=until,
        days=control_sums.days_of(tx, *booked.of_slice(since, until)),
    )
