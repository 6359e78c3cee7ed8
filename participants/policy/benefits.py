"""The parts of a policy: amounts, rates, bands, stays, clinics, large sums, aid, and so on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.codes import Fund
from participants.policy.choice import Choice

CHRONIC_CODE = re.compile(r"M\d{5}", re.ASCII)
"""A national code of 门诊慢特病; one that ends in 00 stands for its sub-items too."""


class CareKind(StrEnum):
    """What kind of care a case is, as benefits see it."""

    INPATIENT = "inpatient"  # 住院
    OUTPATIENT = "outpatient"  # 普通门诊
    CHRONIC = "chronic"  # 门诊慢特病
    PHARMACY = "pharmacy"  # 药店购药
    MATERNITY = "maternity"  # 生育: lump sums


class Elsewhere(StrEnum):
    """As what a person is treated out of the area; None on a case is: at home."""

    REFERRAL = "referral"  # 异地转诊
    EMERGENCY = "emergency"  # 异地急诊抢救, registered or deemed registered
    OTHER = "other"  # 其他临时外出
    LONG_TERM = "long_term"  # 异地长期居住, at the registered place
    UNREGISTERED = "unregistered"  # 未备案
    BACK_HOME = "back_home"  # a long-term registrant treated back at home 双向享受


class Of(StrEnum):
    """What an amount is a share of."""

    AVERAGE_WAGE = "average_wage"  # 上年度社会平均工资, a parameter of the case
    BILL = "bill"  # 医疗费总额
    IN_SCOPE = "in_scope"  # 政策范围内费用
    FIRST_STAY = "first_stay"  # the deductible of the year's first stay


@dataclass(frozen=True, slots=True)
class Amount:
    """`fixed_fen`, or `share_bp` of something, not below and not above the two limits."""

    fixed_fen: int = 0
    share_bp: int = 0
    of: Of | None = None
    at_least_fen: int = 0
    at_most_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """`base_bp` and `per_year_of_age_bp` for every year of age, never above `at_most_bp`."""

    base_bp: int
    per_year_of_age_bp: int = 0
    at_most_bp: int = 10_000


class Counts(StrEnum):
    """What a limit or the bands count."""

    FEE = "in_scope_fee"  # 政策范围内费用
    PAYMENT = "fund_payment"  # 基金支付额


class Runs(StrEnum):
    """Where bands begin to count."""

    PER_STAY = "per_stay"  # every settlement begins in the first band
    THROUGH_YEAR = "through_year"  # a settlement goes on where the year stands


class DeductibleLies(StrEnum):
    """How the deductible and the limits of the bands relate."""

    INSIDE_FIRST_BAND = "inside_first_band"  # limits count the whole in-scope fee
    BELOW_FIRST_BAND = "below_first_band"  # limits count what is above the deductible


class Period(StrEnum):
    """How long a threshold or a limit of outpatient care holds."""

    VISIT = "visit"  # 每次
    MONTH = "month"  # 每月
    YEAR = "year"  # 每年


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` of fee or payment; per year unless it stands in a list by period."""

    amount: Choice[Amount]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Band:
    """From `from_fen` up to and without `to_fen` (None: without end); `label` says it in yuan."""

    from_fen: int
    to_fen: int | None
    rate: Choice[Rate]
    label: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """What the second and later stays of a year have for a deductible.

    Either `less_fen` lower a stay (each stay when `cumulative`, else once) and not below `floor`,
    or by `by_stay`: an amount, or a share of the first stay's, from the nth stay on.
    """

    less_fen: int
    cumulative: bool
    floor: Choice[Amount] | None
    by_stay: tuple[tuple[int, Amount, str], ...]
    counts_out_of_area_stays: bool


@dataclass(frozen=True, slots=True)
class Waiver:
    """Flags with which a stay has no deductible, and whether that holds out of the area too."""

    flags: frozenset[str]
    out_of_area: bool


@dataclass(frozen=True, slots=True)
class AsStay:
    """Outpatient care of these kinds, with one of these flags or diseases, is paid like a stay."""

    kinds: frozenset[CareKind]
    flags: frozenset[str]
    diseases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stay:
    """住院待遇, and the outpatient treatments that are paid like it."""

    deductible: Choice[Amount]
    repeat: Repeat
    waiver: Waiver
    as_stay: AsStay
    bands: tuple[Band, ...]
    bands_count: Counts
    bands_run: Runs
    deductible_lies: DeductibleLies
    deductible_reaches_large_sum: bool
    bonus: Choice[Rate] | None  # added to the rate of every band
    class_rates: Mapping[str, Choice[Rate]]  # 乙类, 高值药品…: a rate of their own instead
    limit: Limit | None  # of the pool, a year


