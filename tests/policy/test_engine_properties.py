"""What holds for every policy and case: nothing is lost, and the steps prove the result."""

import copy
from collections.abc import Mapping
from dataclasses import fields, replace
from random import Random

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from contracts.codes import Fund
from contracts.money import FEN_MAX, share_of
from participants.policy.benefits import CareKind, Counts, Of, Period
from participants.policy.engine import calculate
from participants.policy.explain import (
    differences,
    explain,
    explain_steps,
    steps_as_json,
    steps_from_json,
)
from participants.policy.model import (
    Bearer,
    Case,
    CaseRefused,
    Policy,
    Result,
    Step,
    YearToDate,
)
from tests.policy.made import bands, clinic, limit, rate, share, stay, yuan
from tests.policy.made import case as made_case
from tests.policy.made import policy as made_policy
from tests.policy.random_policies import cases, policies, years

PAYS_THE_PERSONS_PART = {"floor", "own_share", "supplement", "aid", "account", "family_account"}

MORE = st.integers(1, 3) | st.integers(1, 50_000_00) | st.just(FEN_MAX)


def calculated(policy: Policy, case: Case, year: YearToDate) -> Result:
    """The result; a kind of care that the policy has nothing for is no example."""
    try:
        return calculate(policy, case, year)
    except CaseRefused as refused:
        assume(refused.field != "kind")
        raise


@given(policy=policies(), case=cases(), year=years)
def test_the_parts_add_up_to_the_bill_and_none_is_negative(
    policy: Policy, case: Case, year: YearToDate
) -> None:
    result = calculated(policy, case, year)
    assert sum(result.shares.values()) + result.cash_fen == case.total_fen
    assert result.fund_total_fen + result.patient_fen == case.total_fen
    assert all(fen >= 0 for fen in (*result.shares.values(), result.cash_fen))
    assert 0 <= result.deductible_fen <= case.in_scope_fen
    assert result.beyond_bill_fen >= 0
    family_fen = result.account_fen - result.own_account_fen
    assert 0 <= result.own_account_fen <= case.account_use * case.account_balance_fen
    may = case.account_use and policy.account.family
    assert 0 <= family_fen <= may * case.family_balance_fen


@given(policy=policies(), case=cases(), year=years)
def test_no_step_and_no_use_of_the_year_is_negative(
    policy: Policy, case: Case, year: YearToDate
) -> None:
    result = calculated(policy, case, year)
    for step in result.steps:
        assert min(step.base_fen, step.amount_fen, step.left_fen) >= 0, step
    used = [getattr(result.delta, one.name) for one in fields(YearToDate) if one.name != "counters"]
    assert min(used) >= 0
    assert all(fen > 0 for fen in result.delta.counters.values())


@given(policy=policies(), case=cases(), year=years)
def test_anyone_can_recompute_the_result_from_the_steps(
    policy: Policy, case: Case, year: YearToDate
) -> None:
    result = calculated(policy, case, year)
    got, beside_fen = _by_pencil(result.total_fen, result.steps)
    assert {fund: fen for fund, fen in got.items() if isinstance(fund, Fund)} == result.shares
    assert got.get(Bearer.CASH, 0) == result.cash_fen
    assert beside_fen == result.beyond_bill_fen
    borne = {"deductible", "threshold"}
    assert result.deductible_fen == sum(
        step.amount_fen for step in result.steps if step.rule in borne
    )


def _by_pencil(total_fen: int, steps: tuple[Step, ...]) -> tuple[Mapping[Fund | Bearer, int], int]:
    """Follow the steps with nothing but a pencil; what each payer pays, and what is paid beside."""
    open_fen, person_fen, beside_fen = total_fen, 0, 0
    got: dict[Fund | Bearer, int] = {}
    for step in steps:
        if step.rate_bp is not None:
            most_fen = share_of(step.base_fen, step.rate_bp)
            assert step.amount_fen <= most_fen
            assert step.amount_fen == most_fen or "限额" in step.text, step
        if step.rule == "beyond_bill":
            beside_fen += step.amount_fen
            continue
        if step.rule in PAYS_THE_PERSONS_PART or step.to is Bearer.CASH:
            person_fen -= step.amount_fen
            assert step.left_fen == person_fen, step
        elif step.to is Bearer.OUTSIDE:
            open_fen -= step.amount_fen
            person_fen += step.amount_fen
            assert step.left_fen == open_fen, step
        else:
            open_fen -= step.base_fen
            person_fen += (
                step.base_fen if step.to is Bearer.OWN else step.base_fen - step.amount_fen
            )
            assert step.left_fen == open_fen, step
        if step.amount_fen:
            got[step.to] = got.get(step.to, 0) + step.amount_fen
    assert (open_fen, person_fen) == (0, 0), "everything has a payer"
    return got, beside_fen


