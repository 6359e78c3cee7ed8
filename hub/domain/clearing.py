"""Clearing 清算: the states of a run, who owes whom, and the columns of its table."""

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
from hub.domain.netting import Netting

Pair = tuple[AreaCode, AreaCode]
"""(insured area that pays, treatment area that receives)."""


class RunState(StrEnum):
    """How far a clearing run has come."""

    OPEN = "open"  # its period is known, nothing is fixed
    FROZEN = "frozen"  # its pair days and the lines of this version are fixed
    BROKEN = "broken"  # the two computations differ: kept as evidence, nothing was issued
    RECONCILED = "reconciled"  # payable by the lines equals receivable by the ledger
    ISSUED = "issued"  # the areas were told, and are asked to confirm
    CONTESTED = "contested"  # an area contests a line
    CONFIRMED = "confirmed"  # what is owed stands, and may be paid
    PAID = "paid"  # every obligation is paid and its receipt recorded
    CLOSED = "closed"  # nothing of it changes any more


class RunEvent(StrEnum):
    """What moves it."""

    FREEZE = "freeze"
    DIFFER = "differ"
    BALANCE = "balance"
    ISSUE = "issue"
    CONTEST = "contest"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    OVERRIDE = "override"
    PAY = "pay"
    CLOSE = "close"


# fmt: off
RUN = StateMachine(name="clearing run", initial=(RunState.OPEN,), steps=(
    Step(RunState.OPEN,       RunEvent.FREEZE,   RunState.FROZEN,     "its ready pair days and their lines are fixed"),
    Step(RunState.FROZEN,     RunEvent.DIFFER,   RunState.BROKEN,     "lines and ledger differ for a pair: kept as evidence"),
    Step(RunState.FROZEN,     RunEvent.BALANCE,  RunState.RECONCILED, "lines and ledger agree for every pair"),
    Step(RunState.BROKEN,     RunEvent.FREEZE,   RunState.FROZEN,     "frozen again as the next version"),
    Step(RunState.RECONCILED, RunEvent.ISSUE,    RunState.ISSUED,     "every area concerned is told"),
    Step(RunState.ISSUED,     RunEvent.CONTEST,  RunState.CONTESTED,  "an area contests a line"),
    Step(RunState.CONTESTED,  RunEvent.CONTEST,  RunState.CONTESTED,  "one more line is contested"),
    Step(RunState.CONTESTED,  RunEvent.WITHDRAW, RunState.ISSUED,     "the last contest was taken back: same version"),
    Step(RunState.CONTESTED,  RunEvent.FREEZE,   RunState.FROZEN,     "the contest led to a next version"),
    Step(RunState.ISSUED,     RunEvent.CONFIRM,  RunState.CONFIRMED,  "both areas of every line have confirmed it"),
    Step(RunState.ISSUED,     RunEvent.OVERRIDE, RunState.CONFIRMED,  "two persons decided without an answer, for a reason"),
    Step(RunState.CONTESTED,  RunEvent.OVERRIDE, RunState.CONFIRMED,  "two persons decided against a contest, for a reason"),
    Step(RunState.CONFIRMED,  RunEvent.PAY,      RunState.PAID,       "all that is owed is paid and received"),
    Step(RunState.PAID,       RunEvent.CLOSE,    RunState.CLOSED,     "the books of this run are shut"),
))
# fmt: on
STATE_ZH: dict[RunState, str] = {
    RunState.OPEN: "未冻结",
    RunState.FROZEN: "已冻结",
    RunState.BROKEN: "账实不符",
    RunState.RECONCILED: "已核平",
    RunState.ISSUED: "待确认",
    RunState.CONTESTED: "有异议",
    RunState.CONFIRMED: "已确认",
    RunState.PAID: "已收付",
    RunState.CLOSED: "已关账",
}
AWAITING = frozenset({RunState.ISSUED, RunState.CONTESTED})
"""The areas are asked: their answers count."""
STANDING = frozenset({RunState.CONFIRMED, RunState.PAID, RunState.CLOSED})
"""What is owed stands: no answer of an area moves the run any more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A pair for which the lines and the ledger do not say the same amount of fen."""

    insured_area: AreaCode
    treatment_area: AreaCode
    payable_fen: int
    receivable_fen: int


@dataclass(frozen=True, slots=True)
class ClearingRun:
    """One period's clearing. `payable_fen` is from the lines, `receivable_fen` from the ledger.

    `cycle`: 'YYYY-MM', or 'YYYY-MM-DD..DD'. `version`: how often it was frozen; 0 while open.
    `override_reason`: why two persons confirmed it in place of the areas; empty if they did not.
    """

    run_id: UUID
    cycle: str
    first_day: date
    last_day: date
    version: int
    state: RunState
    netting: Netting
    opened_at: datetime
    frozen_at: datetime | None = None
    issued_at: datetime | None = None
    confirmed_at: datetime | None = None
    paid_at: datetime | None = None
    closed_at: datetime | None = None
    payable_fen: int = 0
    receivable_fen: int = 0
    override_proposal: UUID | None = None
    override_reason: str = ""
    differences: tuple[Difference, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class RunStep:
    """One row of a run's history. `by`: an operator's subject, an area's, or 'calendar'."""

    position: int
    from_state: RunState
    event: RunEvent
    to_state: RunState
    version: int
    by: str
    why: str
    at: datetime


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
    Column("audit_fen",         "审核扣款",   True,  lambda _, line: line.audit_fen),
    Column("late_fen",          "往期补报",   True,  lambda _, line: line.late_fen),
    Column("payable_fen",       "应清算金额", True,  lambda _, line: line.payable_fen),
)
# fmt: on


def printed(month: str, line: ClearingLine) -> list[str]:
    """A line as a paper or a screen shows it: Chinese names, yuan with two decimals."""
    cells = [(column, column.value(month, line)) for column in COLUMNS]
    return [yuan_from_fen(int(value)) if c.is_sum else str(value) for c, value in cells]
