"""The approval desk: registrations that wait, and a clerk's yes or no."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from contracts.codes import InsuranceKind, RegistrationCategory
from contracts.ids import RegistrationId
from contracts.refusal import RefusalCode
from participants.insured.api.deps import ClerkDep, DeskDep, WritingDep
from participants.insured.domain.review import Review, ReviewState
from participants.insured.services import desk
from participants.insured.services.desk import Masked

router = APIRouter(prefix="/reviews", tags=["备案审核"])

# Control characters have no place on a screen, and PostgreSQL has none for NUL.
Reason = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class PersonView(BaseModel):
    """Masked: the first and last characters, stars between."""

    name: str
    certificate_number: str

    @classmethod
    def of(cls, person: Masked | None) -> Self | None:
        if person is None:
            return None
        return cls(name=person.name, certificate_number=person.certificate_number)


class ReviewView(BaseModel):
    """One registration as the desk sees it; `age_s` counts seconds since the hub asked."""

    registration_id: UUID
    state: ReviewState
    person_id: str
    person: PersonView | None
    insured_division: str
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: str
    begins_on: date
    ends_on: date | None
    materials: tuple[str, ...]
    asked_at: datetime
    age_s: int
    decided_at: datetime | None
    decided_by: str | None
    code: RefusalCode | None
    reason: str

    @classmethod
    def of(cls, review: Review, person: Masked | None, now: datetime) -> Self:
        own = set(cls.model_fields) - {"person", "age_s"}
        return cls(
            **{name: getattr(review, name) for name in own},
            person=PersonView.of(person),
            age_s=int((now - review.asked_at).total_seconds()),
        )


class Acceptance(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason | None = None


class Rejection(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Reason


@router.get("")
def waiting(
    at: DeskDep, opened: WritingDep, _clerk: ClerkDep, state: ReviewState = ReviewState.WAITING
) -> list[ReviewView]:
    """Reviews in a state, the oldest first, at most `desk.LISTED_MAX`."""
    found = desk.listed(opened.tx, state, at.sealer)
    return [ReviewView.of(review, person, opened.now) for review, person in found]


@router.post("/{registration_id}/accept")
def accept(
    at: DeskDep,
    opened: WritingDep,
    clerk: ClerkDep,
    registration_id: UUID,
    body: Acceptance | None = None,
) -> ReviewView:
    """Refused: UNKNOWN_REGISTRATION, DECIDED_ALREADY."""
    reason = (body.reason if body is not None else None) or "审核通过"
    review, said = desk.accept(
        at.area,
        opened.tx,
        RegistrationId(registration_id),
        by=clerk.subject,
        reason=reason,
        now=opened.now,
    )
    opened.say([said])
    return ReviewView.of(review, None, opened.now)


@router.post("/{registration_id}/reject")
def reject(
    at: DeskDep, opened: WritingDep, clerk: ClerkDep, registration_id: UUID, body: Rejection
) -> ReviewView:
    """Refused: UNKNOWN_REGISTRATION, DECIDED_ALREADY."""
    review, said = desk.reject(
        at.area,
        opened.tx,
        RegistrationId(registration_id),
        by=clerk.subject,
        reason=body.reason,
        now=opened.now,
    )
    opened.say([said])
    return ReviewView.of(review, None, opened.now)
