"""A registration under review 备案审核: who decides it, and what the area's rules say at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from contracts.clock import shanghai_date_of
from contracts.codes import Channel, InsuranceKind, RegistrationCategory
from contracts.ids import PersonId, RegistrationId
from contracts.messages.registration import Material, RegistrationStanding
from contracts.refusal import RefusalCode, Refused
from contracts.state_machine import StateMachine, Step
from participants.insured.domain.area import Area
from participants.insured.domain.choices import Handling
from participants.insured.domain.insurance import Insurance

SELF_SERVICE = "自助备案"
"""Who decided when no clerk did."""
# fmt: off
QUESTION = ("registration_id", "person_id", "insured_division", "insurance_kind", "category",
            "place", "disease_code", "begins_on", "ends_on", "channel", "replaces")
"""What the hub asked and does not change; the other fields move on, or are the area's own."""
# fmt: on


class ReviewState(StrEnum):
    """Where a registration stands in the area's books."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ReviewEvent(StrEnum):
    """What may happen to a review."""

    ACCEPT = "accept"
    REJECT = "reject"
    WITHDRAW = "withdraw"


_S, _E = ReviewState, ReviewEvent
# fmt: off
REVIEW = StateMachine(name="review", initial=(_S.WAITING,), steps=(
    Step(_S.WAITING, _E.ACCEPT,   _S.ACCEPTED,  "by the rules at once, or by a clerk"),
    Step(_S.WAITING, _E.REJECT,   _S.REJECTED,  "with a code and a reason"),
    Step(_S.WAITING, _E.WITHDRAW, _S.WITHDRAWN, "it ended at the hub before anybody decided"),
))
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What the hub asked, and what was decided; `code` speaks with a no.

    `due_on` is the last day for the desk, `standing` where the hub last said it stands, at
    `told_at`; None when the hub has not said anything since it asked.
    """

    registration_id: RegistrationId
    person_id: PersonId
    insured_division: str
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: str | None
    disease_code: str | None
    begins_on: date
    ends_on: date | None
    materials: tuple[Material, ...]
    channel: Channel
    replaces: RegistrationId | None
    submitted_at: datetime
    filed_by: str
    asked_at: datetime
    due_on: date
    state: ReviewState = ReviewState.WAITING
    decided_at: datetime | None = None
    decided_by: str | None = None
    code: RefusalCode | None = None
    reason: str = ""
    standing: RegistrationStanding | None = None
    ended_on: date | None = None
    told_at: datetime | None = None

    def is_overdue(self, today: date) -> bool:
        return self.state is ReviewState.WAITING and self.due_on < today

    def accepted(self, by: str, reason: str, now: datetime) -> "Review":
        """Refused with DECIDED_ALREADY when somebody was faster."""
        return self._decided(ReviewEvent.ACCEPT, by, reason, now)

    def rejected(self, by: str, code: RefusalCode, reason: str, now: datetime) -> "Review":
        """Refused with DECIDED_ALREADY when somebody was faster."""
        return replace(self._decided(ReviewEvent.REJECT, by, reason, now), code=code)

    def withdrawn(self, by: str, reason: str, now: datetime) -> "Review":
        """Refused with DECIDED_ALREADY when it waits no more."""
        return self._decided(ReviewEvent.WITHDRAW, by, reason, now)

    def asks_the_same(self, other: "Review") -> bool:
        """Whether two reviews ask the same question, whatever became of them."""
        return all(getattr(self, name) == getattr(other, name) for name in QUESTION)

    def _decided(self, event: ReviewEvent, by: str, reason: str, now: datetime) -> "Review":
        if not REVIEW.allows(self.state, event):
            raise Refused(RefusalCode.DECIDED_ALREADY)
        state = REVIEW.after(self.state, event)
        return replace(self, state=state, decided_at=now, decided_by=by, reason=reason)


def at_once(
    area: Area, review: Review, insurances: Mapping[InsuranceKind, Insurance], now: datetime
) -> Review:
    """The review after the area's own rules: rejected, accepted, or waiting for the desk."""
    code = _refusal(review, insurances, shanghai_date_of(now))
    if code is not None:
        return review.rejected(SELF_SERVICE, code, code.zh, now)
    if area.handling[review.category] is Handling.AUTO:
        return review.accepted(SELF_SERVICE, "符合自助备案规则", now)
    return review


def _refusal(
    review: Review, insurances: Mapping[InsuranceKind, Insurance], today: date
) -> RefusalCode | None:
    """Premiums must be paid up on the day of the decision, and on the first day asked for."""
    if not insurances:
        return RefusalCode.PERSON_UNKNOWN
    insurance = insurances.get(review.insurance_kind)
    if insurance is None:
        return RefusalCode.INSURANCE_KIND_DIFFERS
    if insurance.division != review.insured_division:
        return RefusalCode.INSURED_ELSEWHERE
    if not insurance.in_force_on(review.begins_on):
        return RefusalCode.INSURANCE_NOT_IN_FORCE
    if insurance.in_arrears_on(max(review.begins_on, today)):
        return RefusalCode.IN_ARREARS
    return None
