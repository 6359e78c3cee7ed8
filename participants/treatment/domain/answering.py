"""What an answer of the hub, or a wish of the hospital, does to a settlement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts import topics
from contracts.codes import VisitKind
from contracts.ids import MessageId, SettlementId, VisitId, new_id
from contracts.message import Message
from contracts.messages.settlement import Outcome, SettlementAnswered
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.settlement import (
    LIVE,
    SETTLEMENT,
    Event,
    State,
)


class AnomalyKind(StrEnum):
    """An answer that we keep but do not follow; reconciliation shows what is true."""

    NOT_FROM_THE_HUB = "not_from_the_hub"  # signed by somebody else
    UNKNOWN = "unknown"  # we never asked about this id
    OUT_OF_STEP = "out_of_step"  # no row in the state table
    UNSOUND = "unsound"  # settled without a day, or parts that are not the bill
    KEPT_THOUGH_VOID = "kept_though_void"  # the hospital was told that it is void: people decide


@dataclass(frozen=True, slots=True)
class Anomaly:
    subject_id: UUID
    kind: AnomalyKind
    detail: str
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class Standing:
    """As much of a settlement, locked, as a step needs. `steps`: how many it has taken."""

    settlement_id: SettlementId
    visit_id: VisitId
    msgid: str
    hospital_code: str
    person_id: str
    state: State
    visit_kind: VisitKind
    total_fen: int
    steps: int
    answer_by: datetime
    business_date: date | None
    lapsed_at: datetime | None
    undone_at: datetime | None

    @property
    def is_void(self) -> bool:
        """The hospital was told that nothing came of it; nothing may come of it any more."""
        return self.lapsed_at is not None

    @property
    def is_told(self) -> bool:
        """The hospital was told at T how it ends, before the hub had said so."""
        return self.is_void or self.undone_at is not None

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)


@dataclass(frozen=True, slots=True)
class Move:
    """One step, and what it writes; None leaves as it is. `wish_id`: of the message that asks the hub."""

    before: Standing
    event: Event
    target: State
    at: datetime
    message_id: MessageId | None = None
    shares: Shares | None = None
    deductible_fen: int | None = None
    balance_fen: int | None = None
    code: RefusalCode | None = None
    detail: str = ""
    business_date: date | None = None
    reversed_on: date | None = None
    answer_by: datetime | None = None
    answered_at: datetime | None = None
    concluded_at: datetime | None = None  # by the hub
    wish_id: MessageId | None = None

    @property
    def frees_lines(self) -> bool:
        """The settlement came to nothing, or is undone: its fee lines can be settled again."""
        return self.target not in LIVE


@dataclass(frozen=True, slots=True)
class LateDay:
    """The day a settlement was settled on, heard after its reversal. It moves nothing."""

    settlement_id: SettlementId
    business_date: date
    concluded_at: datetime


def answered(
    before: Standing | None, message: Message[SettlementAnswered], now: datetime
) -> Move | LateDay | Anomaly | None:
    """The step an answer makes; None when it says what is known already."""
    body, event = message.body, Event(message.body.outcome.value)
    if message.head.sender != topics.HUB:
        return _anomaly(message, AnomalyKind.NOT_FROM_THE_HUB, message.head.sender)
    if before is None:
        return _anomaly(message, AnomalyKind.UNKNOWN, body.outcome.value)
    if not SETTLEMENT.allows(before.state, event):
        return _anomaly(message, AnomalyKind.OUT_OF_STEP, f"{before.state} on {event}")
    target = SETTLEMENT.after(before.state, event)
    if target is before.state:
        return _late_day(before, body)
    if not _is_sound(body, before):
        return _anomaly(message, AnomalyKind.UNSOUND, body.outcome.value)
    return _move(before, event, target, message, now)


def wished(before: Standing, event: Event, now: datetime, answer_by: datetime) -> Move | None:
    """The step that a cancellation, a withdrawal or the clock makes, or None when there is none."""
    if not SETTLEMENT.allows(before.state, event):
        return None
    target = SETTLEMENT.after(before.state, event)
    wish_id = MessageId(new_id())
    return Move(before, event, target, at=now, answer_by=answer_by, wish_id=wish_id)


def kept_though_void(moves: Iterable[Move]) -> list[Anomaly]:
    """Settlements that the insured area keeps, though the hospital was told that they are not."""
    return [
        Anomaly(
            one.before.settlement_id,
            AnomalyKind.KEPT_THOUGH_VOID,
            f"{one.code or ''} {one.detail}".strip()[:200],
            one.message_id,
        )
        for one in moves
        if one.event is Event.KEPT and one.before.is_told and one.message_id is not None
    ]


def _move(
    before: Standing,
    event: Event,
    target: State,
    message: Message[SettlementAnswered],
    now: datetime,
) -> Move:
    body = message.body
    settles = body.outcome is Outcome.SETTLED
    brings_shares = settles or _overtook(body, before)
    return Move(
        before,
        event,
        target,
        at=now,
        message_id=message.head.message_id,
        shares=body.shares if brings_shares else None,
        deductible_fen=body.deductible_fen if brings_shares else None,
        balance_fen=body.balance_fen,
        code=body.code,
        detail=body.detail,
        business_date=body.business_date if settles else None,
        reversed_on=body.business_date if target is State.REVERSED else None,
        answered_at=now,
        concluded_at=body.concluded_at,
    )


def _is_sound(body: SettlementAnswered, before: Standing) -> bool:
    """A day comes with settled and reversed, and with what is heard first the bill's parts."""
    if body.outcome in (Outcome.REVERSED, Outcome.SETTLED) and body.business_date is None:
        return False
    if body.outcome is not Outcome.SETTLED and not _overtook(body, before):
        return True
    return body.shares is not None and body.shares.total_fen() == before.total_fen


def _overtook(body: SettlementAnswered, before: Standing) -> bool:
    """Two processes of the hub told us: 'reversed' came before the 'settled' it undoes."""
    return body.outcome is Outcome.REVERSED and before.state is State.WITHDRAWING


def _late_day(before: Standing, body: SettlementAnswered) -> LateDay | None:
    is_news = before.state is State.REVERSED and before.business_date is None
    if is_news and body.outcome is Outcome.SETTLED and body.business_date is not None:
        return LateDay(before.settlement_id, body.business_date, body.concluded_at)
    return None


def _anomaly(message: Message[SettlementAnswered], kind: AnomalyKind, detail: str) -> Anomaly:
    return Anomaly(message.body.settlement_id, kind, detail[:200], message.head.message_id)
