"""Four eyes 四眼: what one person proposes, another decides; the state table of proposals."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.state_machine import StateMachine, Step


class ProposalKind(StrEnum):
    """What needs a second person."""

    REPAIR = "repair"  # a break is mended
    UNDO_REPAIR = "undo_repair"  # a repair is taken back by contrary entries
    CONFIRMATION_OVERRIDE = "confirmation_override"  # confirmed though a line does not tie out
    CASE_DECISION = "case_decision"  # a case ends in money
    ADVANCE_TOP_UP = "advance_top_up"  # 预付金: an opening, a year's amount, or 紧急调增
    ADJUSTMENT = "adjustment"  # the ledger is adjusted by hand
    ADMISSION = "admission"  # a pair day past its time is cleared all the same
    PAYMENT_WITHDRAWAL = "payment_withdrawal"  # a payment was recorded that was never sent so


class ProposalState(StrEnum):
    """Where a proposal stands."""

    OPEN = "open"  # waits for the second person
    APPROVED = "approved"  # done, in the transaction that approved it
    DECLINED = "declined"  # the second person said no
    WITHDRAWN = "withdrawn"  # whoever proposed it took it back


class ProposalEvent(StrEnum):
    """What happens to a proposal."""

    APPROVE = "approve"  # by another person
    DECLINE = "decline"  # by another person
    WITHDRAW = "withdraw"  # by the same person


PROPOSAL = StateMachine(
    name="proposal",
    initial=(ProposalState.OPEN,),
    steps=(
        Step(
            ProposalState.OPEN,
            ProposalEvent.APPROVE,
            ProposalState.APPROVED,
            "another person agrees; the effect is written with it",
        ),
        Step(
            ProposalState.OPEN,
            ProposalEvent.DECLINE,
            ProposalState.DECLINED,
            "another person says no, with a reason",
        ),
        Step(
            ProposalState.OPEN,
            ProposalEvent.WITHDRAW,
            ProposalState.WITHDRAWN,
            "whoever proposed it thought better of it",
        ),
    ),
)

BY_ANOTHER = frozenset({ProposalEvent.APPROVE, ProposalEvent.DECLINE})
"""What only a second person may do; the rest is for the first alone."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`content` is JSON and belongs to the kind's owner; `value_fen`: what is at stake, if any."""

    proposal_id: UUID
    kind: ProposalKind
    subject: str
    content: dict[str, Any]
    reason: str
    proposed_by: str
    proposed_at: datetime
    value_fen: int | None = None
    state: ProposalState = ProposalState.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    decided_why: str = ""

    def may_be_decided_by(self, subject: str, event: ProposalEvent) -> bool:
        """Whether this is the person that the event asks for: another one, or the same."""
        return (subject != self.proposed_by) == (event in BY_ANOTHER)
