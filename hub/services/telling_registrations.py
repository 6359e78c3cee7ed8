"""What the hub says about registrations, to whom, and under which id."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import MessageId, id_of_effect
from contracts.message import Body, Head, Message, Outgoing
from contracts.messages.registration import (
    RegistrationReviewRequested,
    RegistrationTold,
    Wanted,
)
from contracts.refusal import RefusalCode
from hub.domain.anomaly import Anomaly, AnomalyKind
from hub.domain.registration import Registration, Taken

Cause = Message[Any] | None
"""The message that made us speak; None when it was a request over HTTP, or the clock."""


def review(one: Registration, cause: Cause, now: datetime) -> Outgoing:
    """Please decide, to the insured area; with the place and the end filled in."""
    wanted = Wanted(
        registration_id=one.registration_id,
        person_id=one.person_id,
        insured_division=one.insured_division,
        insurance_kind=one.insurance_kind,
        category=one.category,
        place=one.place,
        disease_code=one.disease_code,
        begins_on=one.begins_on,
        ends_on=one.ends_on,
        materials=one.materials,
        channel=one.channel,
        replaces=one.replaces,
    )
    body = RegistrationReviewRequested(wanted=wanted, submitted_at=one.submitted_at, by=one.by)
    return _said(body, one, topics.insured_work(one.insured_area), cause, now)


def taken(step: Taken, cause: Cause) -> list[Outgoing]:
    """One step, to the insured area and to the treatment area that filed it by message."""
    one = step.after
    # A code says its own words wherever it is shown, so the reason alone goes with it.
    detail = step.why if one.refusal is None else one.reason or ""
    said = _told(one, step.at, step.by, step.change_id, one.refusal, detail)
    parties = {topics.participant(Role.INSURED, one.insured_area), *_filer(one)}
    return _to(parties, said, one, cause)


def to_the_filer(one: Registration, cause: Cause, now: datetime) -> list[Outgoing]:
    """Where it stands, to who filed it by message: it has arrived, or a rule refused it at once."""
    said = _told(one, now, one.decided_by or topics.HUB, None, one.refusal, one.reason or "")
    return _to(_filer(one), said, one, cause)


def refused(
    one: Registration,
    message: Message[Any],
    code: RefusalCode,
    now: datetime,
    change_id: MessageId | None = None,
) -> list[Outgoing]:
    """Nothing was changed and why, to who asked; where it stands is told with it."""
    said = _told(one, now, topics.HUB, change_id, code, "")
    return _to({message.head.sender}, said, one, message)


def again(step: Taken, message: Message[Any]) -> list[Outgoing]:
    """A wish that was granted before, to who asked once more."""
    said = _told(step.after, step.at, step.by, step.change_id, None, step.why)
    return _to({message.head.sender}, said, step.after, message)


def odd(kind: AnomalyKind, message: Message[Any], about: Any, now: datetime) -> Anomaly:
    """A message about a registration that changes nothing."""
    id_, sender = message.head.message_id, message.head.sender
    return Anomaly(kind, sender, id_, now, registration_id=about)


def _filer(one: Registration) -> set[str]:
    return {one.submitted_by} if one.filed_by_message else set()


def _told(  # noqa: PLR0917 - private, and each argument is named where it comes from
    one: Registration,
    at: datetime,
    by: str,
    change_id: MessageId | None,
    code: RefusalCode | None,
    detail: str,
) -> RegistrationTold:
    return RegistrationTold(
        registration_id=one.registration_id,
        person_id=one.person_id,
        insured_area=one.insured_area,
        state=one.state,
        materials=one.materials,
        ended_on=one.ended_on,
        change_id=change_id,
        code=code,
        detail=detail[:200],
        at=at,
        by=by[:200],
    )


def _to(
    parties: Iterable[str], body: RegistrationTold, one: Registration, cause: Cause
) -> list[Outgoing]:
    found = (_topic_of(party) for party in sorted(parties))
    return [_said(body, one, topic, cause, body.at) for topic in found if topic is not None]


def _topic_of(party: str) -> str | None:
    """Where a participant hears of registrations; None for everybody else."""
    role, _, area = party.partition(".")
    if role == Role.INSURED:
        return topics.insured_work(AreaCode(area))
    return topics.treatment_answers(AreaCode(area)) if role == Role.TREATMENT else None


def _said(body: Body, one: Registration, topic: str, cause: Cause, at: datetime) -> Outgoing:
    """One cause may take two registrations a step on, so the id names the registration too."""
    to_insured = topic == topics.insured_work(one.insured_area)
    what = f"{body.KIND} {one.step_count} of {one.registration_id} to {topic}"
    cause_id = one.registration_id if cause is None else cause.head.message_id
    head = Head(
        message_id=id_of_effect(cause_id, what),
        cause_id=None if cause is None else cause.head.message_id,
        kind=body.KIND,
        sender=topics.HUB,
        sent_at=at,
    )
    key = one.person_id if to_insured else str(one.registration_id)
    return Outgoing(topic, key, Message(head, body))
