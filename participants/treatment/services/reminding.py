"""Makes every settlement end: the hub is reminded, and what it left open at T is void."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.ids import MessageId, new_id
from contracts.message import Body, Outgoing, originate
from contracts.messages.settlement import StatusAsked, WithdrawalRequested
from participants.treatment.domain.answering import Move, Standing, wished
from participants.treatment.domain.reminding import Deed, Reminding, Unanswered, deed_of
from participants.treatment.domain.settlement import Event, State
from participants.treatment.domain.terms import Terms
from participants.treatment.store import settlements, unanswered
from participants.treatment.store.listening import wake
from participants.treatment.store.unanswered import Reminder

_AT_T = frozenset({Deed.LAPSE, Deed.UNDO})
"""The hospital is told now how it ends."""


def remind(
    tx: Connection, now: datetime, *, terms: Terms, reminding: Reminding, count_max: int
) -> list[Outgoing]:
    """Take care of at most so many unanswered settlements, those due longest first.

    Why void, and not unknown for longer. A hospital was told when it would be certain. What the hub
    has not answered by then is withdrawn here and now, so that every way of asking says the same,
    though the hub be down: whatever it did or will do for this id, the withdrawal undoes. For the
    same reason what is being cancelled is undone at T: the hub and the insured area follow.
    """
    due = unanswered.lock_due(tx, now, reminding, count_max)
    deeds = [(one, deed_of(one, now, reminding)) for one in due]
    lapsing = [one.standing for one, deed in deeds if deed is Deed.LAPSE]
    settlements.move(tx, _moves(lapsing, now, reminding))
    unanswered.put(tx, [_reminder(one, deed, now, reminding) for one, deed in deeds])
    wake(tx, [one.standing.settlement_id for one, deed in deeds if deed in _AT_T])
    return [_say(one, deed, now, terms) for one, deed in deeds]


def _moves(lapsing: Sequence[Standing], now: datetime, reminding: Reminding) -> list[Move]:
    """One that the hospital was withdrawing already takes no further step."""
    requested = [one for one in lapsing if one.state is State.REQUESTED]
    moves = [wished(one, Event.LAPSE, now, now + reminding.pause(0)) for one in requested]
    return [move for move in moves if move is not None]


def _reminder(one: Unanswered, deed: Deed, now: datetime, reminding: Reminding) -> Reminder:
    standing = one.standing
    if deed is Deed.ASK:  # T stands as it was told.
        return Reminder(standing.settlement_id, one.times + 1, standing.answer_by)
    times = 0 if deed in _AT_T else one.times + 1
    return Reminder(
        standing.settlement_id,
        times,
        now + reminding.pause(times),
        lapsed_at=now if deed is Deed.LAPSE else None,
        undone_at=now if deed is Deed.UNDO else None,
    )


def _say(one: Unanswered, deed: Deed, now: datetime, terms: Terms) -> Outgoing:
    id_ = one.standing.settlement_id
    return originate(
        _body(one, deed, terms),
        message_id=MessageId(new_id()),
        topic=topics.HUB_SETTLEMENTS,
        key=str(id_),
        sender=terms.sender,
        at=now,
    )


def _body(one: Unanswered, deed: Deed, terms: Terms) -> Body:
    """What is withdrawn is withdrawn again; to ask about a cancellation is to say it again."""
    id_, cancellation = one.standing.settlement_id, one.cancellation_id
    is_withdrawn = one.standing.state is State.REVERSING and cancellation is None
    if is_withdrawn or deed in {Deed.LAPSE, Deed.WITHDRAW_AGAIN}:
        return WithdrawalRequested(settlement_id=id_, treatment_area=terms.area)
    return StatusAsked(settlement_id=id_, treatment_area=terms.area, cancellation_id=cancellation)
