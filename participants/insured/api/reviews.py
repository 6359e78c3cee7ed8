"""The approval desk: registrations that wait, and a clerk's yes or no."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.codes import Channel, RegistrationCategory
from contracts.ids import RegistrationId
from participants.insured.api.deps import ClerkDep, DeskDep, WritingDep
from participants.insured.api.views import Asked, Reason, ReviewView, StepView
from participants.insured.domain.review import ReviewState
from participants.insured.services import desk
from participants.insured.services.desk import PAGE_MAX, Verdict
from participants.insured.store.queue import Filter

router = APIRouter(prefix="/reviews", tags=["备案审核"])

ACCEPTED_WITHOUT_WORDS = "审核通过"
Division = Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class Queue(Asked):
    """What of the queue is wanted, after which registration, and how many at most."""

    state: ReviewState = ReviewState.WAITING
    category: RegistrationCategory | None = None
    division: Division | None = None
    channel: Channel | None = None
    overdue: bool | None = None
    after: UUID | None = None
    most: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50


class Acceptance(Asked):
    reason: Reason | None = None


class Rejection(Asked):
    reason: Reason


class Page(BaseModel):
    """`next`: what to give as `after` for the next page; None on the last."""

    items: list[ReviewView]
    next: UUID | None


class Whole(BaseModel):
    """A registration with every step, the first one first."""

    review: ReviewView
    steps: list[StepView]


@router.get("")
def waiting(
    at: DeskDep, opened: WritingDep, _clerk: ClerkDep, asked: Annotated[Queue, Query()]
) -> Page:
    """Reviews in a state: the longest overdue first, then what is due next.

    Refused: UNKNOWN_REGISTRATION when there is no `after`.
    """
    found, next_after = desk.page(
        opened.tx,
        Filter(asked.state, asked.category, asked.division, asked.channel, asked.overdue),
        at.sealer,
        after=None if asked.after is None else RegistrationId(asked.after),
        most=asked.most,
        now=opened.now,
    )
    items = [ReviewView.of(review, person, opened.now) for review, person in found]
    return Page(items=items, next=next_after)


@router.get("/{registration_id}")
def whole(at: DeskDep, opened: WritingDep, _clerk: ClerkDep, registration_id: UUID) -> Whole:
    """Refused: UNKNOWN_REGISTRATION."""
    (review, person), steps = desk.one(opened.tx, RegistrationId(registration_id), at.sealer)
    return Whole(
        review=ReviewView.of(review, person, opened.now), steps=[StepView.of(one) for one in steps]
    )


@router.post("/{registration_id}/accept")
def accept(
    at: DeskDep,
    opened: WritingDep,
    clerk: ClerkDep,
    registration_id: UUID,
    body: Acceptance | None = None,
) -> ReviewView:
    """Refused: UNKNOWN_REGISTRATION, DECIDED_ALREADY."""
    reason = (body.reason if body is not None else None) or ACCEPTED_WITHOUT_WORDS
    verdict = Verdict(accepts=True, reason=reason, by=clerk.subject)
    return _decide(at, opened, registration_id, verdict)


@router.post("/{registration_id}/reject")
def reject(
    at: DeskDep, opened: WritingDep, clerk: ClerkDep, registration_id: UUID, body: Rejection
) -> ReviewView:
    """Refused: UNKNOWN_REGISTRATION, DECIDED_ALREADY."""
    verdict = Verdict(accepts=False, reason=body.reason, by=clerk.subject)
    return _decide(at, opened, registration_id, verdict)


def _decide(at: DeskDep, opened: WritingDep, registration_id: UUID, verdict: Verdict) -> ReviewView:
    id_ = RegistrationId(registration_id)
    review, said = desk.decide(at.area, opened.tx, id_, verdict, opened.now)
    opened.say(said)
    return ReviewView.of(review, None, opened.now)
