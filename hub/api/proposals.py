"""Four eyes 四眼: what waits for a second person, and that person's word."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, StringConstraints, TypeAdapter

from contracts.access import Principal
from contracts.message import Frozen
from contracts.sealing import Sealer
from hub.api.deps import Now, Reading, TheHub, Transaction, who_may
from hub.api.labels import PROPOSAL_STATES, proposal_zh
from hub.api.paging import PAGE_MAX, Cursor, Page, Size, after, page
from hub.domain.second_person import Proposal, ProposalKind, ProposalState
from hub.services import second_person

router = APIRouter(prefix="/proposals", tags=["复核 second person"])

Words = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")
]
_KEY: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[datetime, UUID])


class ProposalView(BaseModel):
    """`age_s`: how long it waits, or waited. `value_fen`: what is at stake, None without money."""

    proposal_id: UUID
    kind: ProposalKind
    kind_zh: str
    subject: str
    content: dict[str, Any]
    reason: str
    value_fen: int | None
    proposed_by: str
    proposed_at: datetime
    age_s: int
    state: ProposalState
    state_zh: str
    decided_by: str | None
    decided_at: datetime | None
    decided_why: str


class Word(Frozen):
    """Why; a no must give its reason."""

    why: Words = ""


@router.get("", name="list_proposals", summary="待复核事项")
def listed(
    *,
    _: Annotated[Principal, Depends(who_may("list_proposals"))],
    tx: Reading,
    now: Now,
    state: Annotated[list[ProposalState] | None, Query(description="缺省为待复核")] = None,
    kind: Annotated[list[ProposalKind] | None, Query(description="缺省为全部")] = None,
    size: Size = PAGE_MAX,
    cursor: Cursor = None,
) -> Page[ProposalView]:
    """The oldest first."""
    found = second_person.listed(
        tx,
        state or [ProposalState.OPEN],
        kind or list(ProposalKind),
        after=after(cursor, _KEY),
        count=size + 1,
    )
    return page(found, size, lambda one: _view(one, now), _KEY, _key_of)


@router.get("/{proposal_id}", name="show_proposal", summary="复核事项")
def show(
    _: Annotated[Principal, Depends(who_may("show_proposal"))],
    proposal_id: UUID,
    tx: Reading,
    now: Now,
) -> ProposalView:
    return _view(second_person.find(tx, proposal_id), now)


@router.post("/{proposal_id}/approve", name="approve_proposal", summary="复核同意")
def approve(
    principal: Annotated[Principal, Depends(who_may("approve_proposal"))],
    proposal_id: UUID,
    body: Word,
    writing: Transaction,
    hub: TheHub,
) -> ProposalView:
    """What was proposed happens in this very transaction, or nothing does."""
    return _decided(principal, proposal_id, body, writing, approve=True, keys=hub.case_keys)


@router.post("/{proposal_id}/decline", name="decline_proposal", summary="复核不同意")
def decline(
    principal: Annotated[Principal, Depends(who_may("decline_proposal"))],
    proposal_id: UUID,
    body: Word,
    writing: Transaction,
) -> ProposalView:
    return _decided(principal, proposal_id, body, writing, approve=False)


@router.post("/{proposal_id}/withdraw", name="withdraw_proposal", summary="撤回申请")
def withdraw(
    principal: Annotated[Principal, Depends(who_may("withdraw_proposal"))],
    proposal_id: UUID,
    body: Word,
    writing: Transaction,
) -> ProposalView:
    """Only for whoever proposed it."""
    found = second_person.withdraw(
        writing.tx, proposal_id, why=body.why, by=principal, now=writing.now
    )
    return _view(found, writing.now)


def _decided(
    principal: Principal,
    proposal_id: UUID,
    body: Word,
    writing: Transaction,
    *,
    approve: bool,
    keys: Sealer | None = None,
) -> ProposalView:
    decided, outgoing = second_person.decide(
        writing.tx,
        proposal_id,
        approve=approve,
        why=body.why,
        by=principal,
        now=writing.now,
        keys=keys,
    )
    writing.say(outgoing)
    return _view(decided, writing.now)


def _view(one: Proposal, now: datetime) -> ProposalView:
    waited = (one.decided_at or now) - one.proposed_at
    return ProposalView(
        proposal_id=one.proposal_id,
        kind=one.kind,
        kind_zh=proposal_zh(one),
        subject=one.subject,
        content=one.content,
        reason=one.reason,
        value_fen=one.value_fen,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        age_s=max(0, int(waited.total_seconds())),
        state=one.state,
        state_zh=PROPOSAL_STATES[one.state],
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        decided_why=one.decided_why,
    )


def _key_of(one: Proposal) -> tuple[datetime, UUID]:
    return one.proposed_at, one.proposal_id
