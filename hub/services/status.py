"""Where a settlement stands, for a treatment area that has not heard in time; asked as often."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role
from contracts.ids import MessageId, SettlementId
from contracts.message import Message, Outgoing
from contracts.messages.settlement import ReleaseReason, StatusAsked
from hub.domain.anomaly import AnomalyKind
from hub.domain.settlement import Event, Settlement, State
from hub.services import telling
from hub.services.decided import Decided, from_the_area
from hub.store import settlements

Asked = Message[StatusAsked]
STILL_OPEN = frozenset({State.ROUTED, State.REVERSING})
"""The answer goes out by itself when there is one."""


def tell(tx: Connection, batch: Sequence[Asked], now: datetime) -> list[Outgoing]:
    """Say the final state again; asking moves nothing, except a cancellation that was lost.

    Of an id we never saw nothing is said: its request may be behind the question.
    """
    decided = Decided(now)
    known = settlements.lock(tx, [message.body.settlement_id for message in batch])
    heard = settlements.steps_caused(tx, [_cancellation(message) for message in batch])
    for message in batch:
        settlement = known.get(message.body.settlement_id)
        if settlement is None or settlement.state in STILL_OPEN:
            continue
        if not _is_theirs(message, settlement):
            decided.odd(AnomalyKind.WRONG_SENDER, message, message.head.sender)
        else:
            _tell_one(decided, settlement, message, heard)
    return decided.write(tx)


def _tell_one(
    decided: Decided,
    settlement: Settlement,
    message: Asked,
    heard: Mapping[SettlementId, frozenset[MessageId]],
) -> None:
    cancellation = message.body.cancellation_id
    if settlement.state is not State.SETTLED or cancellation is None:
        decided.outgoing.append(telling.answer(settlement, message, decided.now))
    elif cancellation in heard.get(settlement.settlement_id, frozenset()):
        decided.outgoing.append(telling.kept_still(settlement, message, decided.now))
    else:  # It was lost on its way: what it asked for begins now, under its own id.
        reversing = decided.move(settlement, Event.CANCEL, message, caused_by=cancellation)
        decided.ask_release(reversing, ReleaseReason.CANCELLED, message)


def _cancellation(message: Asked) -> tuple[SettlementId, MessageId | None]:
    return message.body.settlement_id, message.body.cancellation_id


def _is_theirs(message: Asked, settlement: Settlement) -> bool:
    area = AreaCode(message.body.treatment_area)
    return settlement.treatment_area == area and from_the_area(message, Role.TREATMENT, area)
