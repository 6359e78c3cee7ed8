"""Trials 预结算: judged like settlements, forwarded, answered; they change nothing anywhere."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.settlement import (
    TrialAnswered,
    TrialCalculated,
    TrialCalculationRequested,
    TrialRequested,
)
from hub.domain.anomaly import AnomalyKind
from hub.services.decided import Decided, from_an_insured_area
from hub.services.judging import Judged, areas_of, heard, judge
from hub.store import participants


def forward(
    tx: Connection, batch: Sequence[Message[TrialRequested]], now: datetime
) -> list[Outgoing]:
    """Ask the insured area what a settlement would give, or answer why it would be refused."""
    decided, areas = Decided(now), areas_of(tx, batch, now)
    bills = heard(batch, areas.participants, decided)
    decided.outgoing += [_said(one, now) for one in judge(tx, bills, areas, now)]
    return decided.write(tx)


def answer(
    tx: Connection, batch: Sequence[Message[TrialCalculated]], now: datetime
) -> list[Outgoing]:
    """Hand the insured area's figures on. The hub kept nothing, so there is nothing to compare."""
    decided, everyone = Decided(now), participants.everyone(tx)
    for message in batch:
        if not from_an_insured_area(message, everyone):
            decided.odd(AnomalyKind.WRONG_SENDER, message, message.head.sender)
        elif message.body.treatment_area in everyone:
            decided.outgoing.append(_figures(message, now))
        else:
            decided.odd(AnomalyKind.UNKNOWN_SUBJECT, message, message.head.kind)
    return decided.write(tx)


def _said(one: Judged, now: datetime) -> Outgoing:
    return _question(one, now) if one.refusal is None else _refusal(one, now)


def _question(one: Judged, now: datetime) -> Outgoing:
    request = one.message.body
    body = TrialCalculationRequested(
        settlement_id=request.settlement_id,
        care=request.care,
        bill=request.bill,
        standing=one.stands(),
    )
    topic, key = topics.insured_work(one.insured_area), request.care.person_id
    return effect_of(one.message, body, topic=topic, key=key, sender=topics.HUB, at=now)


def _refusal(one: Judged, now: datetime) -> Outgoing:
    settlement_id = one.message.body.settlement_id
    body = TrialAnswered(settlement_id=settlement_id, shares=None, code=one.refusal)
    topic, key = topics.treatment_answers(one.treatment_area), str(settlement_id)
    return effect_of(one.message, body, topic=topic, key=key, sender=topics.HUB, at=now)


def _figures(message: Message[TrialCalculated], now: datetime) -> Outgoing:
    said = message.body
    body = TrialAnswered(
        settlement_id=said.settlement_id,
        shares=said.shares,
        deductible_fen=said.deductible_fen,
        balance_fen=said.balance_fen,
        code=said.code,
        detail=said.detail,
    )
    topic = topics.treatment_answers(AreaCode(said.treatment_area))
    key = str(said.settlement_id)
    return effect_of(message, body, topic=topic, key=key, sender=topics.HUB, at=now)
