"""Answers a hospital's questions about a person: what the year has used, what was paid."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.enquiry import (
    OF_REGISTRATIONS,
    Accumulated,
    PersonAsked,
    PersonTold,
    Question,
)
from contracts.refusal import RefusalCode
from participants.insured.domain.accumulators import accumulated
from participants.insured.domain.area import Area
from participants.insured.domain.contributions import contributed
from participants.insured.domain.grant import Grant
from participants.insured.domain.insurance_year import NOTHING, YearKey
from participants.insured.services.anomalies import from_the_hub
from participants.insured.store import grants, people, years
from participants.insured.store.people import Insurances, OfKinds
from participants.policy.model import YearToDate

Asked = Message[PersonAsked]
_LOOK_BACK_YEARS = 1


@dataclass(frozen=True, slots=True)
class Books:
    """All that the answers of a batch are made of."""

    today: date
    insured: Insurances
    years: Mapping[YearKey, YearToDate]
    held: Mapping[str, Sequence[Grant]]


def answer(area: Area, tx: Connection, batch: Sequence[Asked], now: datetime) -> list[Outgoing]:
    """What was asked about each person, or PERSON_UNKNOWN; one query a table for the batch."""
    asked = from_the_hub(tx, batch, now)
    books = _books(tx, [message.body for message in asked], shanghai_date_of(now))
    return [
        effect_of(
            message,
            _told(message.body, books),
            topic=topics.HUB_ENQUIRIES,
            key=str(message.body.enquiry_id),
            sender=area.name,
            at=now,
        )
        for message in asked
    ]


def _books(tx: Connection, asked: Sequence[PersonAsked], today: date) -> Books:
    insured = people.insurances_of(tx, {one.person_id for one in asked})
    of_years = [one for one in asked if one.question is Question.ACCUMULATORS]
    keys = {
        (one.person_id, kind, _until(one, today).year)
        for one in of_years
        for kind in insured.get(one.person_id, {})
    }
    # Only of a month that is over must what came later be taken off again.
    past = [one for one in of_years if _is_over(_until(one, today), today)]
    names, numbers = {one.person_id for one in past}, {_until(one, today).year for one in past}
    held = grants.held_by(tx, names, numbers) if past else {}
    return Books(today, insured, years.of(tx, keys), held)


def _told(asked: PersonAsked, books: Books) -> PersonTold:
    kinds = books.insured.get(asked.person_id)
    told = PersonTold(enquiry_id=asked.enquiry_id, treatment_area=asked.treatment_area)
    if kinds is None:
        return told.model_copy(update={"code": RefusalCode.PERSON_UNKNOWN})
    return told.model_copy(update=_ANSWERS[asked.question](asked, kinds, books))


def _accumulators(asked: PersonAsked, kinds: OfKinds, books: Books) -> dict[str, Any]:
    until = _until(asked, books.today)
    rows: list[Accumulated] = []
    for kind in kinds:
        key = (asked.person_id, kind, until.year)
        used = books.years.get(key, NOTHING)
        rows += accumulated(kind, until, used, _added_later(books, key, until))
    return {"accumulated": tuple(rows)}


def _added_later(books: Books, key: YearKey, until: date) -> list[YearToDate]:
    """What was granted after the month of `until`, where that month is over."""
    if not _is_over(until, books.today):
        return []
    return [
        one.moves[key]
        for one in books.held.get(key[0], ())
        if key in one.moves
        and one.calculated_at
        and shanghai_date_of(one.calculated_at) >= _next_month(until)
    ]


def _contributions(asked: PersonAsked, kinds: OfKinds, books: Books) -> dict[str, Any]:
    until = min(asked.ends_on or books.today, books.today)
    since = asked.begins_on or date(books.today.year - _LOOK_BACK_YEARS, 1, 1)
    rows = (row for one in kinds.values() for row in contributed(one, since, until))
    return {"contributed": tuple(rows)}


def _nothing(_asked: PersonAsked, _kinds: OfKinds, _books: Books) -> dict[str, Any]:
    """The hub answers questions about registrations itself, and never sends them here."""
    return {}


_ANSWERS: Mapping[Question, Callable[[PersonAsked, OfKinds, Books], dict[str, Any]]] = {
    **dict.fromkeys(OF_REGISTRATIONS, _nothing),
    Question.ACCUMULATORS: _accumulators,
    Question.CONTRIBUTIONS: _contributions,
}


def _until(asked: PersonAsked, today: date) -> date:
    return asked.ends_on or today


def _is_over(until: date, today: date) -> bool:
    return _next_month(until) <= today


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
