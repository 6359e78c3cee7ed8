"""How the cells of an agency's file are read, and what is said of those that cannot be."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

Row = TypeVar("Row")
Fields = Mapping[str, tuple[Callable[[str], object], str]]
"""By the column's name: how it is read, and what is said in Chinese when it cannot be."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line is refused, in Chinese; it quotes no identity."""

    line: int
    reason: str


class FileWrong(Exception):
    """Nothing of the file was loaded; `faults` in the order of lines."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} lines are wrong, the first is line {faults[0].line}")
        self.faults = faults


class CellWrong(Exception):
    """One cell, or one line, is wrong; the text says why in Chinese."""


def matching(pattern: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(pattern)
        return text

    return read


def day(text: str) -> date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is None:
        raise ValueError(text)
    return date.fromisoformat(text)


def day_or_none(text: str) -> date | None:
    return day(text) if text else None


def read_rows(
    fields: Fields,
    names: list[str],
    lines: Iterable[tuple[int, list[str]]],
    row_of: Callable[[int, dict[str, Any]], Row],
) -> tuple[list[Row], list[Fault]]:
    """Every line that can be read, and a fault for each that cannot; `row_of` may say CellWrong."""
    rows: list[Row] = []
    faults: list[Fault] = []
    for line, cells in lines:
        try:
            rows.append(row_of(line, _values(fields, names, cells)))
        except CellWrong as error:
            faults.append(Fault(line, str(error)))
    return rows, faults


def _values(fields: Fields, names: list[str], cells: list[str]) -> dict[str, Any]:
    if len(cells) != len(names):
        raise CellWrong(f"应有 {len(names)} 列，实有 {len(cells)} 列")
    pairs = zip(names, cells, strict=True)
    return {name: _value(fields, name, cell.strip()) for name, cell in pairs}


def _value(fields: Fields, name: str, text: str) -> object:
    read, wrong = fields[name]
    try:
        return read(text)
    except (ValueError, KeyError) as error:
        raise CellWrong(wrong) from error