@given(policy=policies(steady=True), case=cases(), year=years, more=MORE)
@settings(max_examples=200)
@example(policy=made_policy(), case=made_case("499.99", "600.00"), year=YearToDate(), more=1)
def test_more_in_scope_of_the_same_bill_never_pays_the_funds_less(
    policy: Policy, case: Case, year: YearToDate, more: int
) -> None:
    """Of the same bill, and of policies without the two rules that say otherwise.

    A deductible that is a share of what is in scope rises with it, also where the pool's limit
    has been reached. Fee classes with rates of their own take the pool's room in the file's
    order, so that dear fee can push out fee that is paid better.
    """
    bill_fen = min(case.total_fen + more, FEN_MAX)
    wider = replace(case, total_fen=bill_fen)
    higher = replace(wider, in_scope_fen=min(case.in_scope_fen + more, bill_fen))
    less, greater = calculated(policy, wider, year), calculated(policy, higher, year)
    assert greater.fund_total_fen >= less.fund_total_fen


def test_a_deductible_by_share_and_fee_classes_are_the_rules_that_say_otherwise() -> None:
    by_share = made_policy(
        stay=stay(deductible=share("10%", Of.IN_SCOPE), limit=limit("1000", Counts.FEE))
    )
    less, more = (calculate(by_share, made_case(one), YearToDate()) for one in ("1000", "2000"))
    assert (less.pool_fen, more.pool_fen) == (720_00, 640_00)
    by_class = made_policy(
        fee_classes=frozenset({"class_b"}),
        stay=stay(
            deductible=yuan("0"),
            bands=bands("- 50%"),
            class_rates={"class_b": rate("90%")},
            limit=limit("1000", Counts.FEE),
        ),
    )
    classes = {"class_b": 1000_00}
    cases_of = [made_case(one, in_scope_by_class=classes) for one in ("1000", "2000")]
    less, more = (calculate(by_class, one, YearToDate()) for one in cases_of)
    assert (less.pool_fen, more.pool_fen) == (900_00, 500_00)


def _turned(amounts: Mapping[str, int]) -> dict[str, int]:
    return dict(reversed([*amounts.items()]))


@given(policy=policies(), case=cases(), year=years, order=st.randoms())
def test_the_order_of_lines_classes_parameters_and_counters_is_irrelevant(
    policy: Policy, case: Case, year: YearToDate, order: Random
) -> None:
    lines = list(case.lines)
    order.shuffle(lines)
    turned = replace(
        case,
        lines=tuple(lines),
        in_scope_by_class=_turned(case.in_scope_by_class),
        parameters=_turned(case.parameters),
    )
    turned_year = replace(year, counters=_turned(year.counters))
    assert calculated(policy, turned, turned_year) == calculated(policy, case, year)


@given(policy=policies(), case=cases(), year=years)
def test_a_case_that_is_taken_back_leaves_the_year_as_it_was(
    policy: Policy, case: Case, year: YearToDate
) -> None:
    delta = calculated(policy, case, year).delta
    assert year.plus(delta).minus(delta) == year


@given(policy=policies(), case=cases(), year=years)
def test_calculating_changes_nothing_and_says_the_same_again(
    policy: Policy, case: Case, year: YearToDate
) -> None:
    before = copy.deepcopy((policy, case, year))
    first = calculated(policy, case, year)
    first.delta.plus(first.delta)
    assert calculated(policy, case, year) == first
    assert (policy, case, year) == before


@given(policy=policies(), case=cases(), year=years)
def test_a_stored_working_reads_like_the_new_one_and_differs_in_nothing(
    policy: Policy, case: Case, year: YearToDate
) -> None:
    result = calculated(policy, case, year)
    stored = steps_from_json(steps_as_json(result))
    assert stored == result.steps
    assert explain_steps(stored) == explain(result)[1:-1]
    assert differences(result, replace(result, steps=stored)) == []


@given(case=cases(), year=years)
def test_a_yearly_cap_is_never_passed(case: Case, year: YearToDate) -> None:
    """Whatever the year so far: after the case it is at most the larger of it and the cap."""
    made = made_policy(
        level_used={4: 3},
        clinics={CareKind.CHRONIC: clinic(ceilings=((Period.YEAR, limit("1000")),))},
    )
    of = replace(case, kind=CareKind.CHRONIC, in_scope_by_class={}, parameters={})
    after = year.plus(calculate(made, of, year).delta)
    assert after.chronic_pool_fen <= max(year.chronic_pool_fen, 1000_00)
