"""A hospital's application to be cleared 清算申请: what it says, and the states it passes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.state_machine import StateMachine, Step
from participants.treatment.domain.booking import Scope, Sums


class ApplicationState(StrEnum):
    """Where an application stands; the national codes clr_stas are behind each."""

    APPLIED = "applied"  # 10: nobody has taken it up
    ACCEPTED = "accepted"  # 20: the office has taken it up
    REJECTED = "rejected"  # the office sent it back: the hospital may apply again
    WITHDRAWN = "withdrawn"  # 3204: the hospital may apply again
    CLEARED = "cleared"  # 50: the money is agreed


class ApplicationEvent(StrEnum):
    """What moves it."""

    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    REJECT = "reject"
    CLEAR = "clear"


S, E = ApplicationState, ApplicationEvent
# fmt: off
APPLICATION = StateMachine(name="clearing application", initial=(S.APPLIED,), steps=(
    Step(S.APPLIED,  E.WITHDRAW, S.WITHDRAWN, "the hospital takes it back before anybody took it up"),
    Step(S.APPLIED,  E.ACCEPT,   S.ACCEPTED,  "the office takes it up"),
    Step(S.APPLIED,  E.REJECT,   S.REJECTED,  "the office sends it back"),
    Step(S.ACCEPTED, E.REJECT,   S.REJECTED,  "a fault was found later"),
    Step(S.ACCEPTED, E.CLEAR,    S.CLEARED,   "its month was cleared"),
))
# fmt: on

DEAD = frozenset({S.REJECTED, S.WITHDRAWN})
"""Its rows may be applied for again."""


@dataclass(frozen=True, slots=True)
class NewApplication:
    """3203. `scope` is the whole month; `said` what the hospital has added up.

    `recognised_fen`: 医保认可费用总额, the bill, or what funds and person pay of it.
    """

    msgid: str
    clr_type: str
    clr_way: str
    month: str
    scope: Scope
    said: Sums
    recognised_fen: int

    def differs_from(self, ours: Sums) -> bool:
        """Money exactly; persons as the settlements less the refunds."""
        recognised = {ours.total_fen, ours.total_fen - ours.hospital_fen}
        same = (self.said.total_fen, self.said.fund_fen) == (ours.total_fen, ours.fund_fen)
        rest = (self.said.account_fen, self.said.cash_fen) == (ours.account_fen, ours.cash_fen)
        counted = self.said.count == ours.count
        return not (same and rest and counted and self.recognised_fen in recognised)


@dataclass(frozen=True, slots=True)
class Application:
    """An application as stored."""

    application_id: UUID
    hospital_code: str
    state: ApplicationState
    applied_at: datetime
