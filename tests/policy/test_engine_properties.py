"""What holds for every case: nothing is lost, nothing is negative, the steps prove the result."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Fund, PersonType, VisitKind
from contracts.money import FEN_MAX, share_of
from participants.policy.benefits import BandsRun, DeductibleLies
from participants.policy.engine import calculate
from participants.policy.explain import explain, explain_steps, steps_as_json, steps_from_json
from participants.policy.loader import library
from participants.policy.model import Bearer, Case, CaseRefused, Policy, Result, YearToDate

YIZHENG = library()["yizheng-employee-2010"]
FLAGS = ["cancer_chemo_radio", "dialysis", "anti_rejection", "unheard_of"]
year_fen = st.integers(0, 300_000_00)
years = st.builds(
    YearToDate,
    in_scope_fen=year_fen,
    deductible_fen=year_fen,
    pool_fen=year_fen,
    large_sum_fen=year_fen,
    chronic_in_scope_fen=st.integers(0, 20_000_00),
    chronic_pool_fen=st.integers(0, 4_000_00),
    stays=st.integers(0, 12),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    total_fen = draw(st.integers(0, 400_000_00) | st.integers(0, FEN_MAX))
    return Case(
        visit_kind=draw(st.sampled_from(VisitKind)),
        person_type=draw(st.sampled_from([PersonType.ACTIVE, PersonType.RETIRED])),
        age_years=draw(st.integers(0, 130)),
        hospital_level=draw(st.integers(1, 3)),
        total_fen=total_fen,
        in_scope_fen=draw(st.integers(0, total_fen)),
        out_of_area=draw(st.booleans()),
        flags=draw(st.frozensets(st.sampled_from(FLAGS))),
        account_use=draw(st.booleans()),
        account_balance_fen=draw(st.integers(0, 50_000_00)),
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """The same policy under each of its other readings."""
    stay = replace(
        YIZHENG.inpatient,
        bands_run=draw(st.sampled_from(BandsRun)),
        deductible_lies=draw(st.sampled_from(DeductibleLies)),
        deductible_reaches_large_sum=draw(st.booleans()),
        waived_out_of_area=draw(st.booleans()),
        repeat_cumulative=draw(st.booleans()),
        counts_out_of_area_stays=draw(st.booleans()),
    )
    return replace(YIZHENG, inpatient=stay)


@given(policy=policies(), case=cases(), year=years)
def test_the_parts_add_up_to_the_bill_and_none_is_negative(
    policy: Policy, case: Case, year: YearToDate
) -> None:
    result = calculate(policy, case, year)
    assert sum(result.shares.values()) + result.cash_fen == case.total_fen
    assert all(fen >= 0 for fen in (*result.shares.values(), result.cash_fen))
    assert result.fund_total_fen + result.patient_fen == case.total_fen
    assert 0 <= result.deductible_fen <= result.patient_fen
    assert result.cash_fen >= case.total_fen - case.in_scope_fen
    assert result.account_fen <= (case.account_balance_fen if case.account_use else 0)


@given(policy=policies(), case=cases(), year=years)
def test_anyone_can_recompute_the_result_from_the_steps(
    policy: Policy, case: Case, year: YearToDate
) -> None:
    result = calculate(policy, case, year)
    _walk(result)
    _each_payer_got_what_the_steps_say(result)


@given(policy=policies(), case=cases(), year=years, more_fen=st.integers(1, 100_000_00))
def test_more_in_scope_never_pays_the_fund_less(
    policy: Policy, case: Case, year: YearToDate, more_fen: int
) -> None:
    in_scope_fen = min(case.in_scope_fen + more_fen, FEN_MAX)
    more = replace(case, in_scope_fen=in_scope_fen, total_fen=max(case.total_fen, in_scope_fen))
    before, after = calculate(policy, case, year), calculate(policy, more, year)
    assert after.fund_total_fen >= before.fund_total_fen
    assert after.pool_fen >= before.pool_fen
    assert after.deductible_fen >= before.deductible_fen


@given(case=cases(), year=years)
def test_what_the_year_gains_is_what_the_result_says(case: Case, year: YearToDate) -> None:
    result = calculate(YIZHENG, case, year)
    after = year.plus(result.delta)
    assert after.pool_fen - year.pool_fen == result.pool_fen
    assert after.large_sum_fen - year.large_sum_fen == result.large_sum_fen
    assert after.deductible_fen - year.deductible_fen == result.deductible_fen
    assert after.stays - year.stays == (case.visit_kind is VisitKind.INPATIENT)


@given(case=cases(), year=years)
def test_stored_steps_read_back_as_they_were(case: Case, year: YearToDate) -> None:
    result = calculate(YIZHENG, case, year)
    stored = json.loads(json.dumps(steps_as_json(result)))
    assert steps_from_json(stored) == result.steps
    assert explain_steps(steps_from_json(stored)) == explain(result)[1:-1]


REFUSED = [
    ({"person_type": PersonType.RESIDENT_ADULT}, "person_type"),
    ({"hospital_level": 4}, "hospital_level"),
    ({"hospital_level": 0}, "hospital_level"),
    ({"age_years": -1}, "age_years"),
    ({"age_years": 131}, "age_years"),
    ({"total_fen": 99}, "in_scope_fen"),
    ({"in_scope_fen": -1}, "in_scope_fen"),
    ({"total_fen": FEN_MAX + 1}, "in_scope_fen"),
    ({"account_balance_fen": -1}, "account_balance_fen"),
]


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=str)
def test_a_case_outside_the_policys_world_is_refused_by_name(
    change: dict[str, object], field: str
) -> None:
    values: dict[str, object] = {
        "visit_kind": VisitKind.INPATIENT,
        "person_type": PersonType.ACTIVE,
        "age_years": 40,
        "hospital_level": 2,
        "total_fen": 100,
        "in_scope_fen": 100,
    }
    case = Case(**{**values, **change})  # type: ignore[arg-type]  # one field wrong at a time
    with pytest.raises(CaseRefused) as refused:
        calculate(YIZHENG, case, YearToDate())
    assert refused.value.field == field


def _walk(result: Result) -> None:
    """Follow the steps with nothing but a pencil: open bill, own part, what has no payer."""
    open_fen, own_fen, outside_fen = result.total_fen, 0, 0
    for step in result.steps:
        if step.to is Bearer.CASH or step.to is Fund.ACCOUNT:
            assert open_fen == 0, "the bill is shared out before anybody pays"
            own_fen -= step.amount_fen
            assert step.left_fen == own_fen + outside_fen
            continue
        open_fen -= step.base_fen
        assert step.left_fen == open_fen
        if step.rate_bp is not None:
            assert step.amount_fen <= share_of(step.base_fen, step.rate_bp)
        if step.to is Bearer.OUTSIDE:
            outside_fen += step.amount_fen
        else:
            own_fen += step.base_fen - (0 if step.to is Bearer.OWN else step.amount_fen)
    assert own_fen + outside_fen == 0


def _each_payer_got_what_the_steps_say(result: Result) -> None:
    got: dict[Fund | Bearer, int] = {}
    for step in result.steps:
        got[step.to] = got.get(step.to, 0) + step.amount_fen
    assert {fund: fen for fund, fen in got.items() if isinstance(fund, Fund)} == result.shares
    assert got[Bearer.CASH] == result.cash_fen
    deductibles = {"deductible", "chronic_threshold"}
    borne = sum(step.amount_fen for step in result.steps if step.rule in deductibles)
    assert borne == result.deductible_fen
