"""What a person was granted and how it was worked out, line by line."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel

from contracts.codes import InsuranceKind, VisitKind
from contracts.ids import PersonId, SettlementId
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from participants.insured.api.deps import ClerkDep, DeskDep, WritingDep
from participants.insured.api.reviews import PersonView
from participants.insured.domain.grant import GrantState
from participants.insured.services import desk
from participants.insured.services.desk import Explained

router = APIRouter(prefix="/people", tags=["待遇"])

PersonToken = Annotated[str, Path(pattern=r"^[A-Z2-7]{29}$")]


class GrantView(BaseModel):
    """A grant; amounts in fen. `working`: one line a step, that a pencil can follow."""

    settlement_id: UUID
    person_id: str
    person: PersonView | None
    state: GrantState
    insurance_kind: InsuranceKind | None
    visit_kind: VisitKind | None
    treatment_area: str | None
    year: int | None
    policy_id: str | None
    total_fen: int
    in_scope_fen: int
    shares: Shares
    deductible_fen: int
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
    return GrantView.of(desk.explained(opened.tx, PersonId(person_id), id_, at.sealer))
