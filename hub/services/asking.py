"""Whoever asks for a second person's word asks once: sent again, it is the same proposal."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.refusal import RefusalCode, Refused
from hub.domain.second_person import Proposal
from hub.services import second_person
from hub.store import proposal_requests as store
from hub.store.proposal_requests import Request


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under an id that its caller minted; `content` is JSON: all that the caller said."""

    request_id: UUID
    content: Mapping[str, Any]

    def fingerprint(self, by: Principal) -> bytes:
        """Tells a repeated request from another one, or another person's, under the same id."""
        said = json.dumps([by.subject, self.content], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(said.encode()).digest()


def once(
    tx: Connection,
    asked: Asked | None,
    propose: Callable[[], Proposal],
    *,
    by: Principal,
    now: datetime,
) -> Proposal:
    """What `propose` makes, or what it made under this id before, as it stands: decided or not.

    Nothing of the world is looked at for a repeat: it may have moved on by that very proposal.
    None asks without an id, and nothing tells a repeat from a new request once it is decided.
    Refused: CONFLICTING_REPLAY for another content or person, and what `propose` refuses.
    """
    if asked is None:
        return propose()
    # A first try whose answer was lost may still be at its commit.
    store.take_turn(tx, asked.request_id)
    mine = asked.fingerprint(by)
    there = store.find(tx, asked.request_id)
    if there is not None:
        return _same(tx, there, mine)
    proposal = propose()
    store.add(tx, Request(asked.request_id, mine, proposal.proposal_id, now))
    return proposal


def _same(tx: Connection, there: Request, mine: bytes) -> Proposal:
    if there.fingerprint != mine:
        raise Refused(RefusalCode.CONFLICTING_REPLAY, f"申请{there.request_id}")
    return second_person.find(tx, there.proposal_id)
