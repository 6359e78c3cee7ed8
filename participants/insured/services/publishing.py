"""Makes known what changed about the area: its terms, its agencies, its pooling areas."""

from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.ids import MessageId, new_id
from contracts.message import Outgoing, originate
from participants.insured.domain.area import Area
from participants.insured.domain.publication import publications
from participants.insured.store import publications as published


def publish(area: Area, tx: Connection, now: datetime, *, again: bool = False) -> list[Outgoing]:
    """One message for each part that changed since it was published last; `again`: for all."""
    if again:
        published.forget(tx)
    return [
        originate(
            one.body,
            message_id=MessageId(new_id()),
            topic=topics.HUB_DIRECTORY,
            key=area.code,
            sender=area.name,
            at=now,
        )
        for one in published.claim(tx, publications(area, now), now)
    ]
