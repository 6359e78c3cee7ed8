"""The national code lists: what inputs are checked against, and what 1901 tells hospitals."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from contracts.codes import area_of, areas

TOP = "0"
"""The parent of a code that has none above it in its list."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of a list; `parent` the code above it, TOP without one; `sort` from 1.

    `only_in`: the province that alone uses it, its first two digits; empty: the whole country.
    `since`: the day from which it is in use, None where it always was.
    """

    code: str
    label: str
    parent: str
    sort: int
    only_in: str = ""
    since: date | None = None

    def is_used(self, division: str, on: date) -> bool:
        is_here = not self.only_in or division.startswith(self.only_in)
        return is_here and (self.since is None or self.since <= on)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """One code list; with `children`, a longer code below one of its codes is allowed too.

    `entries` are what 1901 tells of it; none of a list that is ours.
    """

    name: str
    codes: frozenset[str]
    children: bool
    entries: tuple[Entry, ...]
    source: str
    version: int
    since: date

    def allows(self, value: str) -> bool:
        if self.children:
            return any(value[:length] in self.codes for length in range(1, len(value) + 1))
        return value in self.codes


@cache
def dictionaries() -> dict[str, Dictionary]:
    """Every code list by its name."""
    text = files("participants.gateway").joinpath("data/dictionaries.toml").read_text("utf-8")
    data = tomllib.loads(text)
    return {
        name: _dictionary(name, row, data) for name, row in data.items() if isinstance(row, dict)
    }


@cache
def told() -> dict[str, Dictionary]:
    """The lists that 1901 tells, by every lower-case name that they go by, and the 32 areas."""
    text = files("participants.gateway").joinpath("data/dictionaries.toml").read_text("utf-8")
    data = tomllib.loads(text)
    found = {name: one for name, one in dictionaries().items() if one.entries}
    also = {alias: name for name in found for alias in data[name].get("also", ())}
    regions = {"labels": {code: area.name for code, area in areas().items()}}
    return {
        **found,
        **{alias: found[name] for alias, name in also.items()},
        "admdvs": _dictionary("admdvs", regions, data),
    }


def entries_of(dictionary: Dictionary, parent: str, division: str, on: date) -> Iterator[Entry]:
    """The entries below `parent` that a region uses on a day; all of them below TOP.

    A region that is not ours to know, such as 000000, uses what the whole country uses.
    """
    place = division if area_of(division) else ""
    for one in dictionary.entries:
        if one.is_used(place, on) and parent in {TOP, "", one.parent}:
            yield one


def _dictionary(name: str, row: Mapping[str, Any], data: Mapping[str, Any]) -> Dictionary:
    labels, only_in, used_since = (row.get(key, {}) for key in ("labels", "only_in", "used_since"))
    entries = tuple(
        Entry(
            code=code,
            label=label,
            parent=_parent(code, labels),
            sort=sort,
            only_in=only_in.get(code, ""),
            since=used_since.get(code),
        )
        for sort, (code, label) in enumerate(labels.items(), start=1)
    )
    return Dictionary(
        name=name,
        codes=frozenset(row.get("codes", ())) | frozenset(labels),
        children=row.get("children", False),
        entries=entries,
        source=row.get("source", data["source"]),
        version=row.get("version", data["version"]),
        since=row.get("since", data["since"]),
    )


def _parent(code: str, labels: Mapping[str, str]) -> str:
    """The longest other code that begins this one; six digits that end in 00 stand for a stem."""
    above = [other for other in labels if other != code and code.startswith(_stem(other))]
    return max(above, key=lambda other: len(_stem(other)), default=TOP)


def _stem(code: str) -> str:
    return code[:-2] if len(code) == 6 and code.endswith("00") else code
