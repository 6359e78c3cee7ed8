"""Only the hub is heard: whatever somebody else wrote is noted and has no effect."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from contracts.message import Body, Message
from contracts.topics import HUB
from participants.insured.store import anomalies
from participants.insured.store.anomalies import Anomaly, AnomalyKind

B = TypeVar("B", bound=Body)


def from_the_hub(
    tx: Connection, batch: Sequence[Message[B]], now: datetime
) -> Sequence[Message[B]]:
    """The messages of a batch that the hub signed; the others become anomalies."""
    strangers = [message for message in batch if message.head.sender != HUB]
    if not strangers:
        return batch
    found = [
        anomaly(AnomalyKind.NOT_FROM_THE_HUB, message, message.head.sender[:100])
        for message in strangers
    ]
    anomalies.add(tx, found, now)
    return [message for message in batch if message.head.sender == HUB]


def anomaly(kind: AnomalyKind, message: Message[Any], detail: str) -> Anomaly:
    """About the settlement, registration or enquiry that the message names, or about its kind."""
    body = getattr(message.body, "wanted", message.body)
    ids = ("settlement_id", "registration_id", "enquiry_id", "run_id")
    subject = next((getattr(body, name) for name in ids if hasattr(body, name)), message.body.KIND)
    return Anomaly(kind, str(subject), detail, message.head.message_id)


def assert_one_each(people: Sequence[object]) -> None:
    """The key is the person: two of one person in a batch would be decided on stale state."""
    assert len(set(people)) == len(people), "a person occurs twice in a batch"
