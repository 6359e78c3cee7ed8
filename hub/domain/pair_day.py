"""The pair day: one business day of one (insured, treatment) pair, the unit that is cleared."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from contracts.codes import AreaCode, Role


@dataclass(frozen=True, slots=True, order=True)
class PairDay:
    """Its money goes into one run, whole."""

    business_date: date
    insured_area: AreaCode
    treatment_area: AreaCode

    @property
    def pair(self) -> tuple[AreaCode, AreaCode]:
        return self.insured_area, self.treatment_area

    def area_in(self, role: Role) -> AreaCode:
        return self.insured_area if role is Role.INSURED else self.treatment_area


class Hold(StrEnum):
    """Why a side keeps a pair day from being cleared."""

    SILENT = "silent"  # the side has not reported the day
    WAITING = "waiting"  # it has not agreed, and its agreed time is not over
    DIFFERS = "differs"  # it has an open difference with this counterpart


HOLD_ZH: dict[Hold, str] = {
    Hold.SILENT: "尚未报送当日合计",
    Hold.WAITING: "对账未完成，尚在约定时间内",
    Hold.DIFFERS: "与对方的差错未处理",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A pair day that is not ready, with what holds it on each side (None: nothing does).

    `payable_fen`: what it would add, so that an operator sees what is at stake.
    """

    pair_day: PairDay
    by_insured: Hold | None
    by_treatment: Hold | None
    payable_fen: int


@dataclass(frozen=True, slots=True)
class Span:
    """Which pair days a run may take: its own from `first` to `last`, late ones from `oldest` on."""

    oldest: date
    first: date
    last: date

    def __post_init__(self) -> None:
        assert self.oldest <= self.first <= self.last, self

    def as_parameters(self) -> dict[str, object]:
        return {"oldest": self.oldest, "first": self.first, "last": self.last}


@dataclass(frozen=True, slots=True)
class Admission:
    """Two persons let a pair day in past its time, for a reason."""

    pair_day: PairDay
    why: str
    admitted_by: str
    second_person: str
    admitted_at: datetime
