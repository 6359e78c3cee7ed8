"""Hears where registrations stand: keeps every step, empties the desk, moves eligibilities."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.codes import RegistrationCategory
from contracts.ids import RegistrationId
from contracts.message import Message, Outgoing
from contracts.messages.registration import RegistrationStanding, RegistrationTold
from participants.insured.domain import history as steps
from participants.insured.domain.area import Area
from participants.insured.domain.eligibility import ENDED, Eligibility, Source, after_step
from participants.insured.domain.review import Review, ReviewState
from participants.insured.services.anomalies import anomaly, from_the_hub
from participants.insured.store import anomalies, eligibilities, history, reviews
from participants.insured.store.anomalies import AnomalyKind

Heard = Message[RegistrationTold]
Reviews = Mapping[RegistrationId, Review]
OVER = ENDED | {RegistrationStanding.REJECTED}
"""Nobody need decide a registration that stands so."""
_COUNTS = frozenset({RegistrationStanding.ACTIVE, RegistrationStanding.SUSPENDED})


def keep(_area: Area, tx: Connection, batch: Sequence[Heard], now: datetime) -> list[Outgoing]:
    """Every step enters the history; what is older than what we know changes nothing else.

    Of a registration that we were never asked about there is nothing but its history; that one
    is in force without our word is noted.
    """
    heard = from_the_hub(tx, batch, now)
    history.add(tx, [steps.told(message.body) for message in heard])
    known = reviews.lock(tx, [message.body.registration_id for message in heard])
    moved = [
        (before, after_told(before, message.body), message.body)
        for message in heard
        if (before := known.get(message.body.registration_id)) is not None
        and not _is_older(before, message.body)
    ]
    _entitle(tx, moved)
    reviews.move(tx, [after for _, after, _ in moved])
    withdrawn = [after for before, after, _ in moved if after.state is not before.state]
    history.add(tx, map(steps.decided, withdrawn))
    _note_unfounded(tx, heard, known, now)
    return []


def after_told(review: Review, said: RegistrationTold) -> Review:
    """The review with what the hub told; a refused change moves nothing."""
    if said.change_id is not None and said.code is not None:
        return review
    after = replace(
        review,
        standing=said.state,
        materials=said.materials,
        ended_on=said.ended_on,
        told_at=said.at,
    )
    if after.state is ReviewState.WAITING and said.state in OVER:
        return after.withdrawn(said.by, said.detail, said.at)
    return after


def _is_older(review: Review, said: RegistrationTold) -> bool:
    return review.told_at is not None and said.at < review.told_at


def _entitle(tx: Connection, moved: Sequence[tuple[Review, Review, RegistrationTold]]) -> None:
    chronic = [row for row in moved if _may_entitle(row[0])]
    stored = eligibilities.registered(tx, [before.registration_id for before, _, _ in chronic])
    entitled = {
        before.registration_id: _entitled(before, after, stored.get(before.registration_id, []))
        for before, after, _ in chronic
    }
    changed = {id_: some for id_, some in entitled.items() if some != stored.get(id_, [])}
    eligibilities.replace_registered(tx, changed)


def _may_entitle(review: Review) -> bool:
    is_chronic = review.category is RegistrationCategory.CHRONIC_DISEASE
    return is_chronic and review.state is ReviewState.ACCEPTED


def _entitled(before: Review, after: Review, stored: list[Eligibility]) -> list[Eligibility]:
    if after.standing is None or after.told_at is None:
        return stored
    return after_step(
        stored,
        whole_of(before),
        stood=before.standing,
        state=after.standing,
        day=shanghai_date_of(after.told_at),
        ended_on=after.ended_on,
    )


def whole_of(review: Review) -> Eligibility:
    """All that a registration for a chronic disease asks for."""
    assert review.disease_code is not None, "the hub passes none on without a disease"
    return Eligibility(
        person_id=review.person_id,
        insurance_kind=review.insurance_kind,
        disease_code=review.disease_code,
        valid_from=review.begins_on,
        valid_to=review.ends_on,
        source=Source.REGISTRATION,
        registration_id=review.registration_id,
    )


def _note_unfounded(tx: Connection, heard: Sequence[Heard], known: Reviews, now: datetime) -> None:
    found = [
        anomaly(AnomalyKind.OUT_OF_STEP, message, f"{message.body.state} without our yes")
        for message in heard
        if message.body.state in _COUNTS and not _said_yes(known, message.body)
    ]
    anomalies.add(tx, found, now)


def _said_yes(known: Reviews, said: RegistrationTold) -> bool:
    review = known.get(said.registration_id)
    return review is not None and review.state is ReviewState.ACCEPTED
