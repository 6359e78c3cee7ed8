"""Dated parameters of the advance fund, read from hub/data/advance.toml."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from contracts.messages.advance import Level
from hub.domain.advance_chance import CERTAIN_BP


class NoParameter(LookupError):
    """No row of a table of hub/data/advance.toml holds on that day."""


@dataclass(frozen=True, slots=True)
class Formula:
    """`factor_bp` × the average of these months of the year before, rounded up."""

    holds_from: date
    first_month: int
    last_month: int
    factor_bp: int
    counts_account: bool
    round_to_fen: int
    source: str

    def __post_init__(self) -> None:
        assert self.source, "a parameter has a source"
        assert 1 <= self.first_month <= self.last_month <= 12, self
        assert self.factor_bp > 0, self
        assert self.round_to_fen > 0, self

    @property
    def months(self) -> int:
        return self.last_month - self.first_month + 1


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which share of the advance a pair is yellow, and red.

    A row that names areas is for these alone, and goes before one that does not.
    """

    holds_from: date
    yellow_bp: int
    red_bp: int
    counts_account: bool
    source: str
    insured_area: str | None = None
    treatment_area: str | None = None

    def __post_init__(self) -> None:
        assert 0 < self.yellow_bp < self.red_bp, self

    def is_for(self, insured: str | None, treatment: str) -> bool:
        mine = (self.insured_area, self.treatment_area)
        theirs = (insured, treatment)
        return all(m is None or m == t for m, t in zip(mine, theirs, strict=True))

    @property
    def precision(self) -> int:
        """How many areas it names."""
        return (self.insured_area is not None) + (self.treatment_area is not None)


@dataclass(frozen=True, slots=True)
class Dates:
    """When the yearly round happens, and how long everybody has. Months and days as 'MM-DD'."""

    holds_from: date
    draft_on: str
    notice_by: str
    decide_working_days: int
    finance_working_days: int
    pay_working_days: int
    finished_by: str
    source: str

    def __post_init__(self) -> None:
        assert self.source, "a parameter has a source"
        days = (self.decide_working_days, self.finance_working_days, self.pay_working_days)
        assert min(days) >= 1, self
        drafted, noticed, finished = (
            month_day(self.holds_from.year, text)
            for text in (self.draft_on, self.notice_by, self.finished_by)
        )
        assert drafted <= noticed < finished, self


@dataclass(frozen=True, slots=True)
class Forecasting:
    """How the runway is foreseen."""

    holds_from: date
    history_days: int
    history_days_min: int
    wander_bp: int
    red_chance_max_bp: int
    horizon_days: int
    source: str

    def __post_init__(self) -> None:
        assert self.source, "a parameter has a source"
        assert 2 <= self.history_days_min <= self.history_days, self
        assert 0 < self.red_chance_max_bp < CERTAIN_BP, self
        assert self.horizon_days > 0, self


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom an unacknowledged warning is told next, and when."""

    level: Level
    tier: int
    after_hours: int


Dated = TypeVar("Dated", Formula, Thresholds, Dates, Forecasting)
TABLES: dict[type[Any], str] = {
    Formula: "formula",
    Thresholds: "thresholds",
    Dates: "dates",
    Forecasting: "forecast",
}


def on(kind: type[Dated], day: date) -> Dated:
    """The row of this kind that holds for everybody on a day. NoParameter before the first."""
    rows = [
        kind(**row)
        for row in _tables()[TABLES[kind]]
        if row["holds_from"] <= day and "insured_area" not in row and "treatment_area" not in row
    ]
    if not rows:
        raise NoParameter(f"{TABLES[kind]} on {day}")
    return max(rows, key=lambda row: row.holds_from)


def thresholds_for(
    rows: Iterable[Thresholds], day: date, insured: str | None, treatment: str
) -> Thresholds:
    """What holds for a pair (`insured` None: for a treatment area as a whole). NoParameter."""
    holding = [r for r in rows if r.holds_from <= day and r.is_for(insured, treatment)]
    if not holding:
        raise NoParameter(f"thresholds of {insured}-{treatment} on {day}")
    return max(holding, key=lambda row: (row.precision, row.holds_from))


@cache
def all_thresholds() -> tuple[Thresholds, ...]:
    """Every row; an assertion fails when one counts other money than the general row of its day."""
    found = tuple(Thresholds(**row) for row in _tables()[TABLES[Thresholds]])
    # What a pair spent is summed once for all pairs: its marks may differ, and not the money.
    assert all(one.counts_account == on(Thresholds, one.holds_from).counts_account for one in found)
    return found


@cache
def escalations() -> tuple[Escalation, ...]:
    """All rows, the earliest first."""
    rows = _tables()["escalation"]
    found = [Escalation(Level(r["level"]), r["tier"], r["after_hours"]) for r in rows]
    return tuple(sorted(found, key=lambda row: (row.level, row.after_hours)))


def month_day(year: int, text: str) -> date:
    """'01-31' in a year."""
    return date.fromisoformat(f"{year:04d}-{text}")


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(files("hub").joinpath("data/advance.toml").read_text(encoding="utf-8"))
