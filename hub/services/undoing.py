"""Undoing: cancellations 撤销 and withdrawals 冲正 by treatment areas."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import MessageId, SettlementId
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.settlement import (
    CancellationRequested,
    Outcome,
    ReleaseReason,
    SettlementAnswered,
    WithdrawalRequested,
)
from contracts.refusal import RefusalCode
from hub.domain.anomaly import AnomalyKind
from hub.domain.settlement import Claimant, Event, Settlement, State
from hub.services import telling
from hub.services.decided import Decided, from_the_area
from hub.store import claims, participants, settlements

Cancellation = Message[CancellationRequested]
Withdrawal = Message[WithdrawalRequested]
Undoing = Message[CancellationRequested] | Message[WithdrawalRequested]


def cancel(tx: Connection, batch: Sequence[Cancellation], now: datetime) -> list[Outgoing]:
    """Ask the insured area to release what is settled; say why not when it is not.

    A question may have begun one of them before it came, when it seemed lost (`status.tell`): what
    the insured area kept then stays kept, and is not asked for again under the same id.
    """
    decided = Decided(now)
    known = settlements.lock(tx, [message.body.settlement_id for message in batch])
    begun = settlements.steps_caused(tx, [_own(message) for message in batch])
    everyone = participants.everyone(tx)
    for message in batch:
        settlement = known.get(message.body.settlement_id)
        if not _may_undo(message, settlement, everyone):
            decided.odd(AnomalyKind.WRONG_SENDER, message, message.head.sender)
        elif settlement is None:
            decided.outgoing.append(_unknown(message, now))
        elif _was_kept(message, settlement, begun):
            decided.outgoing.append(telling.kept_still(settlement, message, now))
        else:
            CANCELLED.get(settlement.state, _not_cancellable)(decided, settlement, message)
    return decided.write(tx)


def withdraw(tx: Connection, batch: Sequence[Withdrawal], now: datetime) -> list[Outgoing]:
    """Undo by the id alone, wherever the settlement stands.

    An id never seen is claimed, so that the late original is refused. Claimed first and looked for
    second: if the original is just being written, we wait for it and then find it.
    """
    decided, everyone = Decided(now), participants.everyone(tx)
    ids = [m.body.settlement_id for m in batch if _may_undo(m, None, everyone)]
    claims.claim(tx, ids, Claimant.WITHDRAWAL, now)
    known = settlements.lock(tx, ids)
    for message in batch:
        settlement = known.get(message.body.settlement_id)
        if not _may_undo(message, settlement, everyone):
            decided.odd(AnomalyKind.WRONG_SENDER, message, message.head.sender)
        elif settlement is None:
            decided.outgoing.append(_withdrawn_unseen(message, now))
        else:
            WITHDRAWN[settlement.state](decided, settlement, message)
    return decided.write(tx)


def _may_undo(
    message: Undoing, settlement: Settlement | None, everyone: Mapping[AreaCode, object]
) -> bool:
    """Whether the one who speaks is the treatment area of the settlement, and has a topic."""
    area = AreaCode(message.body.treatment_area)
    owned = settlement is None or settlement.treatment_area == area
    return owned and area in everyone and from_the_area(message, Role.TREATMENT, area)


def _own(message: Cancellation) -> tuple[SettlementId, MessageId]:
    return message.body.settlement_id, message.head.message_id


def _was_kept(
    message: Cancellation,
    settlement: Settlement,
    begun: Mapping[SettlementId, frozenset[MessageId]],
) -> bool:
    mine = begun.get(settlement.settlement_id, frozenset())
    return settlement.state is State.SETTLED and message.head.message_id in mine


def _begin_reversal(event: Event, reason: ReleaseReason) -> Callable[..., None]:
    def begin(decided: Decided, settlement: Settlement, message: Undoing) -> None:
        reversing = decided.move(settlement, event, message)
        decided.ask_release(reversing, reason, message)

    return begin


def _wait(event: Event) -> Callable[..., None]:
    def wait(decided: Decided, settlement: Settlement, message: Undoing) -> None:
        decided.move(settlement, event, message)

    return wait


def _answer_again(event: Event) -> Callable[..., None]:
    def answer(decided: Decided, settlement: Settlement, message: Undoing) -> None:
        same = decided.move(settlement, event, message)
        decided.outgoing.append(telling.answer(same, message, decided.now))

    return answer


def _withdraw_routed(decided: Decided, settlement: Settlement, message: Withdrawal) -> None:
    now = decided.now
    withdrawn = decided.move(settlement, Event.WITHDRAW, message, concluded_at=now)
    decided.outgoing.append(telling.answer(withdrawn, message, now))
    decided.ask_release(withdrawn, ReleaseReason.WITHDRAWN, message)


def _not_cancellable(decided: Decided, settlement: Settlement, message: Cancellation) -> None:
    code, detail = RefusalCode.NOT_CANCELLABLE, settlement.state.value
    decided.outgoing.append(telling.kept(settlement, code, detail, message, decided.now))


def _unknown(message: Cancellation, now: datetime) -> Outgoing:
    return _to_the_sender(message, Outcome.KEPT, RefusalCode.UNKNOWN_SETTLEMENT, now)


def _withdrawn_unseen(message: Withdrawal, now: datetime) -> Outgoing:
    return _to_the_sender(message, Outcome.WITHDRAWN, None, now)


def _to_the_sender(
    message: Undoing, outcome: Outcome, code: RefusalCode | None, now: datetime
) -> Outgoing:
    settlement_id = message.body.settlement_id
    body = SettlementAnswered(
        settlement_id=settlement_id, outcome=outcome, concluded_at=now, code=code
    )
    topic = topics.treatment_answers(AreaCode(message.body.treatment_area))
    key = str(settlement_id)
    return effect_of(message, body, topic=topic, key=key, sender=topics.HUB, at=now)


# A test holds both tables to the state table. A settlement in a state that is not here cannot be
# cancelled; a withdrawal is answered in every state.
CANCELLED: Mapping[State, Callable[[Decided, Settlement, Cancellation], None]] = {
    State.SETTLED: _begin_reversal(Event.CANCEL, ReleaseReason.CANCELLED),
    State.REVERSING: _wait(Event.CANCEL),
    State.REVERSED: _answer_again(Event.CANCEL),
}
WITHDRAWN: Mapping[State, Callable[[Decided, Settlement, Withdrawal], None]] = {
    State.ROUTED: _withdraw_routed,
    State.SETTLED: _begin_reversal(Event.WITHDRAW, ReleaseReason.WITHDRAWN),
    State.REVERSING: _wait(Event.WITHDRAW),
    State.EXPIRED: _answer_again(Event.WITHDRAW),
    State.WITHDRAWN: _answer_again(Event.WITHDRAW),
    State.REJECTED: _answer_again(Event.WITHDRAW),
    State.REVERSED: _answer_again(Event.WITHDRAW),
}
