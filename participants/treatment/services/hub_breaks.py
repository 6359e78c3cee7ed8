"""Breaks of the three-way comparison, as the hub tells us of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.message import Message, Outgoing
from contracts.messages.reconciliation import BreaksTold
from participants.treatment.store import hub_breaks as store


def record(tx: Connection, batch: Sequence[Message[BreaksTold]], _now: datetime) -> list[Outgoing]:
    """Keep what the hub says; the word of anybody else is not kept."""
    store.record(tx, [message.body for message in batch if message.head.sender == topics.HUB])
    return []
