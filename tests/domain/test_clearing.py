"""The clearing table: its columns, its months, and the proof that both computations agree."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.messages.clearing import ClearingLine
from hub.domain.clearing import (
    COLUMNS,
    RUN,
    Difference,
    RunState,
    days_of,
    differences,
    payable_by_pair,
    printed,
)
from tests.support.tables import rows

HUNAN, SHANGHAI, ANHUI = AreaCode("430000"), AreaCode("310000"), AreaCode("340000")
MONTHS = """
    month    | first       last
    2026-01  | 2026-01-01  2026-01-31
    2026-02  | 2026-02-01  2026-02-28
    2028-02  | 2028-02-01  2028-02-29
    2026-12  | 2026-12-01  2026-12-31
"""


def _line(*parts_fen: int, payable_fen: int, insured: AreaCode = HUNAN) -> ClearingLine:
    return ClearingLine(
        insured_area=insured,
        treatment_area=SHANGHAI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.CHRONIC,
        count=2,
        total_fen=sum(parts_fen),
        parts_fen=parts_fen,
        payable_fen=payable_fen,
    )


@pytest.mark.parametrize("case", rows(MONTHS), ids=lambda c: c["month"])
def test_a_month_has_its_first_and_last_day(case: dict[str, str]) -> None:
    first, last = days_of(case["month"])
    assert (first, last) == (date.fromisoformat(case["first"]), date.fromisoformat(case["last"]))


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "1999-01", "２０２６-01", "2026-1"]
)
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a month"):
        days_of(text)


def test_the_table_has_the_columns_of_the_rules_in_their_order() -> None:
    assert "·".join(column.zh for column in COLUMNS) == (
        "清算期·参保省·就医省·险种·类别·人次·医疗费总额·统筹·大病/大额·公务员·医疗救助·其他·"
        "个人账户·审核扣款·往期补报·应清算金额"
    )


def test_a_line_prints_every_fund_in_its_column() -> None:
    # pool, civil, enterprise, critical, large, veterans, aid, other, account, cash, hospital
    line = _line(100, 2, 3, 40, 5, 6, 7, 8, 9, 1000, 0, payable_fen=180)
    assert printed("2026-03", line) == [
        *("2026-03", "湖南省", "上海市", "职工", "门诊慢特病", "2", "11.80"),
        *("1.00", "0.45", "0.02", "0.07", "0.17", "0.09", "0.00", "0.00", "1.80"),
    ]


@given(st.lists(st.integers(-(10**9), 10**9), min_size=9, max_size=9))
def test_the_money_columns_add_up_to_what_is_payable(funds_fen: list[int]) -> None:
    line = _line(*funds_fen, 0, 0, payable_fen=sum(funds_fen))
    value = {column.name: column.value("2026-03", line) for column in COLUMNS}
    money = [column.name for column in COLUMNS if column.is_sum]
    parts = [name for name in money if name not in {"total_fen", "payable_fen"}]
    assert sum(int(value[name]) for name in parts) == value["payable_fen"]


def test_a_pair_is_different_when_either_computation_lacks_it() -> None:
    payable = payable_by_pair([_line(*[0] * 11, payable_fen=5), _line(*[0] * 11, payable_fen=-2)])
    assert payable == {(HUNAN, SHANGHAI): 3}
    assert differences(payable, {(HUNAN, SHANGHAI): 3, (ANHUI, SHANGHAI): 0}) == []
    assert differences(payable, {(ANHUI, SHANGHAI): 3}) == [
        Difference(ANHUI, SHANGHAI, 0, 3),
        Difference(HUNAN, SHANGHAI, 3, 0),
    ]


def test_nothing_leaves_an_issued_or_a_broken_run() -> None:
    assert RUN.terminal() == {RunState.ISSUED, RunState.BROKEN}
