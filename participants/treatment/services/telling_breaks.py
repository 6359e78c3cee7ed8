"""Tells the hub of differences with hospitals (3202), so that they stand among its breaks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import MessageId, new_id
from contracts.message import Outgoing, originate
from contracts.messages.reconciliation import HospitalBreak, HospitalBreaksReported
from participants.treatment.store import untold_breaks

BREAKS_PER_MESSAGE = 500


def tell(tx: Connection, area: AreaCode, now: datetime) -> list[Outgoing]:
    """A job: what was found or is gone since the hub was told, in one message; often none."""
    found = untold_breaks.take(tx, BREAKS_PER_MESSAGE)
    return [_said(area, found, now)] if found else []


def _said(area: AreaCode, found: Sequence[HospitalBreak], now: datetime) -> Outgoing:
    return originate(
        HospitalBreaksReported(area=area, breaks=tuple(found)),
        message_id=MessageId(new_id()),
        topic=topics.HUB_RECONCILIATION,
        key=area,
        sender=topics.participant(Role.TREATMENT, area),
        at=now,
    )
