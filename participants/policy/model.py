"""What the benefit engine speaks of: a policy, a case, the year so far, a step, a result."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum

from contracts.codes import Fund, InsuranceKind, PersonType
from participants.policy.benefits import (
    Account,
    Aid,
    CareKind,
    Clinic,
    Elsewhere,
    Exclusion,
    LargeSum,
    Limit,
    Maternity,
    Reading,
    Stay,
    Supplement,
    Terms,
    YearBoundary,
)


class Bearer(StrEnum):
    """Where a part of the bill goes when no fund pays it."""

    OWN = "own"  # 个人负担 in scope: aid, the account or cash will pay it
    OUTSIDE = "outside"  # 政策范围外: only aid may look at it
    CASH = "cash"  # 个人现金: final


@dataclass(frozen=True, slots=True)
class Policy:
    """One area's benefits for one insurance kind from `valid_from` to `valid_to` (included).

    A part that is None or empty does not exist in this policy. `classes`: disease code or flag →
    the policy's own class of diseases. `first_self_pay`: share of a fee class borne before all
    else. `defaults`: parameters that a case may leave out, by name (`average_wage_fen`).
    """

    id: str
    title: str
    source: str
    area: str
    insurance: InsuranceKind
    valid_from: date
    valid_to: date | None
    waiting_months: int
    person_types: frozenset[PersonType]
    levels: frozenset[int]
    level_used: Mapping[int, int]
    ages: tuple[int, int]
    exclusions: tuple[Exclusion, ...]
    pays_in_arrears: bool
    year_boundary: YearBoundary
    parameters: frozenset[str]
    defaults: Mapping[str, int]
    classes: Mapping[str, str]
    fee_classes: frozenset[str]
    first_self_pay: Mapping[str, int]
    stay: Stay | None
    clinics: Mapping[CareKind, Clinic]
    maternity: Maternity | None
    large_sum: tuple[LargeSum, ...]
    supplements: tuple[Supplement, ...]
    aids: tuple[Aid, ...]
    combined_aid_limit: Limit | None
    account: Account
    elsewhere: Mapping[Elsewhere, Terms]
    readings: tuple[Reading, ...]

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class CaseRefused(Exception):
    """The case is outside the policy's world; `field` names the reason's place, text is Chinese."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field, self.text = field, text


@dataclass(frozen=True, slots=True)
class Line:
    """One fee line as aid looks at it: its category (examination, treatment, …) and amount."""

    category: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One visit as the treatment side split it: `in_scope_fen` of `total_fen` is in scope.

    `in_scope_by_class`: parts of the in-scope amount that have a fee class (class_b, high_cost);
    the rest has none. `month`: the 'YYYY-MM' that monthly limits count. `months_insured`: paid
    without a gap before the visit; None is long enough. `diseases_approved`: how many chronic
    diseases the person is entitled for. Amounts in fen.
    """

    kind: CareKind
    person_type: PersonType
    age_years: int
    hospital_level: int
    total_fen: int
    in_scope_fen: int
    elsewhere: Elsewhere | None = None
    disease: str | None = None
    flags: frozenset[str] = frozenset()
    months_insured: int | None = None
    month: str = ""
    diseases_approved: int = 1
    in_scope_by_class: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    account_use: bool = False
    account_balance_fen: int = 0
    family_balance_fen: int = 0
    parameters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearToDate:
    """What one person has used of the insurance year, before a case; also what a case adds.

    `in_scope_fen` is what the pool's yearly limit counts as fee, `stays` the earlier stays that
    make the next one a repeat, `large_base_fen` what the large-sum fund has looked at. The
    chronic and outpatient pool money is also part of `pool_fen` where it counts toward the
    pool's limit. `counters`: what no column of its own has, by name
    ('outpatient_pool.2026-05', 'disease_pool.M01600', 'aid.inpatient'); none is negative.
    """

    in_scope_fen: int = 0
    deductible_fen: int = 0
    pool_fen: int = 0
    large_sum_fen: int = 0
    large_base_fen: int = 0
    supplement_fen: int = 0
    aid_fen: int = 0
    outpatient_in_scope_fen: int = 0
    outpatient_pool_fen: int = 0
    chronic_in_scope_fen: int = 0
    chronic_pool_fen: int = 0
    stays: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)

    def plus(self, delta: "YearToDate") -> "YearToDate":
        return self._combined(delta, 1)

    def minus(self, delta: "YearToDate") -> "YearToDate":
        return self._combined(delta, -1)

    def _combined(self, other: "YearToDate", sign: int) -> "YearToDate":
        amounts = {
            name: getattr(self, name) + sign * getattr(other, name) for name in AMOUNTS_OF_A_YEAR
        }
        names = {*self.counters, *other.counters}
        counters = {
            name: self.counters.get(name, 0) + sign * other.counters.get(name, 0) for name in names
        }
        return YearToDate(**amounts, counters={name: fen for name, fen in counters.items() if fen})


AMOUNTS_OF_A_YEAR = tuple(one.name for one in fields(YearToDate) if one.name != "counters")


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the working: `amount_fen` of `base_fen` goes to `to`.

    While the bill is shared out, `base_fen` leaves what is open, what `to` does not take is the
    person's own, and `left_fen` is what is still open; of what goes OUTSIDE only `amount_fen`
    leaves. While the person's part, in scope and outside, is paid (rules `floor`, `own_share`,
    `supplement`, `aid`, `account`, `family_account`, then `cash`), `amount_fen` leaves it and
    `left_fen` is what of it still has no payer. `beyond_bill` is paid beside the bill. Where
    there is a `rate_bp`, the amount is that of the base, or less by the limit in the text.
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
    """Who pays what: `shares` (with the personal account) and `cash_fen` add up to the bill.

    `beyond_bill_fen`: what a lump sum pays to the person beside this bill. `own_account_fen`:
    how much of the account's share the person's own account pays; the family's pays the rest.
    """

    policy_id: str
    total_fen: int
    in_scope_fen: int
    shares: Mapping[Fund, int]
    cash_fen: int
    deductible_fen: int
    steps: tuple[Step, ...]
    delta: YearToDate
    beyond_bill_fen: int = 0
    own_account_fen: int = 0

    @property
    def pool_fen(self) -> int:
        return self.shares.get(Fund.POOL, 0)

    @property
    def large_sum_fen(self) -> int:
        """大额 and 大病 together: which of the two an area has is the policy's `fund`."""
        return self.shares.get(Fund.LARGE_SUM, 0) + self.shares.get(Fund.CRITICAL_ILLNESS, 0)

    @property
    def supplement_fen(self) -> int:
        return self.shares.get(Fund.CIVIL_SERVANT, 0) + self.shares.get(Fund.ENTERPRISE, 0)

    @property
    def aid_fen(self) -> int:
        return self.shares.get(Fund.MEDICAL_AID, 0)

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
