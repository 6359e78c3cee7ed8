"""Registrations 备案: submitted by an area, decided by the insured area."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import PersonId, id_of_effect
from contracts.message import Message, Outgoing, originate
from contracts.messages.registration import (
    RegistrationDecided,
    RegistrationReviewRequested,
    RegistrationSubmitted,
)
from contracts.refusal import RefusalCode, Refused
from hub.domain.anomaly import Anomaly, AnomalyKind
from hub.domain.participant import Participant, area_code_of
from hub.domain.registration import (
    Registration,
    RegistrationEvent,
    RegistrationState,
    Submission,
    overlapping,
    refusal,
    whole_place_of,
)
from hub.services.decided import from_the_area
from hub.store import anomalies, participants, registrations
from hub.store.registrations import Decision

Everyone = Mapping[AreaCode, Participant]
Active = Mapping[PersonId, Sequence[Registration]]


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was filed, and by whom ('treatment.310000', or the subject of a token)."""

    body: RegistrationSubmitted
    by: str


def submit(
    tx: Connection, submitted: Submitted, now: datetime
) -> tuple[Registration, list[Outgoing]]:
    """File one registration and ask the insured area to decide.

    The same id with the same content is a replay: the registration as it stands, and nothing to
    say. Refused with the code of the first rule against it, or CONFLICTING_REPLAY.
    """
    filed = _filed(submitted, now)
    known = registrations.lock(tx, [filed.registration_id])
    if not known:
        active = _active(tx, [filed]).get(filed.person_id, [])
        code = refusal(Submission(filed, participants.everyone(tx), active))
        if code is not None:
            raise Refused(code)
        if registrations.add(tx, [filed]):
            return filed, [_review(filed, now)]
        known = registrations.lock(tx, [filed.registration_id])  # Filed by another just now.
    if not known[filed.registration_id].says_the_same_as(filed):
        raise Refused(RefusalCode.CONFLICTING_REPLAY)
    return known[filed.registration_id], []


def receive(
    tx: Connection, batch: Sequence[Message[RegistrationSubmitted]], now: datetime
) -> list[Outgoing]:
    """As `submit` for a batch. Nobody is answered: what a rule refuses is kept as rejected."""
    everyone, odd = participants.everyone(tx), list[Anomaly]()
    areas = {topics.participant(role, area) for role in Role for area in everyone}
    heard = [message for message in batch if message.head.sender in areas]
    strangers = [message for message in batch if message.head.sender not in areas]
    filed = [_filed(Submitted(message.body, message.head.sender), now) for message in heard]
    active = _active(tx, filed)
    judged = [_judged(one, everyone, active, now) for one in filed]
    new = registrations.add(tx, judged)
    replayed = registrations.lock(tx, {one.registration_id for one in filed} - new)
    for message, one in zip(heard, filed, strict=True):
        known = replayed.get(one.registration_id)
        if known is not None and not known.says_the_same_as(one):
            odd.append(_odd(AnomalyKind.REPEATED_ID, message, now))
    odd += [_odd(AnomalyKind.WRONG_SENDER, message, now) for message in strangers]
    fresh = [one for one in judged if one.registration_id in new]
    registrations.add_steps(tx, [_refused(one, now) for one in fresh if one.refusal is not None])
    anomalies.add(tx, odd)
    return [_review(one, now) for one in fresh if one.refusal is None]


def decide(
    tx: Connection, batch: Sequence[Message[RegistrationDecided]], now: datetime
) -> list[Outgoing]:
    """Put into force or reject what the insured area decided; its yes to an overlap is a no."""
    known = registrations.lock(tx, [message.body.registration_id for message in batch])
    active = _active(tx, known.values())
    decisions, odd = list[Decision](), list[Anomaly]()
    for message in batch:
        registration = known.get(message.body.registration_id)
        kind = _why_not(message, registration)
        if kind is None and registration is not None:
            decisions.append(_decision(message, registration, active, now))
        elif kind is not None:
            odd.append(_odd(kind, message, now))
    registrations.decide(tx, decisions)
    registrations.add_steps(tx, decisions)
    anomalies.add(tx, odd)
    return []


def _filed(submitted: Submitted, now: datetime) -> Registration:
    body = submitted.body
    return Registration(
        registration_id=body.registration_id,
        person_id=PersonId(body.person_id),
        insured_area=area_code_of(body.insured_division),
        insured_division=body.insured_division,
        insurance_kind=body.insurance_kind,
        category=body.category,
        place=whole_place_of(body.place),
        begins_on=body.begins_on,
        ends_on=body.ends_on,
        state=RegistrationState.SUBMITTED,
        submitted_by=submitted.by,
        submitted_at=now,
        materials=body.materials,
    )


def _active(tx: Connection, of: Iterable[Registration]) -> dict[PersonId, list[Registration]]:
    """What is in force, on whatever days, for the people of these registrations."""
    people = registrations.of_people(tx, {one.person_id for one in of})
    return {
        person_id: [one for one in theirs if one.state is RegistrationState.ACTIVE]
        for person_id, theirs in people.items()
    }


def _judged(one: Registration, everyone: Everyone, active: Active, now: datetime) -> Registration:
    code = refusal(Submission(one, everyone, active.get(one.person_id, [])))
    if code is None:
        return one
    return one.after(RegistrationEvent.REJECT, decided_at=now, decided_by=topics.HUB, refusal=code)


def _why_not(
    message: Message[RegistrationDecided], registration: Registration | None
) -> AnomalyKind | None:
    if registration is None or registration.person_id != message.body.person_id:
        return AnomalyKind.UNKNOWN_SUBJECT
    if not from_the_area(message, Role.INSURED, registration.insured_area):
        return AnomalyKind.WRONG_SENDER
    if registration.state is not RegistrationState.SUBMITTED:
        return AnomalyKind.OUT_OF_STEP
    return None


def _decision(
    message: Message[RegistrationDecided], one: Registration, active: Active, now: datetime
) -> Decision:
    said = message.body
    event, code = RegistrationEvent.ACCEPT, None
    if not said.accepted:
        event, code = RegistrationEvent.REJECT, said.code or RefusalCode.REJECTED_BY_DESK
    elif overlapping(one, active.get(one.person_id, [])):
        event, code = RegistrationEvent.REJECT, RefusalCode.REGISTRATION_OVERLAPS
    decided = one.after(
        event, decided_at=now, decided_by=said.decided_by, refusal=code, reason=said.reason
    )
    return Decision(decided, event, now, said.decided_by)


def _refused(one: Registration, now: datetime) -> Decision:
    return Decision(one, RegistrationEvent.REJECT, now, topics.HUB)


def _review(one: Registration, now: datetime) -> Outgoing:
    body = RegistrationReviewRequested(
        registration_id=one.registration_id,
        person_id=one.person_id,
        insured_division=one.insured_division,
        insurance_kind=one.insurance_kind,
        category=one.category,
        place=one.place,
        begins_on=one.begins_on,
        ends_on=one.ends_on,
        materials=one.materials,
    )
    topic = topics.insured_work(one.insured_area)
    # Filed over HTTP there is no message that caused it, so the registration makes the id.
    id_ = id_of_effect(one.registration_id, f"{body.KIND} to {topic}")
    return originate(
        body, message_id=id_, topic=topic, key=one.person_id, sender=topics.HUB, at=now
    )


def _odd(
    kind: AnomalyKind,
    message: Message[RegistrationSubmitted] | Message[RegistrationDecided],
    now: datetime,
) -> Anomaly:
    id_, about = message.head.message_id, message.body.registration_id
    return Anomaly(kind, message.head.sender, id_, now, registration_id=about)
