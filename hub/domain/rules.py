"""Dated parameters of the hub's rules, read from hub/data/rules.toml."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from contracts.codes import MaterialKind, RegistrationCategory


@dataclass(frozen=True, slots=True)
class TemporaryValidity:
    """How long a temporary registration must last, from when on, and who says so."""

    holds_from: date
    months_min: int
    source: str


@dataclass(frozen=True, slots=True)
class MaterialsWanted:
    """What a category must be supported by: everything of one of the sets."""

    holds_from: date
    category: RegistrationCategory
    any_of: tuple[frozenset[MaterialKind], ...]
    source: str


@cache
def temporary_validities() -> tuple[TemporaryValidity, ...]:
    """All rows in the order of their dates."""
    found = [TemporaryValidity(**row) for row in _rows("temporary_validity")]
    return tuple(sorted(found, key=lambda row: row.holds_from))


@cache
def materials_wanted() -> tuple[MaterialsWanted, ...]:
    """All rows in the order of their dates."""
    found = [
        MaterialsWanted(
            row["holds_from"],
            RegistrationCategory(row["category"]),
            tuple(frozenset(map(MaterialKind, kinds)) for kinds in row["any_of"]),
            row["source"],
        )
        for row in _rows("materials")
    ]
    return tuple(sorted(found, key=lambda row: row.holds_from))


def months_min_on(day: date) -> int:
    """The months that a temporary registration beginning on `day` must last; 0 when no row holds."""
    holding = [row.months_min for row in temporary_validities() if row.holds_from <= day]
    return holding[-1] if holding else 0


def sets_wanted(category: RegistrationCategory, day: date) -> Iterable[frozenset[MaterialKind]]:
    """Which sets of papers do for a registration beginning on `day`; empty when none are wanted."""
    holding = [
        row.any_of
        for row in materials_wanted()
        if row.category is category and row.holds_from <= day
    ]
    return holding[-1] if holding else ()


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


def shortest_end(begins_on: date) -> date | None:
    """The last day of the shortest temporary registration; None when no length is laid down."""
    months = months_min_on(begins_on)
    return first_day_after_months(begins_on, months) - timedelta(days=1) if months else None


def _rows(name: str) -> list[dict[str, Any]]:
    text = files("hub").joinpath("data/rules.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)[name]
    return rows
