"""What a person used of an insurance year, and the grants that made it."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from contracts.clock import shanghai_date_of
from contracts.codes import InsuranceKind, VisitKind
from contracts.ids import PersonId
from participants.insured.api.deps import ClerkDep, DeskDep, WritingDep
from participants.insured.api.people import PersonToken
from participants.insured.api.views import PersonView, YearView
from participants.insured.domain.grant import GrantState
from participants.insured.services import person_years
from participants.insured.services.person_years import InsuranceYear, Part

router = APIRouter(prefix="/people", tags=["待遇"])

Year = Annotated[int, Query(ge=2000, le=2100)]


class PartView(BaseModel):
    """A held grant and what it added to this year; a stay over the New Year may add to two."""

    settlement_id: UUID
    state: GrantState
    visit_kind: VisitKind | None
    treatment_area: str | None
    policy_id: str | None
    total_fen: int
    calculated_at: datetime | None
    settled_on: date | None
    added: YearView

    @classmethod
    def of(cls, year: int, part: Part) -> Self:
        own = set(cls.model_fields) - {"added"}
        values = {name: getattr(part.grant, name) for name in own}
        return cls(**values, added=YearView.of(year, part.added))


class InsuranceYearView(BaseModel):
    """`used` is the sum of what the grants added."""

    insurance_kind: InsuranceKind
    used: YearView
    grants: list[PartView]

    @classmethod
    def of(cls, year: int, found: InsuranceYear) -> Self:
        return cls(
            insurance_kind=found.insurance_kind,
            used=YearView.of(year, found.used),
            grants=[PartView.of(year, part) for part in found.parts],
        )


class PersonYearView(BaseModel):
    """One year of a person, in every insurance."""

    person_id: str
    person: PersonView | None
    year: int
    insurances: list[InsuranceYearView]


@router.get("/{person_id}/year")
def year_of_person(
    at: DeskDep,
    opened: WritingDep,
    _clerk: ClerkDep,
    person_id: PersonToken,
    year: Year | None = None,
) -> PersonYearView:
    """This year in China when none is named. Refused: PERSON_UNKNOWN."""
    asked = year or shanghai_date_of(opened.now).year
    found = person_years.year_of(opened.tx, PersonId(person_id), asked, at.sealer)
    return PersonYearView(
        person_id=person_id,
        person=PersonView.of(found.person),
        year=asked,
        insurances=[InsuranceYearView.of(asked, one) for one in found.insurances],
    )
