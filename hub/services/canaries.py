"""Canaries: a bill of nobody to every insured area, now and then, and what came of it.

A canary is a kind of message of its own and not a settlement with a mark. It takes the way of a
bill: in line with real ones on the area's topic, calculated by the area's policies, written down
on both sides, answered on the topic of calculations. But it never is a row of `settlements` or
`grants`, whose constraints refuse its person, and a posting needs such a row: so no ledger, day,
clearing, statistic or look-up can count one, and none of them needs a filter that somebody forgets.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.codes import (
    AreaCode,
    InsuranceKind,
    RegistrationCategory,
    Role,
    VisitKind,
)
from contracts.ids import MessageId, PersonId, new_id
from contracts.message import Message, Outgoing, originate
from contracts.messages.settlement import Basis, Care, Standing
from contracts.messages.values import Bill
from contracts.messages.weather import CANARY, CanaryAnswered, CanaryId, CanarySent
from hub.domain.participant import area_code_of
from hub.store import canaries, participants

HOSPITAL = "CANARY"
TOTAL_FEN = 1_000_000
_BILL = Bill(
    total_fen=TOTAL_FEN,
    fully_own_fen=0,
    over_ceiling_fen=0,
    first_self_pay_fen=0,
    in_scope_fen=TOTAL_FEN,
)
_STANDING = Standing(basis=Basis.DEEMED, category=RegistrationCategory.EMERGENCY)
_ROLE = f"{Role.INSURED}."


def send(
    tx: Connection, now: datetime, *, every: timedelta, answer_within: timedelta
) -> list[Outgoing]:
    """One to each connected insured area that has had none for `every`; zero: to nobody."""
    if not every:
        return []
    late = canaries.sent_since(tx, now - every)
    everyone = participants.everyone(tx).values()
    due = [one.area for one in everyone if one.insured_connected and one.area not in late]
    sent = [(CanaryId(new_id()), area) for area in due]
    canaries.add(tx, sent, now, now + answer_within)
    if sent:
        canaries.forget(tx, now)
    return [_outgoing(id_, area, now) for id_, area in sent]


def record(
    tx: Connection, batch: Sequence[Message[CanaryAnswered]], now: datetime
) -> list[Outgoing]:
    """Note when each area answered, and whether its parts add up. Strangers change nothing."""
    answers = [
        (one.body.canary_id, area_code_of(one.head.sender.removeprefix(_ROLE)), _is_sound(one.body))
        for one in batch
        if one.head.sender.startswith(_ROLE)
    ]
    canaries.answer(tx, answers, now)
    return []


def _is_sound(said: CanaryAnswered) -> bool:
    """A considered no is an answer: the area may have no policy for such a bill."""
    if said.shares is None:
        return said.code is not None
    return said.shares.total_fen() == TOTAL_FEN


def _outgoing(canary_id: CanaryId, area: AreaCode, now: datetime) -> Outgoing:
    body = CanarySent(
        canary_id=canary_id,
        care=_care(area, shanghai_date_of(now)),
        bill=_BILL,
        standing=_STANDING,
    )
    return originate(
        body,
        message_id=MessageId(new_id()),
        topic=topics.insured_work(area),
        # Not the canary's person: every partition of the topic shall have some.
        key=str(canary_id),
        sender=topics.HUB,
        at=now,
    )


def _care(area: AreaCode, today: date) -> Care:
    """A stay of a day at home's neighbour; where it was does not matter to the way."""
    return Care(
        person_id=PersonId(CANARY),
        insured_division=area,
        treatment_division=_elsewhere(area),
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        hospital_code=HOSPITAL,
        hospital_level=3,
        admitted_on=today,
        discharged_on=today,
    )


def _elsewhere(area: AreaCode) -> AreaCode:
    return AreaCode("110000" if area != "110000" else "310000")
