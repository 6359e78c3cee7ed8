"""A designated institution 定点医药机构 of this area, read from the area's own list."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from contracts.codes import AreaCode, DivisionCode, VisitKind, area_of

COLUMNS = ("code", "name", "division", "level", "hosp_lv", "kind")
OPTIONAL = ("opened", "since", "until", "credit_code")
"""Columns that a list may have behind the others: `opened` as 'inpatient;outpatient'."""
DAYS = ("since", "until")
SINCE = date(2017, 1, 1)
"""Open since then where a list does not say: direct settlement across provinces began in 2017."""
LEVELS = ("0", "1", "2", "3", "4")


class InstitutionKind(StrEnum):
    """What an institution is."""

    HOSPITAL = "hospital"  # 定点医疗机构
    PHARMACY = "pharmacy"  # 定点零售药店


OPENED_BY_KIND: dict[InstitutionKind, tuple[VisitKind, ...]] = {
    InstitutionKind.HOSPITAL: (VisitKind.INPATIENT, VisitKind.OUTPATIENT, VisitKind.CHRONIC),
    InstitutionKind.PHARMACY: (VisitKind.PHARMACY,),
}
"""What an institution settles directly where its list does not say."""


@dataclass(frozen=True, slots=True)
class Institution:
    """`level` as benefits count it: 0 community, 1 to 3 the national grades, 4 tertiary of the
    province. `hosp_lv`: the national code, shown to hospitals. `opened`: what it settles directly
    from `since` on; `until`: its last day, None while it is open. `credit_code`:
    统一社会信用代码, empty where the list does not say it.
    """

    code: str
    name: str
    division: DivisionCode
    level: int
    hosp_lv: str
    kind: InstitutionKind
    opened: tuple[VisitKind, ...]
    since: date = SINCE
    until: date | None = None
    credit_code: str = ""

    def is_open(self, kind: VisitKind, admitted_on: date) -> bool:
        """Whether care of this kind that began on a day is settled directly."""
        is_over = self.until is not None and admitted_on > self.until
        return kind in self.opened and self.since <= admitted_on and not is_over


class ListUnsound(Exception):
    """The list cannot be loaded; `faults` are 'line N: reason', all of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_list(lines: Iterable[str], area: AreaCode) -> list[Institution]:
    """The institutions of a CSV with the columns of COLUMNS and, if it likes, of OPTIONAL.

    ListUnsound names every bad line.
    """
    reader = csv.DictReader(lines)
    columns = tuple(reader.fieldnames or ())
    if not _are_columns(columns):
        told = f"{','.join(COLUMNS)}[,{'][,'.join(OPTIONAL)}]"
        raise ListUnsound([f"line 1: the columns must be {told}"])
    found: dict[str, Institution] = {}
    faults: list[str] = []
    for row in reader:
        reasons = _faults_of(row, columns, area)
        if row["code"] in found:
            reasons.append(f"code {row['code']} is there twice")
        if reasons:
            faults += [f"line {reader.line_num}: {reason}" for reason in reasons]
            continue
        found[row["code"]] = _institution(row)
    if faults:
        raise ListUnsound(faults)
    return list(found.values())


def _are_columns(columns: tuple[str, ...]) -> bool:
    needed, more = columns[: len(COLUMNS)], columns[len(COLUMNS) :]
    return needed == COLUMNS and set(more) <= set(OPTIONAL) and len(set(more)) == len(more)


def _institution(row: dict[str, str]) -> Institution:
    kind = InstitutionKind(row["kind"])
    return Institution(
        code=row["code"],
        name=row["name"],
        division=DivisionCode(row["division"]),
        level=int(row["level"]),
        hosp_lv=row["hosp_lv"],
        kind=kind,
        opened=tuple(VisitKind(one) for one in _opened_in(row)) or OPENED_BY_KIND[kind],
        since=_day(row.get("since") or "") or SINCE,
        until=_day(row.get("until") or ""),
        credit_code=row.get("credit_code") or "",
    )


def _faults_of(row: dict[str, str], columns: tuple[str, ...], area: AreaCode) -> list[str]:
    if None in row or None in row.values():
        return [f"expected {len(columns)} fields"]
    checks = (
        (1 <= len(row["code"]) <= 30, "code must have 1 to 30 characters"),
        (1 <= len(row["name"]) <= 200, "name must have 1 to 200 characters"),
        (area_of(row["division"]) == area, f"division {row['division']} is not in {area}"),
        (row["level"] in LEVELS, f"level {row['level']!r} is not one of 0 to 4"),
        (len(row["hosp_lv"]) <= 6, "hosp_lv has more than 6 characters"),
        (row["kind"] in set(InstitutionKind), f"kind {row['kind']!r} is unknown"),
        (set(_opened_in(row)) <= set(VisitKind), f"opened {row.get('opened')!r} is unknown"),
        *((_is_day(row, name), f"{name} {row.get(name)!r} is not a day") for name in DAYS),
        (len(row.get("credit_code") or "") <= 50, "credit_code has more than 50 characters"),
        (not _ends_first(row), "until is before since"),
    )
    return [reason for holds, reason in checks if not holds]


def _opened_in(row: dict[str, str]) -> list[str]:
    said = (row.get("opened") or "").split(";")
    return list(dict.fromkeys(one.strip() for one in said if one.strip()))


def _is_day(row: dict[str, str], name: str) -> bool:
    return not row.get(name) or _day(row[name]) is not None


def _ends_first(row: dict[str, str]) -> bool:
    since, until = _day(row.get("since") or "") or SINCE, _day(row.get("until") or "")
    return until is not None and until < since


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
