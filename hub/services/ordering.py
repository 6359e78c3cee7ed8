"""What a repair says: orders to book as the hub has it, and conclusions told once more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect
from contracts.message import Body, Outgoing, originate
from contracts.messages.repair import ORDERS_MAX, RepairOrder, RepairOrdered
from contracts.messages.settlement import (
    Outcome,
    ReleaseReason,
    ReleaseRequested,
    SettlementAnswered,
    SettlementConcluded,
)
from hub.domain.settlement import BOOKED, Settlement, State
from hub.services.telling import OUTCOMES
from hub.store.repairs import Order

Given = tuple[Order, RepairOrder]
"""An order as the hub keeps it, and as the area hears it."""

RELEASED_BECAUSE: Mapping[State, ReleaseReason] = {
    State.EXPIRED: ReleaseReason.EXPIRED,
    State.WITHDRAWN: ReleaseReason.WITHDRAWN,
    State.REJECTED: ReleaseReason.UNSOUND,
    State.REVERSED: ReleaseReason.CANCELLED,
}


def orders(cause: UUID, given: Sequence[Given], now: datetime) -> list[Outgoing]:
    """One message for up to ORDERS_MAX orders of an area; `cause` is the proposal behind them."""
    by_side = sorted(given, key=lambda one: (one[0].role, one[0].area, one[0].order_id))
    said = []
    for (role, area), of_side in groupby(by_side, key=lambda one: (one[0].role, one[0].area)):
        mine = [one[1] for one in of_side]
        cuts = (mine[start : start + ORDERS_MAX] for start in range(0, len(mine), ORDERS_MAX))
        said += [_ordered(cause, role, area, cut, now) for cut in cuts]
    return said


def conclusions(settlement: Settlement, role: Role, cause: UUID, now: datetime) -> list[Outgoing]:
    """How the settlement stands, told a side step by step as if it had heard nothing.

    `cause` makes the ids: another repair says the same in other messages.
    """
    area = settlement.insured_area if role is Role.INSURED else settlement.treatment_area
    if role is Role.INSURED:
        topic, key = topics.insured_work(area), str(settlement.person_id)
        bodies: Sequence[Body] = _to_insured(settlement)
    else:
        topic, key = topics.treatment_answers(area), str(settlement.settlement_id)
        bodies = _to_treatment(settlement)
    return [
        originate(
            body,
            message_id=id_of_effect(cause, f"{n} {body.KIND} to {topic}"),
            topic=topic,
            key=key,
            sender=topics.HUB,
            at=now,
        )
        for n, body in enumerate(bodies)
    ]


def _ordered(
    cause: UUID, role: Role, area: AreaCode, mine: Sequence[RepairOrder], now: datetime
) -> Outgoing:
    topic = topics.notices(role, area)
    return originate(
        RepairOrdered(role=role, area=area, orders=tuple(mine)),
        message_id=id_of_effect(cause, f"repairs of {topic} from {mine[0].order_id}"),
        topic=topic,
        key=area,
        sender=topics.HUB,
        at=now,
    )


def _to_insured(settlement: Settlement) -> list[Body]:
    """A release before the days: what was given back can still hear on which day it counted."""
    said: list[Body] = []
    if settlement.state in RELEASED_BECAUSE:
        said.append(
            ReleaseRequested(
                settlement_id=settlement.settlement_id,
                person_id=settlement.person_id,
                reason=RELEASED_BECAUSE[settlement.state],
            )
        )
    days = ((Outcome.SETTLED, settlement.settled_on), (Outcome.REVERSED, settlement.reversed_on))
    return [
        *said,
        *(
            SettlementConcluded(
                settlement_id=settlement.settlement_id,
                person_id=settlement.person_id,
                outcome=outcome,
                business_date=day,
            )
            for outcome, day in days
            if day is not None
        ),
    ]


def _to_treatment(settlement: Settlement) -> list[Body]:
    assert settlement.concluded_at is not None, settlement.state
    if settlement.state not in BOOKED:
        return [
            SettlementAnswered(
                settlement_id=settlement.settlement_id,
                outcome=OUTCOMES[settlement.state],
                concluded_at=settlement.concluded_at,
                code=settlement.refusal,
                detail=settlement.refusal_detail,
            )
        ]
    days = ((Outcome.SETTLED, settlement.settled_on), (Outcome.REVERSED, settlement.reversed_on))
    return [
        SettlementAnswered(
            settlement_id=settlement.settlement_id,
            outcome=outcome,
            concluded_at=settlement.concluded_at,
            business_date=day,
            shares=settlement.shares,
            deductible_fen=settlement.deductible_fen,
        )
        for outcome, day in days
        if day is not None
    ]
