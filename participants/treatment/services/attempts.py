"""Idempotency of hospitals' requests: an id is stored before anything is done for it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from participants.treatment.domain.attempt import Attempt, Claim, ClaimKind
from participants.treatment.store import attempts as store


def claim(tx: Connection, attempts: Sequence[Attempt], now: datetime) -> list[Claim]:
    """What each attempt is, in order: new, a replay, a clash, or withdrawn before.

    Waits for another transaction that claims the same id. Two of one id in a batch are judged as
    if the second came later. Two statements at most, whatever the size of the batch.
    """
    first: dict[str, int] = {}
    for position, attempt in enumerate(attempts):
        first.setdefault(attempt.msgid, position)
    new = store.add(tx, (attempts[position] for position in first.values()), now)
    known = [
        one.msgid for n, one in enumerate(attempts) if one.msgid not in new or first[one.msgid] != n
    ]
    stored = store.of(tx, known)
    return [
        Claim(ClaimKind.NEW)
        if attempt.msgid in new and first[attempt.msgid] == position
        else stored[attempt.msgid].claim_of(attempt)
        for position, attempt in enumerate(attempts)
    ]


def answered(tx: Connection, replies: Sequence[tuple[str, str]]) -> None:
    """Keep the final reply of each (msgid, reply_json); a reply once stored never changes."""
    store.answer(tx, replies)


def bind(tx: Connection, pairs: Sequence[tuple[str, UUID]]) -> None:
    """Remember what each msgid asked about: a settlement, a trial or an enquiry."""
    store.bind(tx, pairs)
