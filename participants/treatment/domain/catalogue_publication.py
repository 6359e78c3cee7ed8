"""The catalogue as hospitals download it: one file a kind of item, in the columns of its table."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from contracts.chronic import diseases
from contracts.codes import AreaCode
from participants.treatment.domain.catalogue import Catalogue, Item, ItemLevel
from participants.treatment.domain.packed import pack

LEVEL_NAMES = {ItemLevel.A: "甲", ItemLevel.B: "乙", ItemLevel.C: "丙"}
_FILE_NO = "C"
_CATALOGUES_MAX = 64  # thirteen files of each area in one process


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of catalogue: its columns, whose items it has, and what fills which column."""

    infno: str
    name: str
    begins_with: tuple[str, ...]
    columns: tuple[str, ...]
    filled: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class CatalogueFile:
    """A file of the catalogue; the same rows have the same version, 17 characters, and bytes."""

    infno: str
    name: str
    version: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def file_no(self) -> str:
        return f"{_FILE_NO}{self.infno}{self.version}"

    @property
    def filename(self) -> str:
        return f"{self.infno}_{self.version}.zip"

    def content(self) -> bytes:
        """The ZIP."""
        return pack(self.filename.removesuffix(".zip"), self.rows)


@cache
def layouts() -> dict[str, Layout]:
    """Every kind of catalogue by its number, read from data/catalogues."""
    folder = files("participants.treatment").joinpath("data/catalogues")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        infno = file.name.removesuffix(".toml")
        found[infno] = _layout(infno, tomllib.loads(file.read_text("utf-8")))
    return found


@lru_cache(maxsize=_CATALOGUES_MAX)
def published(catalogue: Catalogue, area: AreaCode, infno: str) -> CatalogueFile:
    """The file of one kind, made once a catalogue."""
    layout = layouts()[infno]
    facts = [*_facts(layout, catalogue), *_chronic(layout, area)]
    newest = max((fact["begins"] for fact in facts), default="").replace("-", "") or "00000000"
    unversioned = CatalogueFile(infno, layout.name, "", _rows(layout, facts, ""))
    digest = hashlib.sha256(repr(unversioned.rows).encode()).hexdigest()[:8]
    version = f"V{newest}{digest}"
    return replace(unversioned, version=version, rows=_rows(layout, facts, version))


def published_as(catalogue: Catalogue, area: AreaCode, file_no: str) -> CatalogueFile | None:
    """The file behind its number; None when there is none, or when the catalogue has changed."""
    infno = file_no[len(_FILE_NO) : len(_FILE_NO) + 4]
    if infno not in layouts():
        return None
    found = published(catalogue, area, infno)
    return found if found.file_no == file_no else None


def record_of(item: Item) -> str:
    """唯一记录号 of a row: its code and the day from which it holds, at most 40 characters."""
    return f"{item.code}-{item.valid_from:%Y%m%d}"


def items_in_order(catalogue: Catalogue) -> Iterator[Item]:
    """Every row of the catalogue, by code and then by time."""
    for code in sorted(catalogue.items):
        yield from catalogue.items[code]


def _rows(
    layout: Layout, facts: Sequence[Mapping[str, str]], version: str
) -> tuple[tuple[str, ...], ...]:
    kinds = [layout.filled.get(column, "") for column in layout.columns]
    return tuple(
        tuple(version if kind == "version" else fact.get(kind, "") for kind in kinds)
        for fact in facts
    )


def _facts(layout: Layout, catalogue: Catalogue) -> Iterator[dict[str, str]]:
    for item in items_in_order(catalogue):
        if item.code.startswith(layout.begins_with):
            yield {
                "code": item.code,
                "name": item.name,
                "unit": item.unit,
                "begins": item.valid_from.isoformat(),
                "ends": _day(item.valid_to),
                "valid": "1",
                "record": record_of(item),
                "made": f"{item.valid_from} 00:00:00",
                "restricted": "1" if item.restricted else "0",
                "level_name": LEVEL_NAMES[item.level],
            }


def _chronic(layout: Layout, area: AreaCode) -> Iterator[dict[str, str]]:
    for disease in diseases():
        for code in sorted(disease.codes):
            if code.startswith(layout.begins_with):
                yield {
                    "code": code,
                    "name": disease.name,
                    "area": area,
                    "source": disease.source,
                    "begins": disease.since.isoformat(),
                    "valid": "1",
                    "record": f"{code}-{disease.since:%Y%m%d}",
                    "made": f"{disease.since} 00:00:00",
                }


def _layout(infno: str, row: Mapping[str, Any]) -> Layout:
    columns, filled = tuple(row["columns"]), dict(row["filled"])
    assert set(filled) <= set(columns), f"{infno}: a column that is filled is not there"
    return Layout(infno, row["name"], tuple(row["begins_with"]), columns, filled)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
