"""The benefit engine: an ordered table of pure rules, each moving fen of one bill on."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from contracts.codes import Fund, VisitKind
from contracts.money import FEN_MAX
from participants.policy.chronic_rules import chronic_share, chronic_threshold
from participants.policy.model import Bearer, Case, CaseRefused, Policy, Result, YearToDate
from participants.policy.rules import account, cash, out_of_scope, uncovered
from participants.policy.stay_rules import bands, deductible, large_sum
from participants.policy.working import Facts, Working

Rule = Callable[[Working, Facts], Working]
AGE_MAX = 130


class Route(StrEnum):
    """Which list of rules a case goes through."""

    STAY = "stay"  # inpatient, and outpatient treatment that is paid like a stay
    CHRONIC = "chronic"  # 门诊慢特病 with a threshold and cap of its own
    UNPOOLED = "unpooled"  # ordinary outpatient and pharmacy: nothing from the pool


# The order is the order of payers: funds first, then the person's account, then cash.
# fmt: off
RULES: Mapping[Route, tuple[Rule, ...]] = {
    Route.STAY:     (out_of_scope, deductible, bands, large_sum, uncovered, account, cash),
    Route.CHRONIC:  (out_of_scope, chronic_threshold, chronic_share, uncovered, account, cash),
    Route.UNPOOLED: (out_of_scope, uncovered, account, cash),
}
# fmt: on


def calculate(policy: Policy, case: Case, year: YearToDate) -> Result:
    """Who pays what of `case`, given what the person used of the year; amounts in fen.

    Raises CaseRefused when the case lies outside the policy's world or contradicts itself.
    """
    _check(policy, case)
    facts, route = Facts(policy, case, year), route_of(policy, case)
    work = Working(open_fen=case.total_fen)
    for rule in RULES[route]:
        work = rule(work, facts)
        assert work.bill_fen == case.total_fen, rule.__name__
    assert work.paid_fen == case.total_fen, "somebody pays every fen"
    return _result(facts, route, work)


def route_of(policy: Policy, case: Case) -> Route:
    if case.visit_kind is VisitKind.INPATIENT or _paid_like_a_stay(policy, case):
        return Route.STAY
    if case.visit_kind is VisitKind.CHRONIC and policy.chronic is not None:
        return Route.CHRONIC
    return Route.UNPOOLED


def _paid_like_a_stay(policy: Policy, case: Case) -> bool:
    stay = policy.inpatient
    return case.visit_kind in stay.as_stay_kinds and not stay.as_stay_flags.isdisjoint(case.flags)


def _check(policy: Policy, case: Case) -> None:
    if case.person_type not in policy.person_types:
        raise CaseRefused("person_type", f"本政策不适用于该人员类别：{case.person_type}")
    if not 0 <= case.in_scope_fen <= case.total_fen <= FEN_MAX:
        raise CaseRefused("in_scope_fen", "金额不合理：应为 0 ≤ 政策范围内 ≤ 总额")
    if not 0 <= case.age_years <= AGE_MAX:
        raise CaseRefused("age_years", f"年龄不合理：{case.age_years}")
    if case.account_balance_fen < 0:
        raise CaseRefused("account_balance_fen", "个人账户余额不能为负")


def _result(facts: Facts, route: Route, work: Working) -> Result:
    shares: dict[Fund, int] = {}
    cash_fen = 0
    for step in work.steps:
        if isinstance(step.to, Fund):
            shares[step.to] = shares.get(step.to, 0) + step.amount_fen
        elif step.to is Bearer.CASH:
            cash_fen += step.amount_fen
    case = facts.case
    return Result(
        policy_id=facts.policy.id,
        total_fen=case.total_fen,
        in_scope_fen=case.in_scope_fen,
        shares=shares,
        cash_fen=cash_fen,
        deductible_fen=work.deductible_fen,
        steps=work.steps,
        delta=_delta(facts, route, work.deductible_fen, shares),
    )


def _delta(
    facts: Facts, route: Route, deductible_fen: int, shares: Mapping[Fund, int]
) -> YearToDate:
    chronic = facts.policy.chronic if route is Route.CHRONIC else None
    counts = route is Route.STAY or (chronic is not None and chronic.counts_toward_pool_limit)
    in_scope_fen, pool_fen = facts.case.in_scope_fen, shares.get(Fund.POOL, 0)
    return YearToDate(
        in_scope_fen=in_scope_fen if counts else 0,
        deductible_fen=deductible_fen,
        pool_fen=pool_fen,
        large_sum_fen=shares.get(Fund.LARGE_SUM, 0),
        chronic_in_scope_fen=in_scope_fen if chronic is not None else 0,
        chronic_pool_fen=pool_fen if chronic is not None else 0,
        stays=int(_is_counted_stay(facts)),
    )


def _is_counted_stay(facts: Facts) -> bool:
    if facts.case.visit_kind is not VisitKind.INPATIENT:
        return False
    return facts.policy.inpatient.counts_out_of_area_stays or not facts.case.out_of_area
