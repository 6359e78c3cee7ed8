"""A designated institution 定点医药机构 of this area, read from the area's own list."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contracts.codes import AreaCode, DivisionCode, area_of

COLUMNS = ("code", "name", "division", "level", "hosp_lv", "kind")


class InstitutionKind(StrEnum):
    """What an institution is."""

    HOSPITAL = "hospital"  # 定点医疗机构
    PHARMACY = "pharmacy"  # 定点零售药店


@dataclass(frozen=True, slots=True)
class Institution:
    """`level` 1 to 3 as benefits count it; `hosp_lv` the national code, shown to hospitals."""

    code: str
    name: str
    division: DivisionCode
    level: int
    hosp_lv: str
    kind: InstitutionKind


class ListUnsound(Exception):
    """The list cannot be loaded; `faults` are 'line N: reason', all of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_list(lines: Iterable[str], area: AreaCode) -> list[Institution]:
    """The institutions of a CSV with the columns of COLUMNS; ListUnsound names every bad line."""
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ListUnsound([f"line 1: the columns must be {','.join(COLUMNS)}"])
    found: dict[str, Institution] = {}
    faults: list[str] = []
    for row in reader:
        reasons = _faults_of(row, area)
        if row["code"] in found:
            reasons.append(f"code {row['code']} is there twice")
        if reasons:
            faults += [f"line {reader.line_num}: {reason}" for reason in reasons]
            continue
        found[row["code"]] = _institution(row)
    if faults:
        raise ListUnsound(faults)
    return list(found.values())


def _institution(row: dict[str, str]) -> Institution:
    return Institution(
        code=row["code"],
        name=row["name"],
        division=DivisionCode(row["division"]),
        level=int(row["level"]),
        hosp_lv=row["hosp_lv"],
        kind=InstitutionKind(row["kind"]),
    )


def _faults_of(row: dict[str, str], area: AreaCode) -> list[str]:
    if None in row or None in row.values():
        return [f"expected {len(COLUMNS)} fields"]
    checks = (
        (1 <= len(row["code"]) <= 30, "code must have 1 to 30 characters"),
        (1 <= len(row["name"]) <= 200, "name must have 1 to 200 characters"),
        (area_of(row["division"]) == area, f"division {row['division']} is not in {area}"),
        (row["level"] in ("1", "2", "3"), f"level {row['level']!r} is not 1, 2 or 3"),
        (len(row["hosp_lv"]) <= 6, "hosp_lv has more than 6 characters"),
        (row["kind"] in set(InstitutionKind), f"kind {row['kind']!r} is unknown"),
    )
    return [reason for holds, reason in checks if not holds]
