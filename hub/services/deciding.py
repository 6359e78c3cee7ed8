"""What insured areas decide about registrations: put into force, or rejected."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.codes import Role
from contracts.ids import PersonId
from contracts.message import Message, Outgoing
from contracts.messages.registration import RegistrationDecided
from contracts.refusal import RefusalCode
from hub.domain import stepping
from hub.domain.anomaly import Anomaly, AnomalyKind
from hub.domain.registration import Registration, RegistrationEvent, RegistrationState, Taken
from hub.domain.submission import Submission, refusal_again
from hub.services import telling_registrations as telling
from hub.services.decided import from_the_area
from hub.store import anomalies, registrations

Decision = Message[RegistrationDecided]
People = Mapping[PersonId, Sequence[Registration]]


def decide(tx: Connection, batch: Sequence[Decision], now: datetime) -> list[Outgoing]:
    """Put into force or reject what the insured area decided; the version before it gives way.

    Its yes to what has come to overlap, or follows what has ended meanwhile, is a no. A decision
    about what is decided already changes nothing, and the area hears where it stands. Five
    statements at most, whatever the batch.
    """
    people = registrations.lock_people(tx, {message.body.person_id for message in batch})
    steps: list[Taken] = []
    odd: list[Anomaly] = []
    said: list[Outgoing] = []
    for message in batch:
        one = _meant(message, people)
        kind = _why_not(message, one)
        if one is not None and kind is None:
            made = _steps(message, one, people, now)
            steps += made
            said += [line for step in made for line in telling.taken(step, message)]
        elif kind is not None:
            odd.append(telling.odd(kind, message, message.body.registration_id, now))
            if one is not None and kind is AnomalyKind.OUT_OF_STEP:
                said += telling.refused(one, message, RefusalCode.DECIDED_ALREADY, now)
    registrations.move(tx, steps)
    anomalies.add(tx, odd)
    return said


def _meant(message: Decision, people: People) -> Registration | None:
    said = message.body
    theirs = people.get(PersonId(said.person_id), ())
    return next((one for one in theirs if one.registration_id == said.registration_id), None)


def _why_not(message: Decision, one: Registration | None) -> AnomalyKind | None:
    if one is None:
        return AnomalyKind.UNKNOWN_SUBJECT
    if not from_the_area(message, Role.INSURED, one.insured_area):
        return AnomalyKind.WRONG_SENDER
    if one.state is not RegistrationState.SUBMITTED:
        return AnomalyKind.OUT_OF_STEP
    return None


def _steps(message: Decision, one: Registration, people: People, now: datetime) -> list[Taken]:
    """The decision; and, when it puts a next version into force, the end of the one before."""
    said = message.body
    submission = _submission(one, people, now)
    code = _refusal(said, submission)
    after = stepping.decided(one, code, now, said.decided_by, said.reason)
    event = RegistrationEvent.ACCEPT if code is None else RegistrationEvent.REJECT
    why = said.reason if code is None else code.told(said.reason)
    decided = Taken(one, event, after, now, said.decided_by, why)
    old = submission.replaced()
    if code is not None or old is None:
        return [decided]
    return [_superseded(old, one, said.decided_by, now), decided]


def _refusal(said: RegistrationDecided, submission: Submission) -> RefusalCode | None:
    if not said.accepted:
        return said.code or RefusalCode.REJECTED_BY_DESK
    return refusal_again(submission)


def _submission(one: Registration, people: People, now: datetime) -> Submission:
    """What may have changed since it was filed; who is connected and locked in was judged then."""
    others = [r for r in people[one.person_id] if r.registration_id != one.registration_id]
    return Submission(one, {}, others, 0, shanghai_date_of(now))


def _superseded(old: Registration, by: Registration, who: str, now: datetime) -> Taken:
    why = f"{by.registration_id} v{by.version}"
    after = stepping.superseded(old, by)
    return Taken(old, RegistrationEvent.SUPERSEDE, after, now, who or topics.HUB, why)
