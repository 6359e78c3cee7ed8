"""The memory of what was handled: it turns a second delivery into nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import prepared
from contracts.ids import MessageId
from contracts.message import Message

_CLAIM = prepared.statement_of_rows(
    """
    INSERT INTO inbox (message_id, fingerprint, received_at) %s
    ON CONFLICT (message_id) DO NOTHING RETURNING message_id
    """,
    "uuid bytea timestamptz",
)
_KNOWN = prepared.statement(
    "SELECT message_id, fingerprint FROM inbox WHERE message_id = ANY($1)", "uuid[]"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Positions in the batch: to be handled now, and those that reuse an id with another body."""

    fresh: frozenset[int]
    clashes: frozenset[int]


def claim(tx: Connection, batch: Sequence[Message[Any]], now: datetime) -> Claimed:
    """Record these messages as handled; a replay is neither fresh nor a clash."""
    prints = [message.fingerprint() for message in batch]
    ids = [message.head.message_id for message in batch]
    first: dict[MessageId, int] = {}
    for position, id_ in enumerate(ids):
        first.setdefault(id_, position)
    # In id order, so that two processes with some of the same messages cannot deadlock.
    rows = [(id_, prints[position], now) for id_, position in sorted(first.items())]
    new = {row[0] for row in prepared.write_and_return(tx, _CLAIM, rows)}
    known = {id_: prints[position] for id_, position in first.items()}
    known |= _stored(tx, [id_ for id_ in first if id_ not in new])
    return Claimed(
        fresh=frozenset(position for id_, position in first.items() if id_ in new),
        clashes=frozenset(n for n, id_ in enumerate(ids) if known[id_] != prints[n]),
    )


def _stored(tx: Connection, ids: Sequence[MessageId]) -> dict[MessageId, bytes]:
    if not ids:
        return {}
    return {MessageId(row[0]): bytes(row[1]) for row in prepared.fetch(tx, _KNOWN, ids)}
