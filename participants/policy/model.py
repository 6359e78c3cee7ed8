"""What the benefit engine speaks of: a policy, a case, the year so far, a step, a result."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from contracts.codes import Fund, InsuranceKind, PersonType, VisitKind
from participants.policy.benefits import Band, Chronic, Inpatient, Reading


class Bearer(StrEnum):
    """Where a part of the bill goes when no fund pays it."""

    OWN = "own"  # 个人负担 in scope: aid, the account or cash will pay it
    OUTSIDE = "outside"  # 政策范围外: no benefit rule looks at it
    CASH = "cash"  # 个人现金: final


@dataclass(frozen=True, slots=True)
class Policy:
    """One area's benefits for one insurance kind from `valid_from` to `valid_to` (included)."""

    id: str
    title: str
    source: str
    area: str
    insurance: InsuranceKind
    valid_from: date
    valid_to: date | None
    waiting_months: int
    person_types: frozenset[PersonType]
    inpatient: Inpatient
    large_sum: tuple[Band, ...]
    chronic: Chronic | None
    account_kinds: frozenset[VisitKind]
    readings: tuple[Reading, ...]

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class CaseRefused(Exception):
    """The case is outside the policy's world; `field` names the reason's place, text is Chinese."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field, self.text = field, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One visit as the treatment side split it: `in_scope_fen` of `total_fen` is in scope."""

    visit_kind: VisitKind
    person_type: PersonType
    age_years: int
    hospital_level: int
    total_fen: int
    in_scope_fen: int
    out_of_area: bool = False
    flags: frozenset[str] = frozenset()
    account_use: bool = False
    account_balance_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class YearToDate:
    """What one person has used of the insurance year, before a case; also what a case adds.

    `in_scope_fen` is what the yearly limits count, `stays` the earlier stays that make the next
    one a repeat; the chronic fields are also part of `pool_fen` and `deductible_fen`.
    """

    in_scope_fen: int = 0
    deductible_fen: int = 0
    pool_fen: int = 0
    large_sum_fen: int = 0
    chronic_in_scope_fen: int = 0
    chronic_pool_fen: int = 0
    stays: int = 0

    def plus(self, delta: "YearToDate") -> "YearToDate":
        return YearToDate(
            in_scope_fen=self.in_scope_fen + delta.in_scope_fen,
            deductible_fen=self.deductible_fen + delta.deductible_fen,
            pool_fen=self.pool_fen + delta.pool_fen,
            large_sum_fen=self.large_sum_fen + delta.large_sum_fen,
            chronic_in_scope_fen=self.chronic_in_scope_fen + delta.chronic_in_scope_fen,
            chronic_pool_fen=self.chronic_pool_fen + delta.chronic_pool_fen,
            stays=self.stays + delta.stays,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the working: `amount_fen` of `base_fen` goes to `to`.

    While the bill is shared out, `base_fen` leaves what is open, what `to` does not take is the
    person's own, and `left_fen` is what is still open. While the person's own part is paid (by
    the account, then cash), `left_fen` is what of it still has no payer.
    """

    rule: str
    source: str
    base_fen: int
    rate_bp: int | None
    amount_fen: int
    to: Fund | Bearer
    left_fen: int
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """Who pays what: `shares` (with the personal account) and `cash_fen` add up to the bill."""

    policy_id: str
    total_fen: int
    in_scope_fen: int
    shares: Mapping[Fund, int]
    cash_fen: int
    deductible_fen: int
    steps: tuple[Step, ...]
    delta: YearToDate

    @property
    def pool_fen(self) -> int:
        return self.shares.get(Fund.POOL, 0)

    @property
    def large_sum_fen(self) -> int:
        return self.shares.get(Fund.LARGE_SUM, 0)

    @property
    def account_fen(self) -> int:
        return self.shares.get(Fund.ACCOUNT, 0)

    @property
    def fund_total_fen(self) -> int:
        """All funds without the personal account (fund_pay_sumamt)."""
        return sum(self.shares.values()) - self.account_fen

    @property
    def patient_fen(self) -> int:
        """The person's own money: account and cash (psn_part_amt)."""
        return self.account_fen + self.cash_fen
