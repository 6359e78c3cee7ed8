"""Every step of a registration, with who and why: our own decisions, and what the hub told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.ids import MessageId, PersonId, RegistrationId
from contracts.messages.registration import Change, RegistrationStanding, RegistrationTold
from contracts.refusal import RefusalCode
from participants.insured.domain.review import Review, ReviewState


class HistoryStep(StrEnum):
    """What happened, and on which side."""

    ASKED = "asked"  # the hub asked the area to decide
    ACCEPTED = "accepted"  # the area said yes
    REJECTED = "rejected"  # the area said no
    WITHDRAWN = "withdrawn"  # it left the desk undecided, because it ended at the hub
    CHANGE_ASKED = "change_asked"  # the desk asked the hub for a change
    CHANGE_REFUSED = "change_refused"  # the hub refused a change
    TOLD = "told"  # the hub told where it stands


OF_STATE: Mapping[ReviewState, HistoryStep] = {
    ReviewState.ACCEPTED: HistoryStep.ACCEPTED,
    ReviewState.REJECTED: HistoryStep.REJECTED,
    ReviewState.WITHDRAWN: HistoryStep.WITHDRAWN,
}
_S = RegistrationStanding
# From where the hub can take a change at all; it alone decides, this only spares a vain question.
CHANGEABLE: Mapping[Change, frozenset[RegistrationStanding]] = {
    Change.SUPPLEMENT: frozenset({_S.SUBMITTED, _S.ACTIVE, _S.SUSPENDED}),
    Change.SUSPEND: frozenset({_S.ACTIVE}),
    Change.RESUME: frozenset({_S.SUSPENDED}),
    Change.CANCEL: frozenset({_S.SUBMITTED, _S.ACTIVE, _S.SUSPENDED}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line; `change` and `change_id` with changes only, `standing` with what the hub told."""

    registration_id: RegistrationId
    person_id: PersonId
    at: datetime
    step: HistoryStep
    by: str
    why: str = ""
    code: RefusalCode | None = None
    standing: RegistrationStanding | None = None
    change: Change | None = None
    change_id: MessageId | None = None


def asked(review: Review) -> Entry:
    return Entry(
        registration_id=review.registration_id,
        person_id=review.person_id,
        at=review.asked_at,
        step=HistoryStep.ASKED,
        by=review.filed_by,
    )


def decided(review: Review) -> Entry:
    """A decision, whoever made it."""
    assert review.decided_at is not None, "a review that waits is no decision"
    assert review.decided_by is not None, "a review that waits is no decision"
    return Entry(
        registration_id=review.registration_id,
        person_id=review.person_id,
        at=review.decided_at,
        step=OF_STATE[review.state],
        by=review.decided_by,
        why=review.reason,
        code=review.code,
    )


def told(said: RegistrationTold) -> Entry:
    """What the hub told; with a code and a change it is the refusal of that change."""
    is_refusal = said.change_id is not None and said.code is not None
    return Entry(
        registration_id=said.registration_id,
        person_id=PersonId(said.person_id),
        at=said.at,
        step=HistoryStep.CHANGE_REFUSED if is_refusal else HistoryStep.TOLD,
        by=said.by,
        why=said.detail,
        code=said.code,
        standing=said.state,
        change_id=said.change_id,
    )
