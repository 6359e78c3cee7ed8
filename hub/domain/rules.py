"""Dated parameters of the hub's rules, read from hub/data/rules.toml."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class TemporaryValidity:
    """How long a temporary registration must last, from when on, and who says so."""

    holds_from: date
    months_min: int
    source: str


@cache
def temporary_validities() -> tuple[TemporaryValidity, ...]:
    """All rows in the order of their dates."""
    text = files("hub").joinpath("data/rules.toml").read_text(encoding="utf-8")
    found = [TemporaryValidity(**row) for row in tomllib.loads(text)["temporary_validity"]]
    return tuple(sorted(found, key=lambda row: row.holds_from))


def months_min_on(day: date) -> int:
    """The months that a temporary registration beginning on `day` must last; 0 when no row holds."""
    holding = [row.months_min for row in temporary_validities() if row.holds_from <= day]
    return holding[-1] if holding else 0


def first_day_after_months(begins_on: date, months: int) -> date:
    """The day after so many whole months; where the month lacks the day, the next month's first."""
    month = begins_on.month - 1 + months
    year, month = begins_on.year + month // 12, month % 12 + 1
    if year >= date.max.year:
        return date.max
    try:
        return date(year, month, begins_on.day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)
