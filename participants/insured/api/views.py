"""What the desk's answers look like: a review, its steps, a person masked."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.clock import shanghai_date_of
from contracts.codes import Channel, InsuranceKind, MaterialKind, RegistrationCategory
from contracts.messages.registration import Change, Material, RegistrationStanding
from contracts.refusal import RefusalCode
from participants.insured.domain.history import Entry, HistoryStep
from participants.insured.domain.review import Review, ReviewState
from participants.insured.services.identities import Masked
from participants.policy.model import AMOUNTS_OF_A_YEAR, YearToDate

# Control characters have no place on a screen, and PostgreSQL has none for NUL.
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
Reason = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_CONTROLS)]


class Asked(BaseModel):
    """A body that a client sends: nothing in it that we do not know."""

    model_config = ConfigDict(extra="forbid")


class Paper(Asked):
    """One paper as a clerk names it: its kind, and its number or where it lies."""

    kind: MaterialKind
    reference: Annotated[str, Field(max_length=200, pattern=_NO_CONTROLS)] = ""

    def as_material(self) -> Material:
        return Material(kind=self.kind, reference=self.reference)


class PersonView(BaseModel):
    """Masked: the first and last characters, stars between."""

    name: str
    certificate_number: str

    @classmethod
    def of(cls, person: Masked | None) -> Self | None:
        if person is None:
            return None
        return cls(name=person.name, certificate_number=person.certificate_number)


class YearView(BaseModel):
    """What is used of a year, or added to it: amounts in fen, `stays` a count.

    `counters`: what is counted under a name ('outpatient_pool.2026-05'), in fen.
    """

    year: int
    in_scope_fen: int
    deductible_fen: int
    pool_fen: int
    large_sum_fen: int
    large_base_fen: int
    supplement_fen: int
    aid_fen: int
    outpatient_in_scope_fen: int
    outpatient_pool_fen: int
    chronic_in_scope_fen: int
    chronic_pool_fen: int
    stays: int
    counters: dict[str, int]

    @classmethod
    def of(cls, year: int, used: YearToDate) -> Self:
        amounts = {name: getattr(used, name) for name in AMOUNTS_OF_A_YEAR}
        return cls(year=year, **amounts, counters=dict(used.counters))


class ReviewView(BaseModel):
    """One registration as the desk sees it; `age_s` counts seconds since it was filed.

    `due_on` is the desk's last day; `overdue` only while it waits.
    """

    registration_id: UUID
    state: ReviewState
    person_id: str
    person: PersonView | None
    insured_division: str
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: str | None
    disease_code: str | None
    begins_on: date
    ends_on: date | None
    materials: tuple[Material, ...]
    channel: Channel
    replaces: UUID | None
    filed_by: str
    submitted_at: datetime
    age_s: int
    due_on: date
    overdue: bool
    decided_at: datetime | None
    decided_by: str | None
    code: RefusalCode | None
    reason: str
    standing: RegistrationStanding | None
    ended_on: date | None

    @classmethod
    def of(cls, review: Review, person: Masked | None, now: datetime) -> Self:
        own = set(cls.model_fields) - {"person", "age_s", "overdue"}
        return cls(
            **{name: getattr(review, name) for name in own},
            person=PersonView.of(person),
            age_s=int((now - review.submitted_at).total_seconds()),
            overdue=review.is_overdue(shanghai_date_of(now)),
        )


class StepView(BaseModel):
    """One step: what happened, when, who did it and why."""

    at: datetime
    step: HistoryStep
    by: str
    why: str
    code: RefusalCode | None
    standing: RegistrationStanding | None
    change: Change | None
    change_id: UUID | None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})
