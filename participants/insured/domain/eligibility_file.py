"""The file of chronic diseases recognised at home: every row read and checked before any loads."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.codes import InsuranceKind
from participants.insured.domain import person_file
from participants.insured.domain.cells import (
    CellWrong,
    Fault,
    Fields,
    FileWrong,
    day,
    day_or_none,
    matching,
    read_rows,
)


@dataclass(frozen=True, slots=True, repr=False)
class EligibilityRow:
    """One recognition, as the file says. Not to be logged: it holds an identity."""

    line: int
    certificate_kind: str
    certificate_number: str
    insurance_kind: InsuranceKind
    disease_code: str
    valid_from: date
    valid_to: date | None

    @property
    def what(self) -> tuple[object, ...]:
        """What one file says once."""
        certificate = (self.certificate_kind, self.certificate_number.upper())
        return (*certificate, self.insurance_kind, self.disease_code, self.valid_from)


HEADER = tuple(name for name in EligibilityRow.__dataclass_fields__ if name != "line")
# fmt: off
FIELDS: Fields = {
    **{name: person_file.FIELDS[name]
       for name in ("certificate_kind", "certificate_number", "insurance_kind")},
    "disease_code": (matching(r"M[0-9]{5}"), "病种代码应为 M 加五位数字"),
    "valid_from":   (day,                    "待遇开始日期应为 YYYY-MM-DD"),
    "valid_to":     (day_or_none,            "待遇终止日期应为 YYYY-MM-DD 或为空"),
}
# fmt: on


def parse(header: Iterable[str], lines: Iterable[tuple[int, list[str]]]) -> list[EligibilityRow]:
    """Every row of the file; FileWrong names each wrong line and why."""
    names = [name.strip() for name in header]
    if sorted(names) != sorted(HEADER):
        raise FileWrong([Fault(1, f"表头应为：{','.join(HEADER)}")])
    rows, faults = read_rows(FIELDS, names, lines, _row)
    faults += _twice(rows)
    if faults:
        raise FileWrong(sorted(faults, key=lambda fault: fault.line))
    return rows


def _row(line: int, values: dict[str, Any]) -> EligibilityRow:
    row = EligibilityRow(line=line, **values)
    if row.valid_to is not None and row.valid_to < row.valid_from:
        raise CellWrong("待遇终止日期早于开始日期")
    return row


def _twice(rows: Iterable[EligibilityRow]) -> list[Fault]:
    first: dict[tuple[object, ...], int] = {}
    return [
        Fault(row.line, f"与第 {first[row.what]} 行重复")
        for row in rows
        if first.setdefault(row.what, row.line) != row.line
    ]
