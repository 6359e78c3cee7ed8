"""National ceilings that every policy file is held to, by date, from national.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from participants.policy.benefits import Elsewhere
from participants.policy.reading.lines import lines_of
from participants.policy.reading.section import Section, Source

FILE = "national.toml"


@dataclass(frozen=True, slots=True)
class PointsCeiling:
    """From `valid_from` on, how many points (bp) below home a category may be paid."""

    valid_from: date
    source: str
    points_bp: Mapping[Elsewhere, int]


def points_ceiling_on(day: date) -> PointsCeiling | None:
    """What holds on `day`; None before the first rule."""
    found = [row for row in points_ceilings() if row.valid_from <= day]
    return max(found, key=lambda row: row.valid_from, default=None)


@cache
def points_ceilings() -> tuple[PointsCeiling, ...]:
    """All ceilings of the data file; PolicyFileWrong when it does not add up."""
    text = files("participants.policy").joinpath(FILE).read_text(encoding="utf-8")
    top = Section(Source(FILE, lines_of(text)), (), tomllib.loads(text))
    found = tuple(_points_ceiling(row) for row in top.sections("points_ceiling"))
    top.done()
    return found


def _points_ceiling(row: Section) -> PointsCeiling:
    valid_from, source = row.day("valid_from"), row.text("source")
    points = {one: row.percent_bp(one) for one in Elsewhere if row.has(one)}
    row.done()
    return PointsCeiling(valid_from, source, points)
