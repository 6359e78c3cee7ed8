"""The benefit engine: an ordered table of rules, each moving fen of one bill on."""

from collections.abc import Callable, Mapping

from participants.policy.choice import NoBranch
from participants.policy.model import Case, Policy, Result, YearToDate
from participants.policy.rules.aid import aids
from participants.policy.rules.case_check import AGE_MAX, check, refusal_of
from participants.policy.rules.clinic import clinic_share, fee_ceiling, threshold, visit_self_pay
from participants.policy.rules.every_visit import (
    account,
    cash,
    not_entitled,
    out_of_scope,
    uncovered,
)
from participants.policy.rules.facts import Facts, Route, facts_of
from participants.policy.rules.first_self_pay import first_self_pay, first_self_pay_elsewhere
from participants.policy.rules.large_sum import large_sum
from participants.policy.rules.maternity import lump_sum
from participants.policy.rules.stay import stay_by_bands
from participants.policy.rules.supplement import supplements
from participants.policy.rules.working import Working
from participants.policy.rules.year_delta import delta_of

__all__ = ["AGE_MAX", "RULES", "calculate"]

Rule = Callable[[Working, Facts], None]

# The order is the order of payers: funds first, then aid, the person's account, then cash.
SCOPE: tuple[Rule, ...] = (out_of_scope, first_self_pay, first_self_pay_elsewhere)
CLINIC: tuple[Rule, ...] = (visit_self_pay, threshold, fee_ceiling, clinic_share)
REST: tuple[Rule, ...] = (supplements, aids, account, cash)
# fmt: off
RULES: Mapping[Route, tuple[Rule, ...]] = {
    Route.STAY:     (*SCOPE, stay_by_bands, large_sum, uncovered, *REST),
    Route.CLINIC:   (*SCOPE, *CLINIC,       large_sum, uncovered, *REST),
    Route.UNPOOLED: (*SCOPE,                large_sum, uncovered, *REST),
    Route.LUMP_SUM: (lump_sum, *REST),
    Route.NOTHING:  (not_entitled, cash),
}
# fmt: on


def calculate(policy: Policy, case: Case, year: YearToDate) -> Result:
    """Who pays what of `case`, given what the person used of the year; amounts in fen.

    Raises CaseRefused when the case lies outside the policy's world or contradicts itself.
    """
    check(policy, case)
    facts = facts_of(policy, case, year)
    work = Working(case.total_fen)
    try:
        for rule in RULES[facts.route]:
            rule(work, facts)
            assert work.bill_fen == case.total_fen, rule.__name__
    except NoBranch as unknown:
        raise refusal_of(unknown) from unknown
    assert work.paid_fen == case.total_fen, "somebody pays every fen"
    assert sum(work.shares.values()) + work.cash_fen == case.total_fen, "the shares say who"
    return Result(
        policy_id=policy.id,
        total_fen=case.total_fen,
        in_scope_fen=case.in_scope_fen,
        shares=work.shares,
        cash_fen=work.cash_fen,
        deductible_fen=work.deductible_fen,
        steps=tuple(work.steps),
        delta=delta_of(work, facts),
        beyond_bill_fen=work.beyond_bill_fen,
        own_account_fen=work.own_account_fen,
    )
