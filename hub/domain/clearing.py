"""The monthly clearing 清算: the run's states, who owes whom, and the columns of its table."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.codes import AreaCode, Fund, InsuranceKind, Role, VisitKind, areas
from contracts.messages.clearing import ClearingLine
from contracts.messages.values import PARTS
from contracts.money import yuan_from_fen
from contracts.state_machine import StateMachine, Step

Pair = tuple[AreaCode, AreaCode]
"""(insured area that pays, treatment area that receives)."""


class RunState(StrEnum):
    """How far a clearing run has come."""

    FROZEN = "frozen"  # its days and lines are fixed
    RECONCILED = "reconciled"  # payable by the lines equals receivable by the ledger
    ISSUED = "issued"  # the areas were told: nothing of it changes any more
    BROKEN = "broken"  # the two computations differ: nothing was issued


class RunEvent(StrEnum):
    """What moves it."""

    BALANCE = "balance"
    DIFFER = "differ"
    ISSUE = "issue"


# fmt: off
RUN = StateMachine(name="clearing run", initial=(RunState.FROZEN,), steps=(
    Step(RunState.FROZEN,     RunEvent.BALANCE, RunState.RECONCILED, "lines and ledger agree for every pair"),
    Step(RunState.FROZEN,     RunEvent.DIFFER,  RunState.BROKEN,     "they do not: kept as evidence, frees its days"),
    Step(RunState.RECONCILED, RunEvent.ISSUE,   RunState.ISSUED,     "every area concerned is told"),
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Difference:
    """A pair for which the lines and the ledger do not say the same amount of fen."""

    insured_area: AreaCode
    treatment_area: AreaCode
    payable_fen: int
    receivable_fen: int


@dataclass(frozen=True, slots=True)
class ClearingRun:
    """One month's clearing. `payable_fen` is from the lines, `receivable_fen` from the ledger."""

    run_id: UUID
    month: str
    state: RunState
    frozen_at: datetime
    issued_at: datetime | None
    payable_fen: int
    receivable_fen: int
    differences: tuple[Difference, ...] = field(default=())


def days_of(month: str) -> tuple[date, date]:
    """First and last day of 'YYYY-MM'; ValueError when it is not a month of this century."""
    if re.fullmatch(r"20\d{2}-(0[1-9]|1[0-2])", month, re.ASCII) is None:
        raise ValueError(f"not a month: {month[:20]!r}")
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])


def payable_by_pair(lines: Iterable[ClearingLine]) -> dict[Pair, int]:
    """What each insured area owes each treatment area, in fen; a pair may be negative."""
    found: Counter[Pair] = Counter()
    for line in lines:
        found[AreaCode(line.insured_area), AreaCode(line.treatment_area)] += line.payable_fen
    return dict(found)


def differences(payable: Mapping[Pair, int], receivable: Mapping[Pair, int]) -> list[Difference]:
    """The pairs on which the two computations do not agree; a missing pair owes nothing."""
    return [
        Difference(*pair, payable.get(pair, 0), receivable.get(pair, 0))
        for pair in sorted(payable.keys() | receivable.keys())
        if payable.get(pair, 0) != receivable.get(pair, 0)
    ]


def lines_of(lines: Iterable[ClearingLine], role: Role, area: AreaCode) -> list[ClearingLine]:
    """The lines that concern an area in one of its roles."""
    return [line for line in lines if area_in(line, role) == area]


def area_in(line: ClearingLine, role: Role) -> AreaCode:
    """Who plays this role in the line."""
    return AreaCode(line.insured_area if role is Role.INSURED else line.treatment_area)


def fund_fen(line: ClearingLine, *funds: Fund) -> int:
    """What these funds pay in a line, in fen."""
    return sum(line.parts_fen[PARTS.index(f"{fund.value}_fen")] for fund in funds)


INSURANCE_ZH: dict[InsuranceKind, str] = {
    InsuranceKind.EMPLOYEE: "职工",
    InsuranceKind.RESIDENT: "居民",
}
VISIT_ZH: dict[VisitKind, str] = {
    VisitKind.INPATIENT: "住院",
    VisitKind.OUTPATIENT: "普通门诊",
    VisitKind.CHRONIC: "门诊慢特病",
    VisitKind.PHARMACY: "药店购药",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of 全国跨省异地就医费用清算表; `is_sum`: its values are fen, and add up to a total."""

    name: str
    zh: str
    is_sum: bool
    value: Callable[[str, ClearingLine], str | int]


TITLE_ZH = "全国跨省异地就医费用清算表"
# fmt: off
COLUMNS: tuple[Column, ...] = (
    Column("month",             "清算期",     False, lambda month, _line: month),
    Column("insured_area",      "参保省",     False, lambda _, line: areas()[AreaCode(line.insured_area)].name),
    Column("treatment_area",    "就医省",     False, lambda _, line: areas()[AreaCode(line.treatment_area)].name),
    Column("insurance_kind",    "险种",       False, lambda _, line: INSURANCE_ZH[line.insurance_kind]),
    Column("visit_kind",        "类别",       False, lambda _, line: VISIT_ZH[line.visit_kind]),
    Column("count",             "人次",       False, lambda _, line: line.count),
    Column("total_fen",         "医疗费总额", True,  lambda _, line: line.total_fen),
    Column("pool_fen",          "统筹",       True,  lambda _, line: fund_fen(line, Fund.POOL)),
    Column("large_fen",         "大病/大额",  True,  lambda _, line: fund_fen(line, Fund.CRITICAL_ILLNESS, Fund.LARGE_SUM)),
    Column("civil_servant_fen", "公务员",     True,  lambda _, line: fund_fen(line, Fund.CIVIL_SERVANT)),
    Column("medical_aid_fen",   "医疗救助",   True,  lambda _, line: fund_fen(line, Fund.MEDICAL_AID)),
    Column("other_fen",         "其他",       True,  lambda _, line: fund_fen(line, Fund.ENTERPRISE, Fund.VETERANS, Fund.OTHER)),
    Column("account_fen",       "个人账户",   True,  lambda _, line: fund_fen(line, Fund.ACCOUNT)),
    Column("audit_fen",         "审核扣款",   True,  lambda _month, _line: 0),  # no audit yet
    Column("late_fen",          "往期补报",   True,  lambda _month, _line: 0),  # no late items yet
    Column("payable_fen",       "应清算金额", True,  lambda _, line: line.payable_fen),
)
# fmt: on


def printed(month: str, line: ClearingLine) -> list[str]:
    """A line as a paper or a screen shows it: Chinese names, yuan with two decimals."""
    cells = [(column, column.value(month, line)) for column in COLUMNS]
    return [yuan_from_fen(int(value)) if c.is_sum else str(value) for c, value in cells]
