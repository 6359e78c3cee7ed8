"""Adjustments: money moved by a decision, not by a settlement; booked on the open business day."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.codes import AreaCode, Fund, InsuranceKind, VisitKind
from contracts.ids import SettlementId


class AdjustmentReason(StrEnum):
    """Where a clearing table shows the amount."""

    AUDIT = "audit"  # 审核扣款: a violating fee the insured area need not pay
    CORRECTION = "correction"  # 往期更正: what an earlier period had wrong


@dataclass(frozen=True, slots=True)
class Adjustment:
    """`amount_fen` > 0 raises what the insured area owes the treatment area, < 0 lowers it.

    `settlement_id`: the settlement it is about, if it is about one. `by` proposed it, `second`
    approved it: two persons.
    """

    adjustment_id: UUID
    insured_area: AreaCode
    treatment_area: AreaCode
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    fund: Fund
    amount_fen: int
    reason: AdjustmentReason
    cause: str
    by: str
    second: str
    settlement_id: SettlementId | None = None
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """An adjustment as it stands in the ledger."""

    adjustment: Adjustment
    business_date: date
    at: datetime
