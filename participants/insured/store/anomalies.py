"""What was said out of step: kept for people to look at, without any effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import MessageId

_ADD = "INSERT INTO anomalies (kind, subject, detail, message_id, at) VALUES %s"


class AnomalyKind(StrEnum):
    """How a message was out of step."""

    NOT_FROM_THE_HUB = "not_from_the_hub"  # only the hub writes to an insured area
    ASKED_DIFFERENTLY = "asked_differently"  # a known settlement or registration, other content
    ANOTHER_PERSON = "another_person"  # a release names somebody else than the grant does
    OUT_OF_STEP = "out_of_step"  # a conclusion that does not fit what we have


@dataclass(frozen=True, slots=True)
class Anomaly:
    """`subject` is the id that the message is about."""

    kind: AnomalyKind
    subject: str
    detail: str
    message_id: MessageId


def add(tx: Connection, anomalies: Sequence[Anomaly], now: datetime) -> None:
    rows = [(a.kind.value, a.subject, a.detail, a.message_id, now) for a in anomalies]
    bulk.write_rows(tx, _ADD, "(%s, %s, %s, %s, %s)", rows)
