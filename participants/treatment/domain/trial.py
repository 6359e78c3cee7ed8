"""A trial 预结算: asked and answered, and no more than that."""

from dataclasses import dataclass
from datetime import datetime

from contracts.ids import SettlementId, VisitId
from contracts.messages.settlement import TrialAnswered
from contracts.messages.values import Bill, Shares


@dataclass(frozen=True, slots=True)
class Trial:
    """`answer` is None until the hub has spoken. No settlement ever has a trial's id."""

    trial_id: SettlementId
    visit_id: VisitId | None
    hospital_code: str
    bill: Bill
    requested_at: datetime
    answer_by: datetime
    answer: TrialAnswered | None

    @property
    def shares(self) -> Shares | None:
        """Who would bear the bill; what the insured area left blank is filled in."""
        if self.answer is None or self.answer.shares is None:
            return None
        return self.answer.shares.completed(self.bill.total_fen)
