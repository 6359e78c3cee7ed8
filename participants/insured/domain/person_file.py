"""The file that an agency's people come in: every row read and checked before any is loaded."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.codes import AreaCode, InsuranceKind, PersonType, area_of
from contracts.money import fen_from_yuan
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

RESIDENT_ID = "01"
"""居民身份证 among the kinds of certificates (psn_cert_type)."""
# fmt: off
PERSON_TYPES = {
    InsuranceKind.EMPLOYEE: {PersonType.ACTIVE, PersonType.RETIRED},
    InsuranceKind.RESIDENT: {PersonType.RESIDENT_ADULT, PersonType.RESIDENT_MINOR},
}
YES_NO = {"1": True, "是": True, "0": False, "否": False}
# fmt: on


@dataclass(frozen=True, slots=True, repr=False)
class PersonRow:
    """One person in one insurance, as the file says. Not to be logged: it holds an identity.

    A file without a column for arrears says nothing about them (`tells_arrears`): what is known
    stays as it is.
    """

    line: int
    certificate_kind: str
    certificate_number: str
    name: str
    gender: str
    born_on: date
    insurance_kind: InsuranceKind
    person_type: PersonType
    division: str
    in_force_from: date
    in_force_until: date | None
    civil_servant: bool
    account_balance_fen: int
    arrears_since: date | None = None
    tells_arrears: bool = False

    @property
    def identity(self) -> tuple[str, str, str, date]:
        """What must be the same in every row of one certificate."""
        return (self.certificate_kind, self.name, self.gender, self.born_on)


ARREARS = "arrears_since"
"""The column that a file may have besides those of HEADER."""
HEADER = tuple(
    name.replace("_fen", "_yuan")
    for name in PersonRow.__dataclass_fields__
    if name not in {"line", ARREARS, "tells_arrears"}
)


# How each field is read, and what is said when it cannot be.
# fmt: off
FIELDS: Fields = {
    "certificate_kind":     (matching(r"[0-9]{1,6}"),            "证件类型应为数字代码"),
    "certificate_number":   (matching(r"[0-9A-Za-z()（）-]{1,50}"), "证件号码格式错误"),
    "name":                 (matching(r"[^\x00-\x1f\x7f]{1,50}"), "姓名为空、超长或含控制字符"),
    "gender":               (matching(r"[0129]"),                "性别应为 0、1、2 或 9"),
    "born_on":              (day,                                "出生日期应为 YYYY-MM-DD"),
    "insurance_kind":       (InsuranceKind,                       "险种应为 310 或 390"),
    "person_type":          (PersonType,                          "人员类别代码不存在"),
    "division":             (matching(r"[0-9]{6}"),              "医保区划应为六位数字"),
    "in_force_from":        (day,                                "参保开始日期应为 YYYY-MM-DD"),
    "in_force_until":       (day_or_none,                        "参保终止日期应为 YYYY-MM-DD 或为空"),
    "civil_servant":        (YES_NO.__getitem__,                  "公务员标志应为 1 或 0"),
    "account_balance_yuan": (fen_from_yuan,                       "个人账户余额应为最多两位小数的金额"),
    ARREARS:                (day_or_none,                        "欠费起始日期应为 YYYY-MM-DD 或为空"),
}
# fmt: on


def parse(
    area: AreaCode, header: Iterable[str], lines: Iterable[tuple[int, list[str]]]
) -> list[PersonRow]:
    """Every row of a file of this area; FileWrong names each wrong line and why."""
    names = [name.strip() for name in header]
    if sorted(names) not in (sorted(HEADER), sorted((*HEADER, ARREARS))):
        raise FileWrong([Fault(1, f"表头应为：{','.join(HEADER)}，可另加 {ARREARS}")])

    def row_of(line: int, values: dict[str, Any]) -> PersonRow:
        values["account_balance_fen"] = values.pop("account_balance_yuan")
        row = PersonRow(line=line, tells_arrears=ARREARS in names, **values)
        _check(area, row)
        return row

    rows, faults = read_rows(FIELDS, names, lines, row_of)
    faults += _contradictions(rows)
    if faults:
        raise FileWrong(sorted(faults, key=lambda fault: fault.line))
    return rows


def _check(area: AreaCode, row: PersonRow) -> None:
    if area_of(row.division) != area:
        raise CellWrong(f"医保区划 {row.division} 不属于本参保地 {area}")
    if row.person_type not in PERSON_TYPES[row.insurance_kind]:
        raise CellWrong("人员类别与险种不符")
    if row.in_force_until is not None and row.in_force_until < row.in_force_from:
        raise CellWrong("参保终止日期早于开始日期")
    if row.certificate_kind == RESIDENT_ID and not _fits_resident_id(row):
        raise CellWrong("居民身份证号码应为十八位，且与出生日期一致")


def _fits_resident_id(row: PersonRow) -> bool:
    number = row.certificate_number.upper()
    is_one = re.fullmatch(r"[0-9]{17}[0-9X]", number) is not None
    return is_one and number[6:14] == f"{row.born_on:%Y%m%d}"


def _contradictions(rows: Iterable[PersonRow]) -> list[Fault]:
    """One certificate is one person, and is insured once in a kind."""
    first: dict[tuple[str, str], PersonRow] = {}
    insured: set[tuple[str, str, str]] = set()
    faults: list[Fault] = []
    for row in rows:
        certificate = (row.certificate_kind, row.certificate_number.upper())
        earlier = first.setdefault(certificate, row)
        if earlier.identity != row.identity:
            faults.append(
                Fault(row.line, f"与第 {earlier.line} 行证件相同而姓名、性别或出生日期不同")
            )
        if (*certificate, row.insurance_kind) in insured:
            faults.append(Fault(row.line, f"与第 {earlier.line} 行重复参加同一险种"))
        insured.add((*certificate, row.insurance_kind))
    return faults
