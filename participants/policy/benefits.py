"""The parts of a policy: bands, stays, chronic outpatient care, and the readings it takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.codes import PersonType, VisitKind


class BandsRun(StrEnum):
    """Where the bands of a stay begin to count."""

    PER_STAY = "per_stay"  # every stay begins in the first band
    THROUGH_YEAR = "through_year"  # a stay goes on where the year's in-scope fee stands


class DeductibleLies(StrEnum):
    """How the deductible and the limits of the bands relate."""

    INSIDE_FIRST_BAND = "inside_first_band"  # limits count the whole in-scope fee
    BELOW_FIRST_BAND = "below_first_band"  # limits count what is above the deductible


class LimitCounts(StrEnum):
    """What the pool's yearly limit counts."""

    IN_SCOPE_FEE = "in_scope_fee"  # the year's in-scope fee


@dataclass(frozen=True, slots=True)
class Band:
    """`rate_bp` of the fee from `from_fen` up to and without `to_fen`; `source` is its file key."""

    from_fen: int
    to_fen: int
    rate_bp: int
    source: str
    label: str


@dataclass(frozen=True, slots=True)
class AgeRate:
    """`rate_bp` at ages from `age_from` to `age_to`, both included; None is without end."""

    age_from: int
    age_to: int | None
    rate_bp: int
    source: str

    def holds_at(self, age_years: int) -> bool:
        return self.age_from <= age_years and (self.age_to is None or age_years <= self.age_to)


@dataclass(frozen=True, slots=True)
class Inpatient:
    """Stays, and the outpatient treatments that are paid like one (`as_stay_*`)."""

    deductible_fen: Mapping[tuple[PersonType, int], int]
    out_of_area_deductible_fen: int | None
    level_used: Mapping[int, int]
    repeat_less_fen: int
    repeat_cumulative: bool
    repeat_floor_fen: Mapping[int, int]
    counts_out_of_area_stays: bool
    waived_flags: frozenset[str]
    waived_out_of_area: bool
    as_stay_kinds: frozenset[VisitKind]
    as_stay_flags: frozenset[str]
    bands: Mapping[PersonType, tuple[Band, ...]]
    bands_run: BandsRun
    deductible_lies: DeductibleLies
    deductible_reaches_large_sum: bool
    pool_limit_fen: int
    pool_limit_counts: LimitCounts


@dataclass(frozen=True, slots=True)
class Chronic:
    """门诊慢特病: a yearly threshold, a rate by person and age, a yearly cap in pool money."""

    threshold_fen: int
    rates: Mapping[PersonType, tuple[AgeRate, ...]]
    cap_fen: Mapping[PersonType, int]
    counts_toward_pool_limit: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One ambiguity of the text: the parameter that decides it, and why it stands as it does."""

    parameter: str
    question: str
    taken: str
    why: str
