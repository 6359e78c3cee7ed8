"""Reviews registrations: the area's rules decide at once, or the request waits for the desk."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.registration import RegistrationDecided, RegistrationReviewRequested
from participants.insured.domain.area import Area
from participants.insured.domain.review import Review, ReviewState, at_once
from participants.insured.services.anomalies import anomaly, from_the_hub
from participants.insured.store import anomalies, people, reviews
from participants.insured.store.anomalies import AnomalyKind

Asked = Message[RegistrationReviewRequested]


def review(area: Area, tx: Connection, batch: Sequence[Asked], now: datetime) -> list[Outgoing]:
    """Keep every request and answer those decided, now or earlier; the others wait."""
    asked = from_the_hub(tx, batch, now)
    insured = people.insurances_of(tx, {message.body.person_id for message in asked})
    known = reviews.lock(tx, [message.body.registration_id for message in asked])
    fresh = [
        at_once(area, _review(message.body, now), insured.get(message.body.person_id, {}), now)
        for message in asked
        if message.body.registration_id not in known
    ]
    reviews.add(tx, fresh)
    differing = [
        anomaly(AnomalyKind.ASKED_DIFFERENTLY, message, "the registration was asked otherwise")
        for message in asked
        if (earlier := known.get(message.body.registration_id)) is not None
        and not earlier.asks_the_same(_review(message.body, now))
    ]
    anomalies.add(tx, differing, now)
    after = {**known, **{one.registration_id: one for one in fresh}}
    pairs = [(message, after[message.body.registration_id]) for message in asked]
    return [
        _answer(area, message, one, now)
        for message, one in pairs
        if one.state is not ReviewState.WAITING
    ]


def decision_of(one: Review) -> RegistrationDecided:
    """What the hub hears of a decided review."""
    assert one.decided_by is not None, "a review that waits is no decision"
    return RegistrationDecided(
        registration_id=one.registration_id,
        person_id=one.person_id,
        accepted=one.state is ReviewState.ACCEPTED,
        code=one.code,
        reason=one.reason,
        decided_by=one.decided_by,
    )


def _answer(area: Area, message: Asked, one: Review, now: datetime) -> Outgoing:
    return effect_of(
        message,
        decision_of(one),
        topic=topics.HUB_REGISTRATIONS,
        key=one.person_id,
        sender=area.name,
        at=now,
    )


def _review(body: RegistrationReviewRequested, now: datetime) -> Review:
    return Review(**{name: getattr(body, name) for name in type(body).model_fields}, asked_at=now)
