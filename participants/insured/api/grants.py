"""What a person was granted and how it was worked out, line by line."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from contracts.codes import InsuranceKind, RegistrationCategory, VisitKind
from contracts.ids import PersonId, SettlementId
from contracts.messages.settlement import Basis
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from participants.insured.api.deps import ClerkDep, DeskDep, WritingDep
from participants.insured.api.people import PersonToken
from participants.insured.api.views import PersonView
from participants.insured.domain.grant import GrantState
from participants.insured.services import explaining
from participants.insured.services.explaining import Explained
from participants.policy.benefits import Elsewhere

router = APIRouter(prefix="/people", tags=["待遇"])


class GrantView(BaseModel):
    """A grant; amounts in fen. `working`: one line a step, that a pencil can follow.

    `beyond_bill_fen`: what a lump sum pays to the person beside the bill.
    """

    settlement_id: UUID
    person_id: str
    person: PersonView | None
    state: GrantState
    insurance_kind: InsuranceKind | None
    visit_kind: VisitKind | None
    treatment_area: str | None
    year: int | None
    policy_id: str | None
    registration_basis: Basis | None
    registration_category: RegistrationCategory | None
    paid_as: Elsewhere | None
    total_fen: int
    in_scope_fen: int
    shares: Shares
    deductible_fen: int
    beyond_bill_fen: int
    code: RefusalCode | None
    detail: str
    calculated_at: datetime | None
    released_at: datetime | None
    settled_on: date | None
    reversed_on: date | None
    working: list[str]

    @classmethod
    def of(cls, found: Explained) -> Self:
        own = set(cls.model_fields) - {"person", "working"}
        return cls(
            **{name: getattr(found.grant, name) for name in own},
            person=PersonView.of(found.person),
            working=found.lines,
        )


@router.get("/{person_id}/grants/{settlement_id}")
def grant(
    at: DeskDep,
    opened: WritingDep,
    _clerk: ClerkDep,
    person_id: PersonToken,
    settlement_id: UUID,
) -> GrantView:
    """Refused: NEVER_GRANTED when this person has no such grant."""
    id_ = SettlementId(settlement_id)
    return GrantView.of(explaining.explained(opened.tx, PersonId(person_id), id_, at.sealer))
