"""The file that an agency's people come in: every row read and checked before any is loaded."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.codes import AreaCode, InsuranceKind, PersonType, area_of
from contracts.money import fen_from_yuan

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
    """One person in one insurance, as the file says. Not to be logged: it holds an identity."""

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

    @property
    def identity(self) -> tuple[str, str, str, date]:
        """What must be the same in every row of one certificate."""
        return (self.certificate_kind, self.name, self.gender, self.born_on)


HEADER = tuple(
    name.replace("_fen", "_yuan") for name in PersonRow.__dataclass_fields__ if name != "line"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line is refused, in Chinese; it quotes no identity."""

    line: int
    reason: str


class PeopleFileWrong(Exception):
    """Nothing of the file was loaded; `faults` in the order of lines."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} lines are wrong, the first is line {faults[0].line}")
        self.faults = faults


class _Wrong(Exception):
    """One field is wrong."""


def _matching(pattern: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(pattern)
        return text

    return read


def _day(text: str) -> date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is None:
        raise ValueError(text)
    return date.fromisoformat(text)


def _day_or_none(text: str) -> date | None:
    return _day(text) if text else None


# How each field is read, and what is said when it cannot be.
# fmt: off
FIELDS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "certificate_kind":     (_matching(r"[0-9]{1,6}"),            "证件类型应为数字代码"),
    "certificate_number":   (_matching(r"[0-9A-Za-z()（）-]{1,50}"), "证件号码格式错误"),
    "name":                 (_matching(r"[^\x00-\x1f\x7f]{1,50}"), "姓名为空、超长或含控制字符"),
    "gender":               (_matching(r"[0129]"),                "性别应为 0、1、2 或 9"),
    "born_on":              (_day,                                "出生日期应为 YYYY-MM-DD"),
    "insurance_kind":       (InsuranceKind,                       "险种应为 310 或 390"),
    "person_type":          (PersonType,                          "人员类别代码不存在"),
    "division":             (_matching(r"[0-9]{6}"),              "医保区划应为六位数字"),
    "in_force_from":        (_day,                                "参保开始日期应为 YYYY-MM-DD"),
    "in_force_until":       (_day_or_none,                        "参保终止日期应为 YYYY-MM-DD 或为空"),
    "civil_servant":        (YES_NO.__getitem__,                  "公务员标志应为 1 或 0"),
    "account_balance_yuan": (fen_from_yuan,                       "个人账户余额应为最多两位小数的金额"),
}
# fmt: on


def parse(
    area: AreaCode, header: Iterable[str], lines: Iterable[tuple[int, list[str]]]
) -> list[PersonRow]:
    """Every row of a file of this area; PeopleFileWrong names each wrong line and why."""
    names = [name.strip() for name in header]
    if sorted(names) != sorted(HEADER):
        raise PeopleFileWrong([Fault(1, f"表头应为：{','.join(HEADER)}")])
    rows: list[PersonRow] = []
    faults: list[Fault] = []
    for line, cells in lines:
        try:
            rows.append(_row(area, line, names, cells))
        except _Wrong as error:
            faults.append(Fault(line, str(error)))
    faults += _contradictions(rows)
    if faults:
        raise PeopleFileWrong(sorted(faults, key=lambda fault: fault.line))
    return rows


def _row(area: AreaCode, line: int, names: list[str], cells: list[str]) -> PersonRow:
    if len(cells) != len(names):
        raise _Wrong(f"应有 {len(names)} 列，实有 {len(cells)} 列")
    values = {name: _value(name, cell.strip()) for name, cell in zip(names, cells, strict=True)}
    values["account_balance_fen"] = values.pop("account_balance_yuan")
    row = PersonRow(line=line, **values)  # type: ignore[arg-type]  # FIELDS reads each as its type
    _check(area, row)
    return row


def _value(name: str, text: str) -> object:
    read, wrong = FIELDS[name]
    try:
        return read(text)
    except (ValueError, KeyError) as error:
        raise _Wrong(wrong) from error


def _check(area: AreaCode, row: PersonRow) -> None:
    if area_of(row.division) != area:
        raise _Wrong(f"医保区划 {row.division} 不属于本参保地 {area}")
    if row.person_type not in PERSON_TYPES[row.insurance_kind]:
        raise _Wrong("人员类别与险种不符")
    if row.in_force_until is not None and row.in_force_until < row.in_force_from:
        raise _Wrong("参保终止日期早于开始日期")
    if row.certificate_kind == RESIDENT_ID and not _fits_resident_id(row):
        raise _Wrong("居民身份证号码应为十八位，且与出生日期一致")


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
