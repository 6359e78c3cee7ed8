"""结算预检: the area's own checks of care that may be settled, by the rules that settle it."""

from contracts.messages.enquiry import Check, CheckName
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode
from participants.insured.domain.calculation import NoBenefit, decide
from participants.insured.domain.entitlement import Facts, refusals
from participants.insured.domain.fixes import fix_of
from participants.insured.domain.insurance_year import Used

NO_BILL = Bill(
    total_fen=0, fully_own_fen=0, over_ceiling_fen=0, first_self_pay_fen=0, in_scope_fen=0
)
"""Nobody knows the bill yet; a policy says no to a case, never to an amount that adds up."""
OURS = (CheckName.INSURANCE, CheckName.CHRONIC, CheckName.POLICY)

Finding = tuple[CheckName, RefusalCode, str]


def checks(facts: Facts) -> tuple[Check, ...]:
    """Every finding, and a passed check for each of OURS that was looked at without one.

    All pass exactly when `decide` grants a benefit for the same care and a bill that adds up.
    Of somebody who is not insured here only the insurance is judged.
    """
    found = list(refusals(facts)) or _by_the_policy(facts)
    failed = {name for name, _, _ in found}
    looked_at = OURS if facts.found is not None else (CheckName.INSURANCE,)
    told = [Check(name=name, passed=True) for name in looked_at if name not in failed]
    told += [_failed(finding) for finding in found]
    order = list(CheckName)
    return tuple(sorted(told, key=lambda check: order.index(check.name)))


def _by_the_policy(facts: Facts) -> list[Finding]:
    outcome = decide(facts, Used())
    if isinstance(outcome, NoBenefit):
        return [(CheckName.POLICY, outcome.code, outcome.detail)]
    return []


def _failed(finding: Finding) -> Check:
    name, code, detail = finding
    return Check(name=name, passed=False, code=code, fix=fix_of(code, detail))
