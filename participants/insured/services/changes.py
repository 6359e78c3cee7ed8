"""Changes that the desk asks the hub for: suspend, resume, cancel, supplement a registration."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.ids import MessageId, RegistrationId, id_of_effect
from contracts.message import Outgoing, originate
from contracts.messages.registration import (
    Change,
    Material,
    RegistrationChangeRequested,
    RegistrationStanding,
)
from contracts.refusal import RefusalCode, Refused
from participants.insured.domain.area import Area
from participants.insured.domain.history import CHANGEABLE, Entry, HistoryStep
from participants.insured.domain.review import Review, ReviewState
from participants.insured.store import history, reviews

# Where a registration stands as long as the hub has not said so.
_UNTOLD = {
    ReviewState.WAITING: RegistrationStanding.SUBMITTED,
    ReviewState.ACCEPTED: RegistrationStanding.ACTIVE,
    ReviewState.REJECTED: RegistrationStanding.REJECTED,
    ReviewState.WITHDRAWN: RegistrationStanding.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One change that a clerk wants; the same id with the same content is the same wish."""

    change_id: MessageId
    change: Change
    materials: tuple[Material, ...]
    reason: str
    by: str


def ask(
    area: Area, tx: Connection, id_: RegistrationId, wish: Wish, now: datetime
) -> tuple[Entry, list[Outgoing]]:
    """The hub decides, and tells; asked again under the same id nothing is said again.

    Refused: UNKNOWN_REGISTRATION, OUT_OF_STEP, MATERIALS_MISSING, CONFLICTING_REPLAY.
    """
    review = reviews.lock(tx, [id_]).get(id_)
    if review is None:
        raise Refused(RefusalCode.UNKNOWN_REGISTRATION)
    entry = _entry(review, wish, now)
    earlier = history.wish(tx, wish.change_id)
    if earlier is not None:
        _must_be_the_same(earlier, entry)
        return earlier, []
    _must_be_possible(review, wish)
    history.add(tx, [entry])
    return entry, [_said(area, review, wish, now)]


def _must_be_the_same(earlier: Entry, entry: Entry) -> None:
    wishes = [(one.registration_id, one.change, one.why) for one in (earlier, entry)]
    if wishes[0] != wishes[1]:
        raise Refused(RefusalCode.CONFLICTING_REPLAY)


def _must_be_possible(review: Review, wish: Wish) -> None:
    standing = review.standing or _UNTOLD[review.state]
    if standing not in CHANGEABLE[wish.change]:
        raise Refused(RefusalCode.OUT_OF_STEP)
    if wish.change is Change.SUPPLEMENT and not wish.materials:
        raise Refused(RefusalCode.MATERIALS_MISSING)


def _entry(review: Review, wish: Wish, now: datetime) -> Entry:
    return Entry(
        registration_id=review.registration_id,
        person_id=review.person_id,
        at=now,
        step=HistoryStep.CHANGE_ASKED,
        by=wish.by,
        why=wish.reason,
        change=wish.change,
        change_id=wish.change_id,
    )


def _said(area: Area, review: Review, wish: Wish, now: datetime) -> Outgoing:
    body = RegistrationChangeRequested(
        change_id=wish.change_id,
        registration_id=review.registration_id,
        person_id=review.person_id,
        change=wish.change,
        materials=wish.materials,
        reason=wish.reason,
        by=wish.by,
    )
    return originate(
        body,
        message_id=id_of_effect(wish.change_id, "asked at the desk"),
        topic=topics.HUB_REGISTRATIONS,
        key=review.person_id,
        sender=area.name,
        at=now,
    )
