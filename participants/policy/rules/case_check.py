"""Refuses a case that is outside the policy's world or contradicts itself."""

from contracts.money import FEN_MAX
from participants.policy.choice import By, NoBranch
from participants.policy.model import Case, CaseRefused, Policy
from participants.policy.rules.facts import LEVEL_KEYS

AGE_MAX = 130

FIELD_OF = {
    By.PERSON: "person_type",
    By.LEVEL: "hospital_level",
    By.CLASS: "disease",
    By.AGE: "age_years",
    By.INSURED: "months_insured",
    By.STAY: "stays",
}


def check(policy: Policy, case: Case) -> None:
    """Raises CaseRefused with the field and a Chinese text."""
    if case.person_type not in policy.person_types:
        raise CaseRefused("person_type", f"本政策不适用于该人员类别：{case.person_type}")
    youngest, oldest = policy.ages
    if not max(youngest, 0) <= case.age_years <= min(oldest, AGE_MAX):
        text = f"年龄不在本政策范围（{youngest}–{oldest} 岁）内：{case.age_years}"
        raise CaseRefused("age_years", text)
    if not 0 <= case.hospital_level < len(LEVEL_KEYS):
        raise CaseRefused("hospital_level", f"没有这样的医院等级：{case.hospital_level}")
    _check_amounts(policy, case)
    if case.months_insured is not None and case.months_insured < 0:
        raise CaseRefused("months_insured", "参保月数不能为负")
    if case.diseases_approved < 0:
        raise CaseRefused("diseases_approved", "慢特病病种数不能为负")
    if policy.parameters or case.parameters:
        _check_parameters(policy, case)


def _check_amounts(policy: Policy, case: Case) -> None:
    if not 0 <= case.total_fen <= FEN_MAX:
        raise CaseRefused("total_fen", "总额不合理：不能为负，也不能过大")
    if not 0 <= case.in_scope_fen <= case.total_fen:
        raise CaseRefused("in_scope_fen", "金额不合理：应为 0 ≤ 政策范围内 ≤ 总额")
    for name in ("account_balance_fen", "family_balance_fen"):
        if getattr(case, name) < 0:
            raise CaseRefused(name, "个人账户余额不能为负")
    if case.in_scope_by_class:
        _check_classes(policy, case)
    for line in case.lines:
        if not 0 <= line.amount_fen <= case.total_fen:
            raise CaseRefused("lines", f"明细金额不合理：{line.category}")


def _check_classes(policy: Policy, case: Case) -> None:
    for name, fee_fen in case.in_scope_by_class.items():
        if name not in policy.fee_classes:
            raise CaseRefused("in_scope_by_class", f"本政策没有这一费用类别：{name}")
        if fee_fen < 0:
            raise CaseRefused("in_scope_by_class", f"费用不能为负：{name}")
    if sum(case.in_scope_by_class.values()) > case.in_scope_fen:
        raise CaseRefused("in_scope_by_class", "各类费用之和超过政策范围内费用")


def _check_parameters(policy: Policy, case: Case) -> None:
    for name, fen in case.parameters.items():
        if name not in policy.parameters:
            raise CaseRefused("parameters", f"本政策没有这一参数：{name}")
        if not 0 < fen <= FEN_MAX:
            raise CaseRefused(f"parameters.{name}", "参数不合理：应大于 0，也不能过大")
    for name in policy.parameters:
        if name not in case.parameters and name not in policy.defaults:
            raise CaseRefused("parameters", f"缺少参数：{name}")


def refusal_of(unknown: NoBranch) -> CaseRefused:
    """A tree of the policy has no branch for the case."""
    return CaseRefused(FIELD_OF[unknown.by], f"本政策没有相应的档次：{unknown.value}")
