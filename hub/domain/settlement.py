"""A settlement: its states as a table, and the facts that move through it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from contracts.codes import AreaCode, InsuranceKind
from contracts.ids import MessageId, PersonId, SettlementId
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from contracts.state_machine import StateMachine, Step


class State(StrEnum):
    """Where a settlement stands."""

    RECEIVED = "received"  # never stored: a request is routed or rejected in one transaction
    ROUTED = "routed"  # the insured area is calculating
    SETTLED = "settled"  # final, with postings on a business day
    REJECTED = "rejected"  # a rule or the insured area said no
    EXPIRED = "expired"  # no answer by the deadline
    WITHDRAWN = "withdrawn"  # undone before it was settled
    REVERSING = "reversing"  # being undone: the insured area has still to release
    REVERSED = "reversed"  # undone, with contrary postings on a business day


class Event(StrEnum):
    """What happens to a settlement."""

    ROUTE = "route"  # every acceptance rule passed
    REJECT = "reject"  # an acceptance rule refused
    SETTLE = "settle"  # the insured area granted the benefit
    REFUSE = "refuse"  # the insured area granted nothing, or parts that do not add up
    EXPIRE = "expire"  # the deadline passed
    WITHDRAW = "withdraw"  # 冲正
    CANCEL = "cancel"  # 撤销
    RELEASE = "release"  # the insured area gave the benefit back
    KEEP = "keep"  # the insured area refuses to give the benefit back


# fmt: off
SETTLEMENT = StateMachine(name="settlement", initial=(State.RECEIVED,), steps=(
    #    from             on              to                why
    Step(State.RECEIVED,  Event.ROUTE,    State.ROUTED,     "every acceptance rule passed"),
    Step(State.RECEIVED,  Event.REJECT,   State.REJECTED,   "an acceptance rule refused it"),
    Step(State.ROUTED,    Event.SETTLE,   State.SETTLED,    "the insured area answered in time; postings made"),
    Step(State.ROUTED,    Event.REFUSE,   State.REJECTED,   "the insured area refused, or its parts do not add up"),
    Step(State.ROUTED,    Event.EXPIRE,   State.EXPIRED,    "no answer by the deadline; tell the insured area to release"),
    Step(State.ROUTED,    Event.WITHDRAW, State.WITHDRAWN,  "the initiator undid it before the answer; release"),
    Step(State.EXPIRED,   Event.SETTLE,   State.EXPIRED,    "too late: absorb, release again"),
    Step(State.EXPIRED,   Event.REFUSE,   State.EXPIRED,    "too late, and nothing was granted: absorb"),
    Step(State.EXPIRED,   Event.WITHDRAW, State.EXPIRED,    "already void: absorb, answer again"),
    Step(State.EXPIRED,   Event.RELEASE,  State.EXPIRED,    "the insured area released what it may have granted"),
    Step(State.WITHDRAWN, Event.SETTLE,   State.WITHDRAWN,  "too late: absorb, release again"),
    Step(State.WITHDRAWN, Event.REFUSE,   State.WITHDRAWN,  "too late, and nothing was granted: absorb"),
    Step(State.WITHDRAWN, Event.WITHDRAW, State.WITHDRAWN,  "undone already: answer again"),
    Step(State.WITHDRAWN, Event.RELEASE,  State.WITHDRAWN,  "the insured area released what it may have granted"),
    Step(State.REJECTED,  Event.SETTLE,   State.REJECTED,   "granted after a no: absorb, release"),
    Step(State.REJECTED,  Event.WITHDRAW, State.REJECTED,   "there is nothing to undo: answer again"),
    Step(State.REJECTED,  Event.RELEASE,  State.REJECTED,   "the insured area released an unsound grant"),
    Step(State.SETTLED,   Event.WITHDRAW, State.REVERSING,  "the initiator never saw the answer"),
    Step(State.SETTLED,   Event.CANCEL,   State.REVERSING,  "the hospital cancels"),
    Step(State.SETTLED,   Event.KEEP,     State.SETTLED,    "kept, as it said before: absorb"),
    Step(State.REVERSING, Event.WITHDRAW, State.REVERSING,  "being undone already; the answer will come"),
    Step(State.REVERSING, Event.CANCEL,   State.REVERSING,  "being undone already; the answer will come"),
    Step(State.REVERSING, Event.RELEASE,  State.REVERSED,   "the insured area released; contrary postings on the open day"),
    Step(State.REVERSING, Event.KEEP,     State.SETTLED,    "the insured area refused, with its reason"),
    Step(State.REVERSED,  Event.WITHDRAW, State.REVERSED,   "undone already: answer again"),
    Step(State.REVERSED,  Event.CANCEL,   State.REVERSED,   "undone already: answer again"),
    Step(State.REVERSED,  Event.RELEASE,  State.REVERSED,   "released, as it said before: absorb"),
))
# fmt: on


class Claimant(StrEnum):
    """Which message had a settlement's id first."""

    REQUEST = "request"  # the bill itself
    WITHDRAWAL = "withdrawal"  # 冲正 that overtook it: the late original is refused


BOOKED = frozenset({State.SETTLED, State.REVERSING, State.REVERSED})
"""States with parts, a business day and postings."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the hub must know of a settlement to move it on; the care itself stays in the store."""

    settlement_id: SettlementId
    person_id: PersonId
    insured_area: AreaCode
    treatment_area: AreaCode
    insurance_kind: InsuranceKind
    total_fen: int
    state: State
    step_count: int
    concluded_at: datetime | None = None
    shares: Shares | None = None
    deductible_fen: int = 0
    settled_on: date | None = None
    reversed_on: date | None = None
    refusal: RefusalCode | None = None
    refusal_detail: str = ""
    released_at: datetime | None = None
    late_answers: int = 0

    def after(self, event: Event, **changes: Any) -> "Settlement":
        """One step on, with what changes by it; IllegalStep when the table has no such step."""
        state = SETTLEMENT.after(self.state, event)
        return replace(self, state=state, step_count=self.step_count + 1, **changes)

    def is_borne_by(self, shares: Shares, deductible_fen: int) -> bool:
        """Whether the insured area's parts add up to the bill; the deductible is a part of it."""
        return shares.total_fen() == self.total_fen and deductible_fen <= self.total_fen


@dataclass(frozen=True, slots=True)
class Moved:
    """One step of one settlement, as it is written; `message_id` None: the clock caused it."""

    before: Settlement
    event: Event
    after: Settlement
    at: datetime
    message_id: MessageId | None
