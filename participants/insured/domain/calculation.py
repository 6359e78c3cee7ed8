"""What a bill gives: the entitlement's rules first, then the policy engine."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.codes import VisitKind
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from participants.insured.domain.entitlement import Facts, refusal
from participants.insured.domain.insurance_year import Used, days_around_new_year, is_split
from participants.policy.benefits import CareKind, Elsewhere
from participants.policy.engine import calculate
from participants.policy.model import Case, CaseRefused, Policy, Result, YearToDate
from participants.policy.year_boundary import calculate_split


@dataclass(frozen=True, slots=True)
class Benefit:
    """Who pays what, with the working, and what it adds to the person's years.

    `delta` is for the year of the care's last day, `delta_before` for the year before it, None
    when the bill is not split.
    """

    result: Result
    shares: Shares
    delta: YearToDate
    delta_before: YearToDate | None = None


@dataclass(frozen=True, slots=True)
class NoBenefit:
    """A considered no; `detail` in Chinese."""

    code: RefusalCode
    detail: str


_C = RefusalCode
# Where a policy says no to a case: what it says no to decides the code.
# fmt: off
CODE_OF_FIELD: Mapping[str, RefusalCode] = {
    "kind":                _C.NO_POLICY,
    "person_type":         _C.NO_POLICY,
    "age_years":           _C.NO_POLICY,
    "hospital_level":      _C.NO_POLICY,
    "disease":             _C.NO_POLICY,
    "stays":               _C.NO_POLICY,
    "parameters":          _C.NO_POLICY,
    "diseases_approved":   _C.NO_POLICY,
    "account_balance_fen": _C.NO_POLICY,
    "family_balance_fen":  _C.NO_POLICY,
    "months_insured":      _C.INSURANCE_NOT_IN_FORCE,
    "total_fen":           _C.PARTS_DO_NOT_ADD_UP,
    "in_scope_fen":        _C.PARTS_DO_NOT_ADD_UP,
    "in_scope_by_class":   _C.PARTS_DO_NOT_ADD_UP,
    "lines":               _C.PARTS_DO_NOT_ADD_UP,
}
CARE_KIND_OF: Mapping[VisitKind, CareKind] = {
    VisitKind.INPATIENT:  CareKind.INPATIENT,
    VisitKind.OUTPATIENT: CareKind.OUTPATIENT,
    VisitKind.CHRONIC:    CareKind.CHRONIC,
    VisitKind.PHARMACY:   CareKind.PHARMACY,
}
# fmt: on
BIRTH_FLAGS = frozenset(
    {
        "maternity",
        "normal_birth",
        "difficult_birth",
        "caesarean",
        "caesarean_with_surgery",
        "prenatal",
    }
)
"""With one of these a stay or an outpatient visit is 生育, where the policy has a lump sum."""
OURS = frozenset({"in_arrears", "civil_servant"})
"""What our own books say of a person; a hospital's word on it counts for nothing."""


def decide(facts: Facts, used: Used) -> Benefit | NoBenefit:
    """What the area gives for this bill, after what the person used of the years.

    A bill over the New Year that the policy splits is one of the policy of the discharge day: a
    stay has one policy, and its part in the old year is paid by the same rules.
    """
    refused = refusal(facts)
    if refused is not None:
        return NoBenefit(*refused)
    policy = facts.policy
    assert policy is not None, "a rule refuses without a policy"
    try:
        return _benefit(policy, case_of(facts, policy), facts, used)
    except CaseRefused as error:
        code = CODE_OF_FIELD.get(error.field, RefusalCode.NO_POLICY)
        return NoBenefit(code, error.text[:200])


def _benefit(policy: Policy, case: Case, facts: Facts, used: Used) -> Benefit:
    if not is_split(policy, case.kind, facts.care):
        result = calculate(policy, case, used.year)
        return Benefit(result, shares_of(result), result.delta)
    days = days_around_new_year(facts.care)
    both = calculate_split(policy, case, days, (used.year_before, used.year))
    return Benefit(both.whole, shares_of(both.whole), both.new_year, both.old_year)


def case_of(facts: Facts, policy: Policy) -> Case:
    """The case as the engine knows cases; age and months insured are those of the admission.

    Everything else is of the care's last day: the month, the parameters, the approved diseases.
    The family's wallet is not in our books. Raises CaseRefused for a parameter that the area
    does not give: what a policy assumes where none is given is no ground for a settlement.
    """
    care, insurance, last_day = facts.care, facts.insurance, facts.care.discharged_on
    return Case(
        kind=kind_of(facts, policy),
        person_type=insurance.person_type,
        age_years=insurance.age_years_on(care.admitted_on),
        hospital_level=care.hospital_level,
        total_fen=facts.bill.total_fen,
        in_scope_fen=facts.bill.in_scope_fen,
        elsewhere=facts.column,
        disease=care.disease_code,
        flags=flags_of(facts),
        months_insured=insurance.months_insured_on(care.admitted_on),
        month=last_day.isoformat()[:7],
        diseases_approved=facts.diseases_approved,
        account_use=care.use_account,
        account_balance_fen=insurance.account_balance_fen,
        parameters=_parameters(facts, policy) if policy.parameters else {},
    )


def kind_of(facts: Facts, policy: Policy) -> CareKind:
    """The care's kind; 生育 where the visit says so and the policy pays a lump sum for it."""
    care, part = facts.care, policy.maternity
    kind = CARE_KIND_OF[care.visit_kind]
    if part is None or not care.flags or kind not in {CareKind.INPATIENT, CareKind.OUTPATIENT}:
        return kind
    is_home = facts.column in {None, Elsewhere.BACK_HOME}
    if BIRTH_FLAGS.isdisjoint(care.flags) or (part.only_out_of_area and is_home):
        return kind
    has_row = any(row.flag is None or row.flag in care.flags for row in part.lump_sums)
    return CareKind.MATERNITY if has_row else kind


def flags_of(facts: Facts) -> frozenset[str]:
    """What the hospital says of the visit, and our books of the person."""
    flags = frozenset(facts.care.flags) - OURS
    return flags | {"civil_servant"} if facts.insurance.civil_servant else flags


def shares_of(result: Result) -> Shares:
    amounts_fen = {f"{fund.value}_fen": fen for fund, fen in result.shares.items()}
    return Shares(**amounts_fen, cash_fen=result.cash_fen)


def _parameters(facts: Facts, policy: Policy) -> dict[str, int]:
    known = facts.area.parameters_on(facts.care.discharged_on)
    missing = sorted(policy.parameters - known.keys())
    if missing:
        raise CaseRefused("parameters", f"参保地规则没有给出政策参数：{'、'.join(missing)}")
    return {name: known[name] for name in policy.parameters}
