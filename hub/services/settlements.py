"""Taking settlements on, and letting them expire: the two ends that no answer decides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts import topics
from contracts.ids import SettlementId
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.settlement import (
    CalculationRequested,
    Outcome,
    ReleaseReason,
    SettlementAnswered,
    SettlementRequested,
)
from contracts.refusal import RefusalCode
from hub.domain.anomaly import AnomalyKind
from hub.domain.settlement import Claimant, Event
from hub.services import telling
from hub.services.decided import Decided
from hub.services.judging import Judged, areas_of, heard, judge
from hub.store import claims, settlements
from hub.store.settlements import Arrival


def accept(
    tx: Connection,
    batch: Sequence[Message[SettlementRequested]],
    now: datetime,
    *,
    answer_within: timedelta,
) -> list[Outgoing]:
    """Route each bill to its insured area, or refuse it with the code of the first rule against it.

    A bill in another area's name, or under an id that is known already, is an anomaly and changes
    nothing. Six statements at most, whatever the batch.
    """
    decided, areas = Decided(now), areas_of(tx, batch, now)
    bills = heard(batch, areas.participants, decided)
    judged = _without_withdrawn(tx, judge(tx, bills, areas, now), now)
    new = settlements.add(tx, [_arrival(one, answer_within, now) for one in judged])
    for one in judged:
        if one.message.body.settlement_id in new:
            decided.outgoing.append(_answer(one, answer_within, now))
        else:
            decided.odd(AnomalyKind.REPEATED_ID, one.message, one.message.head.kind)
    return decided.write(tx)


def expire(tx: Connection, now: datetime, count_max: int) -> list[Outgoing]:
    """Void what nobody answered in time: two messages for each, and none is waited for."""
    decided = Decided(now)
    for settlement in settlements.lock_overdue(tx, now, count_max):
        after = decided.move(
            settlement, Event.EXPIRE, None, concluded_at=now, refusal=RefusalCode.EXPIRED
        )
        decided.outgoing.append(telling.answer(after, None, now))
        decided.ask_release(after, ReleaseReason.EXPIRED, None)
    return decided.write(tx)


def _without_withdrawn(tx: Connection, judged: Sequence[Judged], now: datetime) -> list[Judged]:
    """A bill whose withdrawal had its id first is refused, whatever the rules say.

    So is one whose id another bill had; that one is there already, and nothing is written.
    """
    ids: list[SettlementId] = [one.message.body.settlement_id for one in judged]
    ours = claims.claim(tx, ids, Claimant.REQUEST, now)
    return [
        one if id_ in ours else replace(one, refusal=RefusalCode.WITHDRAWN_BEFORE)
        for one, id_ in zip(judged, ids, strict=True)
    ]


def _arrival(one: Judged, answer_within: timedelta, now: datetime) -> Arrival:
    body = one.message.body
    return Arrival(
        settlement_id=body.settlement_id,
        care=body.care,
        bill=body.bill,
        insured_area=one.insured_area,
        treatment_area=one.treatment_area,
        registration_id=one.registration_id(),
        basis=one.standing.basis if one.standing and one.refusal is None else None,
        answer_by=now + answer_within if one.refusal is None else None,
        refusal=one.refusal,
        received_at=now,
        message_id=one.message.head.message_id,
    )


def _answer(one: Judged, answer_within: timedelta, now: datetime) -> Outgoing:
    return _calculation(one, answer_within, now) if one.refusal is None else _rejection(one, now)


def _calculation(one: Judged, answer_within: timedelta, now: datetime) -> Outgoing:
    request = one.message.body
    body = CalculationRequested(
        settlement_id=request.settlement_id,
        care=request.care,
        bill=request.bill,
        standing=one.stands(),
        answer_within_ms=answer_within // timedelta(milliseconds=1),
    )
    topic = topics.insured_work(one.insured_area)
    key = request.care.person_id
    return effect_of(one.message, body, topic=topic, key=key, sender=topics.HUB, at=now)


def _rejection(one: Judged, now: datetime) -> Outgoing:
    settlement_id = one.message.body.settlement_id
    body = SettlementAnswered(
        settlement_id=settlement_id, outcome=Outcome.REFUSED, concluded_at=now, code=one.refusal
    )
    topic = topics.treatment_answers(one.treatment_area)
    key = str(settlement_id)
    return effect_of(one.message, body, topic=topic, key=key, sender=topics.HUB, at=now)
