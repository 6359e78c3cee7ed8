"""A registration under review 备案审核: who decides it, and what the area's rules say at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from contracts.codes import InsuranceKind, RegistrationCategory
from contracts.ids import PersonId, RegistrationId
from contracts.refusal import RefusalCode, Refused
from participants.insured.domain.area import Area, Handling
from participants.insured.domain.insurance import Insurance

SELF_SERVICE = "自助备案"
"""Who decided when no clerk did."""
# fmt: off
QUESTION = ("registration_id", "person_id", "insured_division", "insurance_kind", "category",
            "place", "begins_on", "ends_on", "materials")
"""What the hub asked; the other fields are the area's own."""
# fmt: on


class ReviewState(StrEnum):
    """Where a registration stands in the area's books."""

    WAITING = "waiting"  # a clerk must decide
    ACCEPTED = "accepted"  # by the rules at once, or by a clerk
    REJECTED = "rejected"  # with a code and a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What the hub asked, and what was decided; `code` and `reason` speak with a no."""

    registration_id: RegistrationId
    person_id: PersonId
    insured_division: str
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: str
    begins_on: date
    ends_on: date | None
    materials: tuple[str, ...]
    asked_at: datetime
    state: ReviewState = ReviewState.WAITING
    decided_at: datetime | None = None
    decided_by: str | None = None
    code: RefusalCode | None = None
    reason: str = ""

    def accepted(self, by: str, reason: str, now: datetime) -> "Review":
        """Refused with DECIDED_ALREADY when somebody was faster."""
        self._still_waits()
        state = ReviewState.ACCEPTED
        return replace(self, state=state, decided_at=now, decided_by=by, reason=reason)

    def rejected(self, by: str, code: RefusalCode, reason: str, now: datetime) -> "Review":
        """Refused with DECIDED_ALREADY when somebody was faster."""
        self._still_waits()
        state = ReviewState.REJECTED
        return replace(self, state=state, decided_at=now, decided_by=by, code=code, reason=reason)

    def asks_the_same(self, other: "Review") -> bool:
        """Whether two reviews ask the same question, whatever became of them."""
        return all(getattr(self, name) == getattr(other, name) for name in QUESTION)

    def _still_waits(self) -> None:
        if self.state is not ReviewState.WAITING:
            raise Refused(RefusalCode.DECIDED_ALREADY)


def at_once(
    area: Area, review: Review, insurances: Mapping[InsuranceKind, Insurance], now: datetime
) -> Review:
    """The review after the area's own rules: rejected, accepted, or waiting for the desk."""
    code = _refusal(review, insurances)
    if code is not None:
        return review.rejected(SELF_SERVICE, code, code.zh, now)
    if area.handling[review.category] is Handling.AUTO:
        return review.accepted(SELF_SERVICE, "符合自助备案规则", now)
    return review


def _refusal(review: Review, insurances: Mapping[InsuranceKind, Insurance]) -> RefusalCode | None:
    if not insurances:
        return RefusalCode.PERSON_UNKNOWN
    insurance = insurances.get(review.insurance_kind)
    if insurance is None:
        return RefusalCode.INSURANCE_KIND_DIFFERS
    if insurance.division != review.insured_division:
        return RefusalCode.INSURED_ELSEWHERE
    if not insurance.in_force_on(review.begins_on):
        return RefusalCode.INSURANCE_NOT_IN_FORCE
    return None
