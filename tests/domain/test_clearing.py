"""The clearing table: its columns, its months, and the proof that both computations agree."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.messages.clearing import ClearingLine
from hub.domain.clearing import (
    AWAITING,
    COLUMNS,
    RUN,
    STANDING,
    STATE_ZH,
    Difference,
    RunEvent,
    RunState,
    differences,
    payable_by_pair,
    printed,
)
from tests.support.tables import rows

HUNAN, SHANGHAI, ANHUI = AreaCode("430000"), AreaCode("310000"), AreaCode("340000")


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


# A clerk's table: what each event does in each state; a dot where it is refused.
LIFE = """
    state      | freeze  differ  balance     issue   contest    withdraw  confirm    override   pay   close
    open       | frozen  .       .           .       .          .         .          .          .     .
    frozen     | .       broken  reconciled  .       .          .         .          .          .     .
    broken     | frozen  .       .           .       .          .         .          .          .     .
    reconciled | .       .       .           issued  .          .         .          .          .     .
    issued     | .       .       .           .       contested  .         confirmed  confirmed  .     .
    contested  | frozen  .       .           .       contested  issued    .          confirmed  .     .
    confirmed  | .       .       .           .       .          .         .          .          paid  .
    paid       | .       .       .           .       .          .         .          .          .     closed
    closed     | .       .       .           .       .          .         .          .          .     .
"""


@pytest.mark.parametrize("case", rows(LIFE), ids=lambda c: c["state"])
def test_a_run_moves_as_the_table_of_its_life_says(case: dict[str, str]) -> None:
    state = RunState(case["state"])
    moves = {event: RUN.after(state, event) for event in RunEvent if RUN.allows(state, event)}
    assert {event: str(moves.get(event, ".")) for event in RunEvent} == {
        event: case[event] for event in RunEvent
    }


def test_the_table_of_its_life_has_every_state_and_every_state_a_chinese_name() -> None:
    assert {case["state"] for case in rows(LIFE)} == set(RunState)
    assert set(STATE_ZH) == set(RunState)
    assert len(set(STATE_ZH.values())) == len(RunState)


def test_only_a_closed_run_is_at_its_end_and_what_stands_is_not_asked_about() -> None:
    assert RUN.terminal() == {RunState.CLOSED}
    assert not AWAITING & STANDING
    answering = (RunEvent.CONTEST, RunEvent.WITHDRAW)
    heard = {s for s, e in product(RunState, answering) if RUN.allows(s, e)}
    assert heard == AWAITING
