"""What insured areas say to a release: given back, or kept with a reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.codes import Role
from contracts.ids import SettlementId
from contracts.message import Message, Outgoing
from contracts.messages.settlement import BenefitReleased, ReleaseRefused
from hub.domain.anomaly import AnomalyKind
from hub.domain.ledger import PostingKind, postings_of
from hub.domain.settlement import Event, Settlement, State
from hub.services import telling
from hub.services.decided import Decided, from_the_area, of_insured
from hub.store import days, settlements

Released = Message[BenefitReleased]
Kept = Message[ReleaseRefused]


def record(tx: Connection, batch: Sequence[Released], now: datetime) -> list[Outgoing]:
    """Reverse on the open business day what was being undone; note the other releases."""
    decided = Decided(now)
    known = settlements.lock(tx, [message.body.settlement_id for message in batch])
    on = _open_day(tx, known.values())
    for message in batch:
        settlement = of_insured(message, known, RELEASED, decided)
        if settlement is not None:
            decided.released.append(settlement.settlement_id)
            RELEASED[settlement.state](decided, settlement, message, on)
    return decided.write(tx)


def refuse(tx: Connection, batch: Sequence[Kept], now: datetime) -> list[Outgoing]:
    """Leave settled what the insured area does not give back, and say so."""
    decided = Decided(now)
    known = settlements.lock(tx, [message.body.settlement_id for message in batch])
    for message in batch:
        if _is_an_answer(message, known):
            decided.released.append(message.body.settlement_id)
        settlement = of_insured(message, known, KEPT, decided)
        if settlement is not None:
            KEPT[settlement.state](decided, settlement, message)
    return decided.write(tx)


def _is_an_answer(message: Kept, known: Mapping[SettlementId, Settlement]) -> bool:
    """A no ends the asking too, also where it is out of step: asked again it would say the same."""
    settlement = known.get(message.body.settlement_id)
    if settlement is None:
        return False
    return from_the_area(message, Role.INSURED, settlement.insured_area)


def _open_day(tx: Connection, known: Iterable[Settlement]) -> date:
    if any(settlement.state is State.REVERSING for settlement in known):
        return days.share_open(tx)
    return date.min  # Nothing can be reversed, so nothing looks at it.


def _reverse(decided: Decided, settlement: Settlement, message: Released, on: date) -> None:
    now = decided.now
    reversed_ = decided.move(
        settlement,
        Event.RELEASE,
        message,
        concluded_at=now,
        reversed_on=on,
        released_at=now,
        refusal=None,
        refusal_detail="",
    )
    decided.postings += postings_of(reversed_, PostingKind.REVERSAL, on=on, at=now)
    decided.outgoing += [
        telling.answer(reversed_, message, now),
        telling.concluded(reversed_, message, now),
    ]
    if not message.body.was_granted:
        decided.odd(AnomalyKind.NOTHING_GRANTED, message, message.head.sender)


def _note(decided: Decided, settlement: Settlement, message: Released, _on: date) -> None:
    decided.move(settlement, Event.RELEASE, message, released_at=decided.now)


def _absorb(decided: Decided, settlement: Settlement, message: Released, _on: date) -> None:
    """It was asked twice, and answers twice."""
    decided.move(settlement, Event.RELEASE, message)


def _absorb_no(decided: Decided, settlement: Settlement, message: Kept) -> None:
    decided.move(settlement, Event.KEEP, message)


def _keep(decided: Decided, settlement: Settlement, message: Kept) -> None:
    code, detail, now = message.body.code, message.body.detail, decided.now
    settled = decided.move(settlement, Event.KEEP, message, refusal=code, refusal_detail=detail)
    decided.outgoing.append(telling.kept(settled, code, detail, message, now))


# In every other state the message is out of step. A test holds both tables to the state table.
RELEASED: Mapping[State, Callable[[Decided, Settlement, Released, date], None]] = {
    State.REVERSING: _reverse,
    State.EXPIRED: _note,
    State.WITHDRAWN: _note,
    State.REJECTED: _note,
    State.REVERSED: _absorb,
}
KEPT: Mapping[State, Callable[[Decided, Settlement, Kept], None]] = {
    State.REVERSING: _keep,
    State.SETTLED: _absorb_no,
}
