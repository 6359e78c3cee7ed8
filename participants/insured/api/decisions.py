"""Many registrations decided at once, by a list of ids or by a filter; each gets its own answer."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from contracts.codes import Channel, RegistrationCategory
from contracts.ids import RegistrationId
from contracts.refusal import RefusalCode
from participants.insured.api.deps import ClerkDep, DeskDep, WritingDep
from participants.insured.api.reviews import ACCEPTED_WITHOUT_WORDS, Division
from participants.insured.api.views import Asked, Reason
from participants.insured.domain.review import ReviewState
from participants.insured.services import desk
from participants.insured.services.desk import DECIDED_AT_ONCE_MAX, Outcome, Verdict
from participants.insured.store.queue import Filter

router = APIRouter(prefix="/decisions", tags=["备案审核"])


class Word(StrEnum):
    """A clerk's word on many."""

    ACCEPT = "accept"  # 同意
    REJECT = "reject"  # 不予备案, with a reason


class Matching(Asked):
    """Which of those that wait; what is not said does not matter."""

    category: RegistrationCategory | None = None
    division: Division | None = None
    channel: Channel | None = None
    overdue: bool | None = None


class Decisions(Asked):
    """Either `ids` or `matching`, of which the first `most` are decided."""

    decision: Word
    reason: Reason | None = None
    ids: Annotated[list[UUID], Field(min_length=1, max_length=DECIDED_AT_ONCE_MAX)] | None = None
    matching: Matching | None = None
    most: Annotated[int, Field(ge=1, le=DECIDED_AT_ONCE_MAX)] = DECIDED_AT_ONCE_MAX

    @model_validator(mode="after")
    def _says_which_and_why(self) -> Self:
        if (self.ids is None) == (self.matching is None):
            raise ValueError("either ids or matching")
        if self.decision is Word.REJECT and self.reason is None:
            raise ValueError("a rejection has its reason")
        return self


class OutcomeView(BaseModel):
    """One of many: whether it was decided, else the code and why; `state` as it stands now."""

    registration_id: UUID
    done: bool
    state: ReviewState | None
    code: RefusalCode | None
    title: str

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        return cls(
            registration_id=outcome.registration_id,
            done=outcome.code is None,
            state=outcome.review and outcome.review.state,
            code=outcome.code,
            title="" if outcome.code is None else outcome.code.zh,
        )


class Decided(BaseModel):
    """`left`: whether more match than were decided."""

    done: int
    left: bool
    items: list[OutcomeView]


@router.post("")
def decide(at: DeskDep, opened: WritingDep, clerk: ClerkDep, body: Decisions) -> Decided:
    """All in one transaction; what was decided before is reported, and stops nothing."""
    verdict = Verdict(
        accepts=body.decision is Word.ACCEPT,
        reason=body.reason or ACCEPTED_WITHOUT_WORDS,
        by=clerk.subject,
    )
    left = False
    if body.matching is None:
        ids = [RegistrationId(id_) for id_ in body.ids or ()]
        outcomes, said = desk.decide_many(at.area, opened.tx, ids, verdict, opened.now)
    else:
        wanted = Filter(ReviewState.WAITING, **dict(body.matching))
        outcomes, said, left = desk.decide_matching(
            at.area, opened.tx, wanted, verdict, most=body.most, now=opened.now
        )
    opened.say(said)
    items = [OutcomeView.of(one) for one in outcomes]
    return Decided(done=sum(item.done for item in items), left=left, items=items)
