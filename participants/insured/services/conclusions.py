"""Notes how the hub ended a settlement, and the business day it counts for."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.message import Message, Outgoing
from contracts.messages.settlement import SettlementConcluded
from participants.insured.domain.area import Area
from participants.insured.domain.grant import EVENT_OF_OUTCOME, Ending
from participants.insured.services.anomalies import anomaly, from_the_hub
from participants.insured.store import anomalies, grants
from participants.insured.store.anomalies import Anomaly, AnomalyKind

Heard = Message[SettlementConcluded]


def conclude(_area: Area, tx: Connection, batch: Sequence[Heard], now: datetime) -> list[Outgoing]:
    """Write `settled_on` or `reversed_on`; what does not fit our books becomes an anomaly."""
    heard = from_the_hub(tx, batch, now)
    known = grants.lock_endings(tx, [message.body.settlement_id for message in heard])
    after: list[Ending] = []
    out_of_step: list[Anomaly] = []
    for message in heard:
        before = known.get(message.body.settlement_id)
        moved = _concluded(before, message)
        if moved is None:
            out_of_step.append(_out_of_step(before, message))
        elif moved != before:
            after.append(moved)
    grants.move(tx, after)
    anomalies.add(tx, out_of_step, now)
    return []


def _concluded(grant: Ending | None, message: Heard) -> Ending | None:
    said = message.body
    event = EVENT_OF_OUTCOME.get(said.outcome)
    if grant is None or event is None or said.business_date is None:
        return None
    if grant.person_id != said.person_id:
        return None
    return grant.concluded(event, said.business_date, said.concluded_at or message.head.sent_at)


def _out_of_step(grant: Ending | None, message: Heard) -> Anomaly:
    stands = "unknown" if grant is None else grant.state.value
    said = message.body
    detail = f"{said.outcome} on {said.business_date}, while here it is {stands}"
    return anomaly(AnomalyKind.OUT_OF_STEP, message, detail)
