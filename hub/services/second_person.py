"""Four eyes 四眼: one person proposes, another approves, and only then something happens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.ids import new_id
from contracts.message import Outgoing
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.identity_numbers import holds_identity_number
from hub.domain.second_person import (
    BY_ANOTHER,
    PROPOSAL,
    Proposal,
    ProposalEvent,
    ProposalKind,
    ProposalState,
)
from hub.store import proposals as store

WORDS_MAX, SUBJECT_MAX = 500, 200


def propose(
    tx: Connection,
    kind: ProposalKind,
    *,
    subject: str,
    content: dict[str, Any],
    reason: str,
    by: Principal,
    now: datetime,
    value_fen: int | None = None,
) -> Proposal:
    """Put something before a second person; nothing happens yet.

    `subject` names the one thing it is about, `content` is JSON that the kind's effect reads,
    `value_fen` is what is at stake. The same proposal by the same person while the first is open:
    the first. Refused: FIELD_MISSING without a reason, FIELD_TOO_LONG, FIELD_INVALID for a reason
    with an identity number, OUT_OF_STEP when another proposal about this subject is open.
    """
    _check_words(subject, reason)
    wanted = Proposal(new_id(), kind, subject, content, reason, by.subject, now, value_fen)
    if store.add(tx, wanted):
        return wanted
    there = store.open_about(tx, kind, subject)
    if there is None or not _is_same(there, wanted):
        raise Refused(RefusalCode.OUT_OF_STEP, "该事项已有待复核的申请")
    return there


def decide(
    tx: Connection,
    proposal_id: UUID,
    *,
    approve: bool,
    why: str,
    by: Principal,
    now: datetime,
    keys: Sealer | None = None,
) -> tuple[Proposal, list[Outgoing]]:
    """The second person's word; an approval performs the effect in this same transaction.

    `keys` seal what an effect says in a case; without them it says nothing there.

    The same word again by the same person: the same answer, and nothing happens twice. Refused:
    UNKNOWN_PROPOSAL, SECOND_PERSON_NEEDED for who proposed it, DECIDED_BY_ANOTHER, FIELD_MISSING
    for a no without a reason, FIELD_INVALID for an identity number, and what the effect refuses.
    """
    if not approve and not why.strip():
        raise Refused(RefusalCode.FIELD_MISSING, "why")
    check_names_nobody("why", why)
    event = ProposalEvent.APPROVE if approve else ProposalEvent.DECLINE
    before, after = _step(tx, proposal_id, event, why, by, now)
    if before is after or not approve:
        return after, []
    # Imported here, because the effects' owners propose with this module.
    from hub.services.effects import EFFECTS

    return after, EFFECTS[after.kind](tx, after, by, now, keys)


def withdraw(
    tx: Connection, proposal_id: UUID, *, why: str, by: Principal, now: datetime
) -> Proposal:
    """Whoever proposed it takes it back. Refused: UNKNOWN_PROPOSAL, NOT_ALLOWED for anybody else,
    DECIDED_BY_ANOTHER when it was decided.
    """
    check_names_nobody("why", why)
    return _step(tx, proposal_id, ProposalEvent.WITHDRAW, why, by, now)[1]


def find(tx: Connection, proposal_id: UUID) -> Proposal:
    """Refused: UNKNOWN_PROPOSAL."""
    found = store.find(tx, proposal_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_PROPOSAL)
    return found


def listed(
    tx: Connection,
    states: Sequence[ProposalState],
    kinds: Sequence[ProposalKind],
    *,
    after: tuple[datetime, UUID] | None,
    count: int,
) -> list[Proposal]:
    """The oldest first, after the (instant, id) that a page ended with."""
    return store.listed(tx, states, kinds, after=after, count=count)


def check_names_nobody(name: str, text: str) -> None:
    """What is said here stands in clear, in histories and on papers. Refused: FIELD_INVALID."""
    if holds_identity_number(text):
        raise Refused(RefusalCode.FIELD_INVALID, f"{name}：请勿填写证件号码，以结算编号指称")


def _step(  # noqa: PLR0917 - private, and each argument is the caller's own
    tx: Connection,
    proposal_id: UUID,
    event: ProposalEvent,
    why: str,
    by: Principal,
    now: datetime,
) -> tuple[Proposal, Proposal]:
    """A proposal before and after; the same object twice when this very step was taken before."""
    before = store.lock(tx, proposal_id)
    if before is None:
        raise Refused(RefusalCode.UNKNOWN_PROPOSAL)
    target = PROPOSAL.after(ProposalState.OPEN, event)
    if before.state is target and before.decided_by == by.subject:
        return before, before
    _check_may(before, event, by)
    after = replace(
        before, state=target, decided_by=by.subject, decided_at=now, decided_why=why[:WORDS_MAX]
    )
    store.decide(tx, after)
    return before, after


def _check_may(before: Proposal, event: ProposalEvent, by: Principal) -> None:
    if before.state is not ProposalState.OPEN:
        raise Refused(RefusalCode.DECIDED_BY_ANOTHER, before.state.value)
    if not before.may_be_decided_by(by.subject, event):
        code = RefusalCode.SECOND_PERSON_NEEDED if event in BY_ANOTHER else RefusalCode.NOT_ALLOWED
        raise Refused(code)


def _check_words(subject: str, reason: str) -> None:
    for name, text, length_max in (
        ("subject", subject, SUBJECT_MAX),
        ("reason", reason, WORDS_MAX),
    ):
        if not text.strip():
            raise Refused(RefusalCode.FIELD_MISSING, name)
        if len(text) > length_max:
            raise Refused(RefusalCode.FIELD_TOO_LONG, name)
    check_names_nobody("reason", reason)


def _is_same(there: Proposal, wanted: Proposal) -> bool:
    same = (there.content, there.reason, there.proposed_by)
    return same == (wanted.content, wanted.reason, wanted.proposed_by)
