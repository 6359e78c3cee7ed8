"""What this area does by itself about a settlement that the hub has not answered in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.ids import MessageId
from participants.treatment.domain.answering import Standing
from participants.treatment.domain.settlement import State

DOUBLINGS_MAX = 20
"""Beyond it the longest pause is long reached; the power of two stays a number."""


@dataclass(frozen=True, slots=True)
class Reminding:
    """How the hub is reminded; `answer_by` is the T that a hospital was told.

    `ask_before` and `void_before`: how long before T the hub is asked where the settlement stands,
    and how long before T what it has not answered is void. Pauses between later reminders double
    from `first` up to `longest`.
    """

    ask_before: timedelta
    void_before: timedelta
    first: timedelta
    longest: timedelta

    def pause(self, times: int) -> timedelta:
        return min(self.first * (1 << min(times, DOUBLINGS_MAX)), self.longest)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A settlement, locked, of which the hub has still to speak.

    `times`: how often the hub was reminded since the last step. `cancellation_id`: the message of
    the cancellation that is under way, if one is.
    """

    standing: Standing
    times: int
    cancellation_id: MessageId | None


class Deed(StrEnum):
    """What is done about it."""

    ASK = "ask"  # T comes near: where does it stand? The answer may have been lost
    LAPSE = "lapse"  # T is here: it is void, and the hub is told to undo whatever it did
    UNDO = "undo"  # T is here while it is being undone: it is, and the hub has to follow
    WITHDRAW_AGAIN = "withdraw_again"  # void or withdrawn: say so until the hub has answered
    ASK_AGAIN = "ask_again"  # it is cancelled: ask until the hub has followed


def deed_of(one: Unanswered, now: datetime, reminding: Reminding) -> Deed:
    """What to do about a settlement that is due."""
    standing = one.standing
    is_here = standing.answer_by - reminding.void_before <= now
    if standing.state is State.REQUESTED:
        return Deed.LAPSE if is_here else Deed.ASK
    if standing.state is State.WITHDRAWING and not standing.is_void:
        return Deed.LAPSE
    if standing.state is State.REVERSING and not standing.is_told:
        return Deed.UNDO if is_here else Deed.ASK
    return Deed.WITHDRAW_AGAIN if one.cancellation_id is None else Deed.ASK_AGAIN
