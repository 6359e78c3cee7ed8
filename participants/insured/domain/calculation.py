"""What a bill gives: the entitlement's rules first, then the policy engine."""

from dataclasses import dataclass
from typing import Any

from contracts.codes import Fund
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from participants.insured.domain.entitlement import Facts, refusal
from participants.policy import engine
from participants.policy.explain import steps_as_json
from participants.policy.model import Case, CaseRefused, Result, YearToDate


@dataclass(frozen=True, slots=True)
class Benefit:
    """Who pays what, what it adds to the person's year, and the working step by step."""

    policy_id: str
    shares: Shares
    deductible_fen: int
    delta: YearToDate
    steps: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class NoBenefit:
    """A considered no; `detail` in Chinese."""

    code: RefusalCode
    detail: str


# Where a policy says no to a case: what it says no to decides the code.
CODE_OF_FIELD = {
    "in_scope_fen": RefusalCode.PARTS_DO_NOT_ADD_UP,
    "age_years": RefusalCode.DATES_IMPOSSIBLE,
}


def decide(facts: Facts, year: YearToDate) -> Benefit | NoBenefit:
    """What the area gives for this bill, after what the person used of the year."""
    refused = refusal(facts)
    if refused is not None:
        return NoBenefit(*refused)
    policy = facts.policy
    assert policy is not None, "a rule refuses without a policy"
    try:
        return _benefit(engine.calculate(policy, case_of(facts), year))
    except CaseRefused as error:
        code = CODE_OF_FIELD.get(error.field, RefusalCode.NO_POLICY)
        return NoBenefit(code, error.text[:200])


def case_of(facts: Facts) -> Case:
    """The case as the engine knows cases; the age is that of the day of admission."""
    care, insurance = facts.care, facts.insurance
    return Case(
        visit_kind=care.visit_kind,
        person_type=insurance.person_type,
        age_years=insurance.age_years_on(care.admitted_on),
        hospital_level=care.hospital_level,
        total_fen=facts.bill.total_fen,
        in_scope_fen=facts.bill.in_scope_fen,
        out_of_area=facts.is_out_of_area,
        flags=frozenset(care.flags),
        account_use=care.use_account,
        account_balance_fen=insurance.account_balance_fen,
    )


def _benefit(result: Result) -> Benefit:
    return Benefit(
        policy_id=result.policy_id,
        shares=shares_of(result),
        deductible_fen=result.deductible_fen,
        delta=result.delta,
        steps=steps_as_json(result),
    )


def shares_of(result: Result) -> Shares:
    amounts_fen = {f"{fund.value}_fen": fen for fund, fen in result.shares.items() if fund in Fund}
    return Shares(**amounts_fen, cash_fen=result.cash_fen)
