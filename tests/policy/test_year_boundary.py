"""A stay over the New Year: no fen is lost between the two years, and each keeps its own."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Fund, PersonType
from contracts.money import FEN_MAX
from participants.policy.benefits import CareKind
from participants.policy.engine import calculate
from participants.policy.loader import library
from participants.policy.model import Case, Line, YearToDate
from participants.policy.year_boundary import (
    calculate_split,
    joined,
    split_by_days,
    with_accounts_left,
)

YIZHENG = library()["yizheng-employee-2010"]


def stay(total_fen: int, in_scope_fen: int | None = None, **more: Any) -> Case:
    return Case(
        kind=CareKind.INPATIENT,
        person_type=PersonType.ACTIVE,
        age_years=40,
        hospital_level=1,
        total_fen=total_fen,
        in_scope_fen=total_fen if in_scope_fen is None else in_scope_fen,
        **more,
    )


@st.composite
def stays(draw: st.DrawFn) -> Case:
    total_fen = draw(st.integers(0, 5_000) | st.integers(0, FEN_MAX // 10))
    in_scope_fen = draw(st.integers(0, total_fen))
    b_fen = draw(st.integers(0, in_scope_fen))
    c_fen = draw(st.integers(0, in_scope_fen - b_fen))
    line_fen = draw(st.integers(0, total_fen))
    return stay(
        total_fen,
        in_scope_fen,
        in_scope_by_class={"class_b": b_fen, "high_cost": c_fen},
        lines=(Line("examination", line_fen), Line("treatment", total_fen - line_fen)),
        account_use=draw(st.booleans()),
        account_balance_fen=draw(st.integers(0, 10_000_00)),
        family_balance_fen=draw(st.integers(0, 10_000_00)),
    )


days = st.tuples(st.integers(0, 400), st.integers(0, 400)).filter(lambda two: sum(two) > 0)


@given(case=stays(), days=days)
def test_both_parts_of_every_amount_add_up_to_it(case: Case, days: tuple[int, int]) -> None:
    first, second = split_by_days(case, *days)
    assert first.total_fen + second.total_fen == case.total_fen
    assert first.in_scope_fen + second.in_scope_fen == case.in_scope_fen
    for name, fen in case.in_scope_by_class.items():
        assert first.in_scope_by_class[name] + second.in_scope_by_class[name] == fen
    for place, line in enumerate(case.lines):
        assert first.lines[place].amount_fen + second.lines[place].amount_fen == line.amount_fen


@given(case=stays(), days=days)
def test_each_part_is_a_sound_case_of_its_own(case: Case, days: tuple[int, int]) -> None:
    for part in split_by_days(case, *days):
        assert 0 <= part.in_scope_fen <= part.total_fen
        assert all(fen >= 0 for fen in part.in_scope_by_class.values())
        assert sum(part.in_scope_by_class.values()) <= part.in_scope_fen
        assert all(line.amount_fen >= 0 for line in part.lines)
        assert sum(line.amount_fen for line in part.lines) <= part.total_fen


@given(case=stays(), days=days)
def test_no_part_is_a_fen_off_its_share_of_the_days(case: Case, days: tuple[int, int]) -> None:
    first, _ = split_by_days(case, *days)
    for whole_fen, part_fen in [
        (case.total_fen, first.total_fen),
        (case.in_scope_fen, first.in_scope_fen),
    ]:
        assert abs(2 * (part_fen * sum(days) - whole_fen * days[0])) <= sum(days)


@pytest.mark.parametrize(
    ("total_fen", "days", "first_fen"),
    [
        (100_00, (5, 5), 50_00),
        (100_01, (5, 5), 50_01),  # the half fen goes to the first part
        (100_00, (1, 2), 33_33),
        (100_00, (2, 1), 66_67),
        (100_00, (0, 7), 0),
        (100_00, (7, 0), 100_00),
        (1, (1, 9), 0),
    ],
)
def test_a_bill_is_split_in_proportion(
    total_fen: int, days: tuple[int, int], first_fen: int
) -> None:
    first, second = split_by_days(stay(total_fen), *days)
    assert (first.total_fen, second.total_fen) == (first_fen, total_fen - first_fen)


@given(case=stays(), days=days)
def test_one_bill_comes_out_and_each_year_keeps_its_part(case: Case, days: tuple[int, int]) -> None:
    case = replace(case, in_scope_by_class={}, lines=())
    old = YearToDate(in_scope_fen=39_000_00, stays=2)
    split = calculate_split(YIZHENG, case, days, (old, YearToDate()))
    whole = split.whole
    assert (whole.total_fen, whole.in_scope_fen) == (case.total_fen, case.in_scope_fen)
    assert sum(whole.shares.values()) + whole.cash_fen == case.total_fen
    assert split.old_year.in_scope_fen + split.new_year.in_scope_fen == case.in_scope_fen
    assert split.old_year.pool_fen + split.new_year.pool_fen == whole.pool_fen
    assert 0 <= whole.own_account_fen <= case.account_balance_fen
    assert whole.account_fen - whole.own_account_fen <= case.family_balance_fen


@given(case=stays(), days=st.sampled_from([(0, 9), (9, 0)]))
def test_a_stay_within_one_year_is_what_it_would_be_without_a_boundary(
    case: Case, days: tuple[int, int]
) -> None:
    case = replace(case, in_scope_by_class={}, lines=())
    alone = calculate(YIZHENG, case, YearToDate())
    whole = calculate_split(YIZHENG, case, days, (YearToDate(), YearToDate())).whole
    assert {fund: whole.shares.get(fund, 0) for fund in Fund} == {
        fund: alone.shares.get(fund, 0) for fund in Fund
    }
    assert whole.cash_fen == alone.cash_fen


def test_the_second_part_has_only_what_the_first_left_of_the_accounts() -> None:
    case = stay(1_000_00, account_use=True, account_balance_fen=310_00)
    first, second = split_by_days(case, 3, 7)
    assert (second.account_use, second.account_balance_fen) == (False, 0)
    result = calculate(YIZHENG, first, YearToDate())
    assert result.account_fen == 300_00  # all of it lies below the deductible
    second = with_accounts_left(second, case, result)
    assert (second.account_use, second.account_balance_fen) == (True, 10_00)


def test_the_steps_say_in_which_year_they_count() -> None:
    first, second = split_by_days(stay(10_000_00), 4, 6)
    year = YearToDate()
    both = joined(calculate(YIZHENG, first, year), calculate(YIZHENG, second, year)).whole
    assert both.steps[0].text.startswith("跨年前：")
    assert both.steps[-1].text.startswith("跨年后：")
    assert both.deductible_fen == 600_00  # each year has a deductible of its own
