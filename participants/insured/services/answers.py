"""How the area answers the hub: signed, caused by the question, keyed by its settlement."""

from datetime import datetime
from typing import Any

from contracts import topics
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.settlement import (
    BenefitReleased,
    CalculationRefused,
    ReleaseRefused,
    SettlementCalculated,
    TrialCalculated,
)
from participants.insured.domain.area import Area

Answer = (
    SettlementCalculated | CalculationRefused | TrialCalculated | BenefitReleased | ReleaseRefused
)


def about_settlement(area: Area, cause: Message[Any], body: Answer, now: datetime) -> Outgoing:
    return effect_of(
        cause,
        body,
        topic=topics.HUB_CALCULATIONS,
        key=str(body.settlement_id),
        sender=area.name,
        at=now,
    )
