"""What the desk may look up about a person: chronic diseases that it is entitled for."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel

from contracts.chronic import disease_of
from contracts.clock import shanghai_date_of
from contracts.codes import InsuranceKind
from participants.insured.api.deps import ClerkDep, WritingDep
from participants.insured.domain.eligibility import Eligibility, Source
from participants.insured.services import eligibilities

router = APIRouter(prefix="/people", tags=["门诊慢特病"])

PersonToken = Annotated[str, Path(pattern=r"^[A-Z2-7]{29}$")]


class EligibilityView(BaseModel):
    """`disease`: its name where it is settled directly across provinces today, else empty."""

    insurance_kind: InsuranceKind
    disease_code: str
    disease: str
    valid_from: date
    valid_to: date | None
    source: Source
    registration_id: UUID | None

    @classmethod
    def of(cls, one: Eligibility, today: date) -> Self:
        disease = disease_of(one.disease_code, today)
        own = set(cls.model_fields) - {"disease"}
        return cls(
            **{name: getattr(one, name) for name in own},
            disease="" if disease is None else disease.name,
        )


@router.get("/{person_id}/eligibilities")
def of_person(
    opened: WritingDep, _clerk: ClerkDep, person_id: PersonToken
) -> list[EligibilityView]:
    """All of them, also those that are over; none of somebody nobody knows."""
    today = shanghai_date_of(opened.now)
    return [EligibilityView.of(one, today) for one in eligibilities.of_person(opened.tx, person_id)]
