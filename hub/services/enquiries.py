"""Look-ups between areas: forwarded as they came, and nothing is remembered."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role, area_of
from contracts.message import Body, Message, Outgoing, effect_of
from contracts.messages.enquiry import PersonAnswered, PersonEnquired
from contracts.refusal import RefusalCode
from hub.domain.participant import Participant
from hub.services.decided import from_an_insured_area, from_the_area
from hub.store import participants

log = logging.getLogger(__name__)

Everyone = Mapping[AreaCode, Participant]


def ask(tx: Connection, batch: Sequence[Message[PersonEnquired]], now: datetime) -> list[Outgoing]:
    """Pass the question on to the insured area, or answer why it cannot be asked."""
    everyone = participants.everyone(tx)
    heard = [message for message in batch if _may_ask(message, everyone)]
    return [_question(message, everyone, now) for message in heard]


def answer(
    tx: Connection, batch: Sequence[Message[PersonAnswered]], now: datetime
) -> list[Outgoing]:
    """Pass the answer on to the treatment area that asked."""
    everyone = participants.everyone(tx)
    heard = [message for message in batch if _may_answer(message, everyone)]
    return [_answer(message, message.body, now) for message in heard]


def _may_ask(message: Message[PersonEnquired], everyone: Everyone) -> bool:
    area = AreaCode(message.body.treatment_area)
    if area in everyone and from_the_area(message, Role.TREATMENT, area):
        return True
    # Nobody's state is touched and there is nobody to answer, so a line in the log is enough.
    log.warning("enquiry %s: sent by %s", message.head.message_id, message.head.sender)
    return False


def _may_answer(message: Message[PersonAnswered], everyone: Everyone) -> bool:
    if not from_an_insured_area(message, everyone):
        log.warning("answer %s: sent by %s", message.head.message_id, message.head.sender)
        return False
    return AreaCode(message.body.treatment_area) in everyone


def _question(message: Message[PersonEnquired], everyone: Everyone, now: datetime) -> Outgoing:
    body = message.body
    area = area_of(body.insured_division)
    if area is None:
        return _refusal(message, RefusalCode.UNKNOWN_AREA, now)
    if area not in everyone or not everyone[area].insured_connected:
        return _refusal(message, RefusalCode.AREA_NOT_CONNECTED, now)
    topic, key = topics.insured_work(area), body.person_id
    return effect_of(message, body, topic=topic, key=key, sender=topics.HUB, at=now)


def _refusal(message: Message[PersonEnquired], code: RefusalCode, now: datetime) -> Outgoing:
    asked = message.body
    body = PersonAnswered(
        enquiry_id=asked.enquiry_id, treatment_area=asked.treatment_area, card=None, code=code
    )
    return _answer(message, body, now)


def _answer(message: Message[Body], body: PersonAnswered, now: datetime) -> Outgoing:
    topic = topics.treatment_answers(AreaCode(body.treatment_area))
    key = str(body.enquiry_id)
    return effect_of(message, body, topic=topic, key=key, sender=topics.HUB, at=now)
