"""Gives back what was granted, exactly; or leaves a tombstone where nothing was granted yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.ids import PersonId, SettlementId
from contracts.message import Message, Outgoing
from contracts.messages.settlement import BenefitReleased, ReleaseRefused, ReleaseRequested
from contracts.refusal import RefusalCode
from participants.insured.domain.area import Area
from participants.insured.domain.grant import Grant, tombstone
from participants.insured.domain.insurance_year import NOTHING
from participants.insured.services.anomalies import anomaly, assert_one_each, from_the_hub
from participants.insured.services.answers import about_settlement
from participants.insured.store import anomalies, grants, people, years
from participants.insured.store.anomalies import AnomalyKind

Batch = Sequence[Message[ReleaseRequested]]
Known = Mapping[SettlementId, Grant]


def release(area: Area, tx: Connection, batch: Batch, now: datetime) -> list[Outgoing]:
    """Answer every request; asked again it gives the same answer and gives nothing back twice.

    A release that names another person than the grant is refused: NEVER_GRANTED.
    """
    asked = from_the_hub(tx, batch, now)
    assert_one_each([message.body.person_id for message in asked])
    people.lock(tx, [message.body.person_id for message in asked])
    known = grants.lock(tx, [message.body.settlement_id for message in asked])
    sound = [message.body for message in asked if not _names_another(known, message.body)]
    _leave_tombstones(tx, [body for body in sound if body.settlement_id not in known], now)
    give_back(tx, [known[b.settlement_id] for b in sound if b.settlement_id in known], now)
    _note_others(tx, asked, known, now)
    return [about_settlement(area, message, _answer(known, message.body), now) for message in asked]


def _leave_tombstones(tx: Connection, requests: Sequence[ReleaseRequested], now: datetime) -> None:
    left = [tombstone(body.settlement_id, PersonId(body.person_id), now) for body in requests]
    grants.add(tx, left, {})


def give_back(tx: Connection, found: Sequence[Grant], now: datetime) -> None:
    """What the grants added, no more and no less; whoever came after keeps what it was granted.

    The lock on the person's insurances keeps the years as they are read.
    """
    held = [grant for grant in found if grant.is_held]
    moves = {key: delta for grant in held for key, delta in grant.moves.items()}
    used = years.of(tx, moves)
    grants.move(tx, [grant.released(now) for grant in held])
    years.put(
        tx,
        {key: used.get(key, NOTHING).minus(delta) for key, delta in moves.items()},
        {grant.year_key: grant.shares.account_fen for grant in held},
    )


def _answer(known: Known, request: ReleaseRequested) -> BenefitReleased | ReleaseRefused:
    if _names_another(known, request):
        return ReleaseRefused(
            settlement_id=request.settlement_id, code=RefusalCode.NEVER_GRANTED, detail="人员不符"
        )
    grant = known.get(request.settlement_id)
    return BenefitReleased(
        settlement_id=request.settlement_id,
        reason=request.reason,
        was_granted=grant is not None and grant.was_granted,
    )


def _names_another(known: Known, request: ReleaseRequested) -> bool:
    grant = known.get(request.settlement_id)
    return grant is not None and grant.person_id != request.person_id


def _note_others(tx: Connection, asked: Batch, known: Known, now: datetime) -> None:
    found = [
        anomaly(AnomalyKind.ANOTHER_PERSON, message, "the grant is somebody else's")
        for message in asked
        if _names_another(known, message.body)
    ]
    anomalies.add(tx, found, now)
