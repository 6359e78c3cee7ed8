"""Questions of hospitals about a person: answered from the registrations, or passed on."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role, area_of
from contracts.ids import PersonId
from contracts.message import Body, Message, Outgoing, effect_of
from contracts.messages.enquiry import OF_REGISTRATIONS, PersonAsked, PersonTold
from contracts.refusal import RefusalCode
from hub.domain.participant import Participant
from hub.domain.question import on_record
from hub.domain.registration import Registration
from hub.services.decided import from_an_insured_area, from_the_area
from hub.store import participants, registrations

log = logging.getLogger(__name__)

Everyone = Mapping[AreaCode, Participant]
Asked = Message[PersonAsked]
Registered = Mapping[PersonId, Sequence[Registration]]


def ask(tx: Connection, batch: Sequence[Asked], now: datetime) -> list[Outgoing]:
    """Answer what the hub knows itself; pass on the rest, or say why it cannot be asked."""
    everyone = participants.everyone(tx)
    heard = [message for message in batch if _may_ask(message, everyone)]
    ours = {one.body.person_id for one in heard if one.body.question in OF_REGISTRATIONS}
    registered = registrations.of_people(tx, ours) if ours else {}
    return [_next(message, everyone, registered, now) for message in heard]


def answer(tx: Connection, batch: Sequence[Message[PersonTold]], now: datetime) -> list[Outgoing]:
    """Pass the insured area's answer on to the treatment area that asked."""
    everyone = participants.everyone(tx)
    heard = [message for message in batch if _may_answer(message, everyone)]
    return [_answer(message, message.body, now) for message in heard]


def _may_ask(message: Asked, everyone: Everyone) -> bool:
    area = AreaCode(message.body.treatment_area)
    if area in everyone and from_the_area(message, Role.TREATMENT, area):
        return True
    # Nobody's state is touched and there is nobody to answer, so a line in the log is enough.
    log.warning("question %s: sent by %s", message.head.message_id, message.head.sender)
    return False


def _may_answer(message: Message[PersonTold], everyone: Everyone) -> bool:
    if not from_an_insured_area(message, everyone):
        log.warning("answer %s: sent by %s", message.head.message_id, message.head.sender)
        return False
    return AreaCode(message.body.treatment_area) in everyone


def _next(asked: Asked, everyone: Everyone, registered: Registered, now: datetime) -> Outgoing:
    body = asked.body
    if body.question in OF_REGISTRATIONS:
        found = on_record(body, registered.get(PersonId(body.person_id), ()))
        return _answer(asked, _told(body).model_copy(update={"on_record": found}), now)
    area = area_of(body.insured_division or "")
    if area is None:
        return _refusal(asked, RefusalCode.UNKNOWN_AREA, now)
    if area not in everyone or not everyone[area].insured_connected:
        return _refusal(asked, RefusalCode.AREA_NOT_CONNECTED, now)
    topic, key = topics.insured_work(area), body.person_id
    return effect_of(asked, body, topic=topic, key=key, sender=topics.HUB, at=now)


def _told(asked: PersonAsked) -> PersonTold:
    return PersonTold(enquiry_id=asked.enquiry_id, treatment_area=asked.treatment_area)


def _refusal(asked: Asked, code: RefusalCode, now: datetime) -> Outgoing:
    return _answer(asked, _told(asked.body).model_copy(update={"code": code}), now)


def _answer(cause: Message[Body], body: PersonTold, now: datetime) -> Outgoing:
    topic = topics.treatment_answers(AreaCode(body.treatment_area))
    key = str(body.enquiry_id)
    return effect_of(cause, body, topic=topic, key=key, sender=topics.HUB, at=now)
