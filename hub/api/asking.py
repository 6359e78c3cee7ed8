"""Asking for a second person's word over HTTP: sent again under the same key, it is the same."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import Header
from pydantic import BaseModel

from hub.domain.second_person import Proposal, ProposalState
from hub.services.asking import Asked

RequestKey = Annotated[
    UUID | None,
    Header(alias="Idempotency-Key", description="申请的编号，由申请方生成；重发时不变，答复相同"),
]


class Proposed(BaseModel):
    """Nothing happens before another person approves it; a repeat sees how it was decided."""

    proposal_id: UUID
    state: ProposalState

    @classmethod
    def of(cls, found: Proposal) -> Self:
        return cls(proposal_id=found.proposal_id, state=found.state)


def asked(key: UUID | None, what: str, body: BaseModel, about: UUID | None = None) -> Asked | None:
    """What a caller said under a key; `what`: the operation, `about`: the id in its path."""
    if key is None:
        return None
    said = {"what": what, "about": str(about), "body": body.model_dump(mode="json")}
    return Asked(key, said)
