"""Reviews registrations: the area's rules decide at once, or the request waits for the desk."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.ids import PersonId
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.registration import RegistrationDecided, RegistrationReviewRequested
from participants.insured.domain.area import Area
from participants.insured.domain.history import asked as asked_entry
from participants.insured.domain.history import decided as decided_entry
from participants.insured.domain.review import Review, ReviewState, at_once
from participants.insured.services.anomalies import anomaly, from_the_hub
from participants.insured.store import anomalies, history, people, reviews
from participants.insured.store.anomalies import AnomalyKind

Asked = Message[RegistrationReviewRequested]
DECIDED = frozenset({ReviewState.ACCEPTED, ReviewState.REJECTED})


def review(area: Area, tx: Connection, batch: Sequence[Asked], now: datetime) -> list[Outgoing]:
    """Keep every request and answer those decided, now or earlier; the others wait."""
    asked = from_the_hub(tx, batch, now)
    insured = people.insurances_of(tx, {message.body.wanted.person_id for message in asked})
    known = reviews.lock(tx, [message.body.wanted.registration_id for message in asked])
    pairs = [(message, review_of(area, message.body, now)) for message in asked]
    fresh = [
        at_once(area, one, insured.get(one.person_id, {}), now)
        for _, one in pairs
        if one.registration_id not in known
    ]
    _keep(tx, fresh)
    differing = [
        anomaly(AnomalyKind.ASKED_DIFFERENTLY, message, "the registration was asked otherwise")
        for message, one in pairs
        if one.registration_id in known and not known[one.registration_id].asks_the_same(one)
    ]
    anomalies.add(tx, differing, now)
    after = {**known, **{one.registration_id: one for one in fresh}}
    answers = [(message, after[one.registration_id]) for message, one in pairs]
    return [_answer(area, message, one, now) for message, one in answers if one.state in DECIDED]


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


def review_of(area: Area, body: RegistrationReviewRequested, now: datetime) -> Review:
    """The question as the area keeps it; the desk's time runs from the day of filing."""
    wanted = body.wanted
    return Review(
        **{name: getattr(wanted, name) for name in type(wanted).model_fields}
        | {"person_id": PersonId(wanted.person_id)},
        submitted_at=body.submitted_at,
        filed_by=body.by,
        asked_at=now,
        due_on=area.due_on(wanted.channel, shanghai_date_of(body.submitted_at)),
    )


def _keep(tx: Connection, fresh: Sequence[Review]) -> None:
    reviews.add(tx, fresh)
    decided = [one for one in fresh if one.state is not ReviewState.WAITING]
    history.add(tx, [*map(asked_entry, fresh), *map(decided_entry, decided)])


def _answer(area: Area, message: Asked, one: Review, now: datetime) -> Outgoing:
    return effect_of(
        message,
        decision_of(one),
        topic=topics.HUB_REGISTRATIONS,
        key=one.person_id,
        sender=area.name,
        at=now,
    )
