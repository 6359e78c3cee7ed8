"""What the hub says about a settlement, to whom, and under which id."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts import topics
from contracts.ids import SettlementId, id_of_effect
from contracts.message import Body, Message, Outgoing, effect_of, originate
from contracts.messages.settlement import (
    Outcome,
    ReleaseReason,
    ReleaseRequested,
    SettlementAnswered,
    SettlementConcluded,
)
from contracts.refusal import RefusalCode
from hub.domain.reminding import AwaitedRelease
from hub.domain.settlement import Settlement, State

Cause = Message[Any] | None
"""The message that made us speak; None when the clock did."""

OUTCOMES: Mapping[State, Outcome] = {
    State.SETTLED: Outcome.SETTLED,
    State.REJECTED: Outcome.REFUSED,
    State.EXPIRED: Outcome.EXPIRED,
    State.WITHDRAWN: Outcome.WITHDRAWN,
    State.REVERSED: Outcome.REVERSED,
}
"""Every state in which a treatment area has an answer."""


def answer(
    settlement: Settlement, cause: Cause, now: datetime, *, balance_fen: int | None = None
) -> Outgoing:
    """Where the settlement stands, to its treatment area. Saying it twice says the same.

    But for the balance, which only the first answer has: the hub keeps no accounts of persons.
    """
    assert settlement.concluded_at is not None, settlement.state
    body = SettlementAnswered(
        settlement_id=settlement.settlement_id,
        outcome=OUTCOMES[settlement.state],
        concluded_at=settlement.concluded_at,
        business_date=settlement.reversed_on or settlement.settled_on,
        shares=settlement.shares,
        deductible_fen=settlement.deductible_fen,
        balance_fen=balance_fen,
        code=settlement.refusal if settlement.shares is None else None,
        detail=settlement.refusal_detail if settlement.shares is None else "",
    )
    return to_treatment(settlement, body, cause, now)


def kept(
    settlement: Settlement, code: RefusalCode, detail: str, cause: Cause, now: datetime
) -> Outgoing:
    """A cancellation was refused, to the treatment area."""
    body = SettlementAnswered(
        settlement_id=settlement.settlement_id,
        outcome=Outcome.KEPT,
        concluded_at=now,
        code=code,
        detail=detail,
    )
    return to_treatment(settlement, body, cause, now)


def kept_still(settlement: Settlement, cause: Cause, now: datetime) -> Outgoing:
    """A cancellation that was refused before, to the treatment area once more."""
    code = settlement.refusal or RefusalCode.NOT_CANCELLABLE
    return kept(settlement, code, settlement.refusal_detail, cause, now)


def concluded(settlement: Settlement, cause: Cause, now: datetime) -> Outgoing:
    """How it ended and the day it counts for, to the insured area."""
    body = SettlementConcluded(
        settlement_id=settlement.settlement_id,
        person_id=settlement.person_id,
        outcome=OUTCOMES[settlement.state],
        business_date=settlement.reversed_on or settlement.settled_on,
        concluded_at=settlement.concluded_at,
    )
    return _to_insured(settlement, body, cause, now)


def release(
    settlement: Settlement, reason: ReleaseReason, cause: Cause | UUID, now: datetime
) -> Outgoing:
    """Give the benefit back, to the insured area. `cause` a UUID: the repair that undoes it."""
    body = ReleaseRequested(
        settlement_id=settlement.settlement_id, person_id=settlement.person_id, reason=reason
    )
    return _to_insured(settlement, body, cause, now)


def release_again(awaited: AwaitedRelease, now: datetime) -> Outgoing:
    """The release asked once more: another message, to the same effect."""
    id_ = awaited.settlement_id
    body = ReleaseRequested(settlement_id=id_, person_id=awaited.person_id, reason=awaited.reason)
    topic = topics.insured_work(awaited.insured_area)
    which = f"asked again {awaited.times} since {awaited.asked_at.isoformat()}"
    return originate(
        body,
        message_id=id_of_effect(id_, f"{body.KIND} to {topic} {which}"),
        topic=topic,
        key=awaited.person_id,
        sender=topics.HUB,
        at=now,
    )


def to_treatment(
    settlement: Settlement, body: SettlementAnswered, cause: Cause, now: datetime
) -> Outgoing:
    topic = topics.treatment_answers(settlement.treatment_area)
    key = str(settlement.settlement_id)
    return _said(body, topic, key, settlement.settlement_id, cause, now)


def _to_insured(settlement: Settlement, body: Body, cause: Cause | UUID, now: datetime) -> Outgoing:
    topic = topics.insured_work(settlement.insured_area)
    return _said(body, topic, settlement.person_id, settlement.settlement_id, cause, now)


def _said(  # noqa: PLR0917 - private, and each argument is named where it comes from
    body: Body, topic: str, key: str, about: SettlementId, cause: Cause | UUID, now: datetime
) -> Outgoing:
    if isinstance(cause, Message):
        return effect_of(cause, body, topic=topic, key=key, sender=topics.HUB, at=now)
    # The clock expires a settlement once, so the settlement itself makes the id. Repairs may undo
    # one more than once: each says it in a message of its own.
    id_ = id_of_effect(cause or about, f"{body.KIND} to {topic}")
    return originate(body, message_id=id_, topic=topic, key=key, sender=topics.HUB, at=now)
