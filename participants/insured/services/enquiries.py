"""Answers who a person is and how insured; the identity travels sealed, as it is stored."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.message import Message, Outgoing, effect_of
from contracts.messages import enquiry
from contracts.messages.enquiry import PersonAnswered, PersonCard, PersonEnquired
from contracts.refusal import RefusalCode
from participants.insured.domain.area import Area
from participants.insured.domain.insurance import Insurance
from participants.insured.services.anomalies import from_the_hub
from participants.insured.store import people
from participants.insured.store.people import Card

Asked = Message[PersonEnquired]


def answer(area: Area, tx: Connection, batch: Sequence[Asked], now: datetime) -> list[Outgoing]:
    """A card with every insurance as it stands today, or PERSON_UNKNOWN."""
    asked = from_the_hub(tx, batch, now)
    person_ids = {message.body.person_id for message in asked}
    cards = people.cards_of(tx, person_ids)
    insured = people.insurances_of(tx, person_ids)
    today = shanghai_date_of(now)
    answers: list[Outgoing] = []
    for message in asked:
        card = cards.get(message.body.person_id)
        insurances = insured.get(message.body.person_id, {}).values()
        said = None if card is None else card_of(card, insurances, today)
        answers.append(_outgoing(area, message, said, now))
    return answers


def card_of(card: Card, insurances: Iterable[Insurance], today: date) -> PersonCard:
    return PersonCard(
        person_id=card.person_id,
        sealed_identity=card.sealed_identity,
        gender=card.gender,
        born_on=card.born_on,
        insurances=tuple(_on_card(one, today) for one in insurances),
    )


def _on_card(one: Insurance, today: date) -> enquiry.Insurance:
    return enquiry.Insurance(
        insurance_kind=one.insurance_kind,
        person_type=one.person_type,
        in_force=one.in_force_on(today),
        division=one.division,
        civil_servant=one.civil_servant,
        account_balance_fen=one.account_balance_fen,
    )


def _outgoing(area: Area, asked: Asked, card: PersonCard | None, now: datetime) -> Outgoing:
    body = PersonAnswered(
        enquiry_id=asked.body.enquiry_id,
        treatment_area=asked.body.treatment_area,
        card=card,
        code=RefusalCode.PERSON_UNKNOWN if card is None else None,
    )
    key = str(asked.body.enquiry_id)
    return effect_of(asked, body, topic=topics.HUB_ENQUIRIES, key=key, sender=area.name, at=now)
