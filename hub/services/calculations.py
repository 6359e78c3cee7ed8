"""What insured areas calculated: it settles, is refused, or comes too late and is absorbed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.message import Message, Outgoing
from contracts.messages.settlement import (
    CalculationRefused,
    ReleaseReason,
    SettlementCalculated,
)
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from hub.domain.ledger import PostingKind, postings_of
from hub.domain.settlement import Event, Settlement, State
from hub.services import telling
from hub.services.decided import Decided, of_insured
from hub.store import days, settlements

Granted = Message[SettlementCalculated]
Refused = Message[CalculationRefused]


def record(tx: Connection, batch: Sequence[Granted], now: datetime) -> list[Outgoing]:
    """Settle on the open business day what is sound and in time; release every other grant.

    The day's row stays shared until the transaction ends: no settlement can fall between two days.
    """
    decided = Decided(now)
    known = settlements.lock(tx, [message.body.settlement_id for message in batch])
    on = _open_day(tx, known.values())
    for message in batch:
        settlement = of_insured(message, known, GRANTED, decided)
        if settlement is not None:
            GRANTED[settlement.state](decided, settlement, message, on)
    return decided.write(tx)


def refuse(tx: Connection, batch: Sequence[Refused], now: datetime) -> list[Outgoing]:
    """End with the insured area's code what still waits; absorb the rest. Nothing to release."""
    decided = Decided(now)
    known = settlements.lock(tx, [message.body.settlement_id for message in batch])
    for message in batch:
        settlement = of_insured(message, known, REFUSED, decided)
        if settlement is not None:
            REFUSED[settlement.state](decided, settlement, message)
    return decided.write(tx)


def _open_day(tx: Connection, known: Iterable[Settlement]) -> date:
    if any(settlement.state is State.ROUTED for settlement in known):
        return days.share_open(tx)
    return date.min  # Nothing can settle, so nothing looks at it.


def _settle_or_reject(decided: Decided, settlement: Settlement, message: Granted, on: date) -> None:
    body = message.body
    shares = body.shares.completed(settlement.total_fen)
    if settlement.is_borne_by(shares, body.deductible_fen):
        _settle(decided, settlement, message, shares, on)
    else:
        _reject_unsound(decided, settlement, message)


def _settle(
    decided: Decided, settlement: Settlement, message: Granted, shares: Shares, on: date
) -> None:
    now = decided.now
    settled = decided.move(
        settlement,
        Event.SETTLE,
        message,
        concluded_at=now,
        settled_on=on,
        shares=shares,
        deductible_fen=message.body.deductible_fen,
    )
    decided.postings += postings_of(settled, PostingKind.SETTLEMENT, on=on, at=now)
    decided.outgoing += [
        telling.answer(settled, message, now, balance_fen=message.body.balance_fen),
        telling.concluded(settled, message, now),
    ]


def _reject_unsound(decided: Decided, settlement: Settlement, message: Granted) -> None:
    now = decided.now
    rejected = decided.move(
        settlement,
        Event.REFUSE,
        message,
        concluded_at=now,
        refusal=RefusalCode.PARTS_DO_NOT_ADD_UP,
    )
    decided.outgoing.append(telling.answer(rejected, message, now))
    decided.ask_release(rejected, ReleaseReason.UNSOUND, message)


def _absorb_grant(decided: Decided, settlement: Settlement, message: Granted, _on: date) -> None:
    late = settlement.late_answers + 1
    absorbed = decided.move(settlement, Event.SETTLE, message, late_answers=late)
    decided.ask_release(absorbed, ReleaseReason.LATE, message)


def _reject(decided: Decided, settlement: Settlement, message: Refused) -> None:
    body, now = message.body, decided.now
    rejected = decided.move(
        settlement,
        Event.REFUSE,
        message,
        concluded_at=now,
        refusal=body.code,
        refusal_detail=body.detail,
    )
    decided.outgoing.append(telling.answer(rejected, message, now))


def _absorb_refusal(decided: Decided, settlement: Settlement, message: Refused) -> None:
    late = settlement.late_answers + 1
    decided.move(settlement, Event.REFUSE, message, late_answers=late)


# In every other state the message is out of step. A test holds both tables to the state table.
GRANTED: Mapping[State, Callable[[Decided, Settlement, Granted, date], None]] = {
    State.ROUTED: _settle_or_reject,
    State.EXPIRED: _absorb_grant,
    State.WITHDRAWN: _absorb_grant,
    State.REJECTED: _absorb_grant,
}
REFUSED: Mapping[State, Callable[[Decided, Settlement, Refused], None]] = {
    State.ROUTED: _reject,
    State.EXPIRED: _absorb_refusal,
    State.WITHDRAWN: _absorb_refusal,
}
