"""What to do about a refusal, in words: the dated table of hub/data/fixes.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

from contracts.refusal import BY_CODE, RefusalCode


class Note(StrEnum):
    """What is said beside a check that passed."""

    DEEMED = "deemed"  # 视同备案
    BY_COMMITMENT = "by_commitment"  # the proof is still to come
    SLOW = "slow"  # the insured area answers late


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do about a refusal, from a day on."""

    code: RefusalCode
    holds_from: date
    zh: str


@dataclass(frozen=True, slots=True)
class Wording:
    fixes: tuple[Fix, ...]
    notes: Mapping[Note, str]


@cache
def wording() -> Wording:
    """All rows, those of a code in the order of their days; ValueError for an unknown name."""
    text = files("hub").joinpath("data/fixes.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    rows = [Fix(BY_CODE[row["code"]], row["holds_from"], row["zh"]) for row in tables["fixes"]]
    notes = {Note(row["name"]): row["zh"] for row in tables["notes"]}
    return Wording(tuple(sorted(rows, key=lambda row: row.holds_from)), notes)


def fix_for(code: RefusalCode, day: date) -> str:
    """The words that hold on a day; none before the first of a code."""
    holding = [row.zh for row in wording().fixes if row.code is code and row.holds_from <= day]
    return holding[-1] if holding else ""


def note(name: Note) -> str:
    return wording().notes[name]