@dataclass(frozen=True, slots=True)
class Clinic:
    """Outpatient, chronic or pharmacy care: first self-pay, threshold, rate, limits.

    `visit_self_pay` is borne at every visit before all else; `threshold` is borne once a
    `threshold_per`; `ceilings` are how much in-scope fee is looked at and how much is paid.
    """

    visit_self_pay: Choice[Amount] | None
    threshold: Choice[Amount] | None
    threshold_per: Period
    rate: Choice[Rate]
    bonus: Choice[Rate] | None
    ceilings: tuple[tuple[Period, Limit], ...]
    disease_limits: Mapping[str, Choice[Amount]]  # payment a year, by disease code
    extra_disease_fen: int  # A10: the yearly payment limit rises so much for every further disease
    counts_toward_pool_limit: bool


class LargeSumBase(StrEnum):
    """What the large-sum fund looks at."""

    FEE_ABOVE_LIMIT = "fee_above_limit"  # the year's in-scope fee above the pool's limit
    LEFT_OPEN = "left_open"  # what the pool's limit left unpaid of the in-scope fee
    OWN_SHARE = "own_share"  # what the person bears in scope after the pool


@dataclass(frozen=True, slots=True)
class LargeSum:
    """大额医疗 (employees) or 大病保险 (residents), as `fund` says; `kinds`: of which care."""

    fund: Fund
    base: LargeSumBase
    kinds: frozenset[CareKind]
    deductible: Choice[Amount] | None  # a year, of the base
    bands: tuple[Band, ...]
    bands_run: Runs
    bonus: Choice[Rate] | None
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class Supplement:
    """公务员补助 or 企业补充: pays part of the own in-scope share, within a yearly limit."""

    fund: Fund
    for_flags: frozenset[str]  # any of them; empty: everybody
    kinds: frozenset[CareKind]
    deductible: Choice[Amount] | None  # per settlement
    rate: Choice[Rate]
    limit: Limit | None


class AidBase(StrEnum):
    """What medical aid looks at."""

    OWN_IN_SCOPE = "own_in_scope"  # the person's share in scope
    OWN_TOTAL = "own_total"  # all that the person would have to pay


@dataclass(frozen=True, slots=True)
class Aid:
    """医疗救助: one line of it. `line_limits`: of a fee category at most so much a line counts."""

    id: str
    label: str
    base: AidBase
    for_flags: frozenset[str]
    for_classes: frozenset[str]  # of diseases; empty: all
    kinds: frozenset[CareKind]
    line_limits: Mapping[str, int]
    deductible: Choice[Amount] | None
    rate: Choice[Rate]
    limit: Limit | None  # of this aid, a year
    counts_in_combined: bool
    not_for_flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LumpSum:
    """生育定额: paid once instead of all other rules, when the case has `flag` (None: without)."""

    flag: str | None
    label: str
    amount: Choice[Amount]
    per_month_insured_fen: int  # when insured for fewer than `months_needed`
    months_needed: int
    source: str


@dataclass(frozen=True, slots=True)
class Maternity:
    """生育待遇: lump sums by flag; the fund that bears them."""

    fund: Fund
    lump_sums: tuple[LumpSum, ...]
    only_out_of_area: bool


@dataclass(frozen=True, slots=True)
class Account:
    """个人账户: for which care it pays the person's in-scope share; `family`: 家庭共济 after it."""

    kinds: frozenset[CareKind]
    family: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """How care elsewhere differs from care at home; any of these together.

    Models of practice: A `points_bp` · B `factor_bp` · C `first_self_pay_bp` (with `as_level`)
    · D `deductible`, `bands`, `floor` · E `deductible` as a share of the bill with a minimum
    · F `deductible` and one band of one rate · G `deductible` alone.
    """

    source: str
    deductible: Choice[Amount] | None = None
    points_bp: int = 0
    factor_bp: int = 10_000
    first_self_pay_bp: int = 0
    as_level: int | None = None
    bands: tuple[Band, ...] = ()
    floor: Choice[Rate] | None = None
    clinic_rate: Choice[Rate] | None = None
    pays: bool = True
    keeps_repeat: bool = False  # whether repeat reductions apply to `deductible`


@dataclass(frozen=True, slots=True)
class Exclusion:
    """With this flag no fund pays anything (traffic accident, crime, …)."""

    flag: str
    label: str


class YearBoundary(StrEnum):
    """In which insurance year a stay over the New Year counts."""

    DISCHARGE_DATE = "discharge_date"  # the whole stay in the year of its discharge
    SPLIT_BY_DAYS = "split_by_days"  # the bill is split by days, each part in its own year


@dataclass(frozen=True, slots=True)
class Reading:
    """One ambiguity of the text: the parameter that decides it, and why it stands as it does."""

    parameter: str
    question: str
    taken: str
    why: str
