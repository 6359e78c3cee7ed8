"""Clearing statements, kept as the hub issued them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.message import Message, Outgoing
from contracts.messages.clearing import ClearingIssued
from participants.treatment.store import statements as store


def receive(
    tx: Connection, batch: Sequence[Message[ClearingIssued]], now: datetime
) -> list[Outgoing]:
    """Keep what the hub issued; statements of anybody else are not kept."""
    issued = [message.body for message in batch if message.head.sender == topics.HUB]
    store.add(tx, issued, now)
    return []
