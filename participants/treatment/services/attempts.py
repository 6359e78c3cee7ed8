"""Idempotency of hospitals' requests: an id is stored before anything is done for it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from participants.treatment.domain.attempt import Attempt, Claim, ClaimKind, MessageKey
from participants.treatment.store import attempts as store


def claim(tx: Connection, attempts: Sequence[Attempt], now: datetime) -> list[Claim]:
    """What each attempt is, in order: new, a replay, a clash, or withdrawn before.

    Waits for another transaction that claims the same id. Two of one id in a batch are judged as
    if the second came later. Two statements at most, whatever the size of the batch.
    """
    first: dict[MessageKey, int] = {}
    for position, attempt in enumerate(attempts):
        first.setdefault(attempt.key, position)
    new = store.add(tx, (attempts[position] for position in first.values()), now)
    known = [one.key for n, one in enumerate(attempts) if one.key not in new or first[one.key] != n]
    stored = store.of(tx, known)
    return [
        Claim(ClaimKind.NEW)
        if attempt.key in new and first[attempt.key] == position
        else stored[attempt.key].claim_of(attempt)
        for position, attempt in enumerate(attempts)
    ]


def answered(tx: Connection, replies: Sequence[tuple[MessageKey, str]]) -> dict[MessageKey, str]:
    """Keep the final reply of each (key, reply_json); the older ones that stood in the way.

    A reply once stored never changes: whoever answers the same message later says what is stored.
    """
    kept = store.answer(tx, replies)
    others = store.of(tx, (key for key, _ in replies if key not in kept))
    return {key: one.reply_json for key, one in others.items() if one.reply_json is not None}


def bind(tx: Connection, pairs: Sequence[tuple[MessageKey, UUID]]) -> None:
    """Remember what each message asked about: a settlement, a trial or an enquiry."""
    store.bind(tx, pairs)


def forget(tx: Connection, keys: Iterable[MessageKey]) -> None:
    """Give these messages back as if they had never come: nothing was done for them."""
    store.forget(tx, keys)
