"""Reads a case from plain JSON values, every key of it optional, and writes a result as them."""

from collections.abc import Mapping
from typing import Any

from contracts.codes import PersonType
from contracts.money import yuan_from_fen as yuan
from contracts.refusal import RefusalCode
from participants.policy.benefits import CareKind
from participants.policy.cases.fields import CaseFileWrong, amount, table, wrong
from participants.policy.cases.keys import TOP, YEAR_KEYS
from participants.policy.explain import rate_text
from participants.policy.model import Case, Line, Policy, Result, YearToDate
from participants.policy.reading.world import known_flags

# Parameters that any case may bring, and what stands for one that neither the case nor the policy
# gives. Those that a policy does not ask for change nothing.
PARAMETERS: Mapping[str, int] = {"average_wage": 12_000_00}


def case_of_json(policy: Policy, data: Any) -> tuple[Case, YearToDate]:
    """The case and the year so far; CaseRefused with the key's path and a Chinese text.

    Defaults: the policy's first person type (active before retired), 40 years of age (a minor 10),
    3 years insured, level 1 (or the policy's lowest), the first stay, at home, no disease, no
    flags, an inpatient stay (or the policy's first kind), nothing used of the year. Of total and
    in-scope amount either stands for the other; without both the bill is zero. The account pays
    when an amount for it is given, unless `use_account` says otherwise. The average wage is the
    policy's default, or 12,000.00 yuan. Of chronic care, `outpatient_in_scope` of the year stands
    for a `chronic_in_scope` that is not given.
    """
    top = table(data, "", TOP)
    insured, visit = top.get("insured", {}), top.get("visit", {})
    person_type = insured.get("person_type", _first_person(policy))
    total_fen, in_scope_fen = _amounts(top.get("amounts_yuan", {}))
    own_fen, family_fen = top.get("account_yuan", 0), top.get("family_account_yuan", 0)
    kind = visit.get("kind") or _first_kind(policy)
    case = Case(
        kind=kind,
        person_type=person_type,
        age_years=insured.get("age", 10 if person_type is PersonType.RESIDENT_MINOR else 40),
        hospital_level=visit.get("level", _first_level(policy)),
        total_fen=total_fen,
        in_scope_fen=in_scope_fen,
        elsewhere=visit.get("out_of_area"),
        disease=visit.get("disease"),
        flags=_flags(policy, visit.get("flags", frozenset())),
        months_insured=insured.get("months_insured", 12 * insured.get("years_insured", 3)),
        month=visit.get("month", ""),
        diseases_approved=insured.get("diseases_approved", 1),
        in_scope_by_class=_by_class(policy, top.get("in_scope_by_class_yuan", {}), in_scope_fen),
        lines=_within(top.get("lines", ()), total_fen),
        account_use=top.get("use_account", own_fen + family_fen > 0),
        account_balance_fen=own_fen,
        family_balance_fen=family_fen,
        parameters=_parameters(policy, top.get("parameters", {})),
    )
    return case, _year(kind, top.get("year_to_date_yuan", {}), visit.get("stay_in_year", 1) - 1)


def days_of_json(data: Any) -> tuple[int, int]:
    """The days of a stay before and after the New Year, of a case that `case_of_json` has read."""
    visit = data.get("visit") or {}
    return visit.get("days_before_new_year") or 0, visit.get("days_after_new_year") or 0


def _amounts(given: Mapping[str, int]) -> tuple[int, int]:
    total_fen = given.get("total", given.get("in_scope", 0))
    in_scope_fen = given.get("in_scope", total_fen)
    if in_scope_fen > total_fen:
        text = f"政策范围内 {yuan(in_scope_fen)} 元超过总额 {yuan(total_fen)} 元"
        raise CaseFileWrong(RefusalCode.PARTS_DO_NOT_ADD_UP, "amounts_yuan.in_scope", text)
    return total_fen, in_scope_fen


def _by_class(policy: Policy, data: Any, in_scope_fen: int) -> dict[str, int]:
    field = "in_scope_by_class_yuan"
    found = table(data, field, dict.fromkeys(sorted(policy.fee_classes), amount))
    if sum(found.values()) > in_scope_fen:
        text = f"各类费用之和 {yuan(sum(found.values()))} 元超过政策范围内 {yuan(in_scope_fen)} 元"
        raise CaseFileWrong(RefusalCode.PARTS_DO_NOT_ADD_UP, field, text)
    return found


def _flags(policy: Policy, given: frozenset[str]) -> frozenset[str]:
    """A flag that nothing defines would change nothing, and nobody would see why."""
    known = {*known_flags(), *policy.classes, *(one.flag for one in policy.exclusions)}
    for flag in sorted(given - known):
        raise wrong("visit.flags", f"没有这个标志：{flag}，可用的有：{'、'.join(sorted(known))}")
    return given


def _within(lines: tuple[Line, ...], total_fen: int) -> tuple[Line, ...]:
    sum_fen = sum(line.amount_fen for line in lines)
    if sum_fen > total_fen:
        text = f"明细之和 {yuan(sum_fen)} 元超过总额 {yuan(total_fen)} 元"
        raise CaseFileWrong(RefusalCode.PARTS_DO_NOT_ADD_UP, "lines", text)
    return lines


def _parameters(policy: Policy, data: Any) -> dict[str, int]:
    wanted = {name.removesuffix("_fen") for name in policy.parameters}
    keys = {f"{name}_yuan": amount for name in sorted({*PARAMETERS, *wanted})}
    given = table(data, "parameters", keys)
    defaults = {**{f"{name}_fen": fen for name, fen in PARAMETERS.items()}, **policy.defaults}
    fens = {f"{name}_fen": given.get(f"{name}_yuan") for name in wanted}
    return {
        name: defaults[name] if fen is None else fen
        for name, fen in fens.items()
        if fen is not None or name in defaults
    }


def _year(kind: CareKind, given: Mapping[str, Any], stays: int) -> YearToDate:
    if kind is CareKind.CHRONIC:
        given = {"chronic_in_scope": given.get("outpatient_in_scope", 0), **given}
    used = {name: given.get(key, 0) for key, name in YEAR_KEYS.items()}
    return YearToDate(**used, stays=stays, counters=given.get("counters", {}))


def _first_person(policy: Policy) -> PersonType:
    return next(one for one in PersonType if one in policy.person_types)


def _first_level(policy: Policy) -> int:
    known = {*policy.levels, *policy.level_used}
    return 1 if 1 in known or not known else min(known)


def _first_kind(policy: Policy) -> CareKind:
    if policy.stay is not None:
        return CareKind.INPATIENT
    kinds = set(policy.clinics).union(*(aid.kinds for aid in policy.aids))
    if policy.maternity is not None and not kinds:
        return CareKind.MATERNITY
    return next((kind for kind in CareKind if kind in kinds), CareKind.INPATIENT)


def result_as_json(result: Result) -> dict[str, Any]:
    """Who pays what in yuan as text, the steps, and what the case adds to the year."""
    return {
        "policy": result.policy_id,
        "total": yuan(result.total_fen),
        "in_scope": yuan(result.in_scope_fen),
        "deductible": yuan(result.deductible_fen),
        "pool": yuan(result.pool_fen),
        "large_sum": yuan(result.large_sum_fen),
        "supplement": yuan(result.supplement_fen),
        "aid": yuan(result.aid_fen),
        "account": yuan(result.account_fen),
        "cash": yuan(result.cash_fen),
        "fund_total": yuan(result.fund_total_fen),
        "beyond_bill": yuan(result.beyond_bill_fen),
        "shares": {fund.value: yuan(fen) for fund, fen in result.shares.items() if fen},
        "steps": [
            {
                "rule": step.rule,
                "source": step.source,
                "base": yuan(step.base_fen),
                "rate": None if step.rate_bp is None else rate_text(step.rate_bp),
                "amount": yuan(step.amount_fen),
                "to": step.to.value,
                "left": yuan(step.left_fen),
                "text": step.text,
            }
            for step in result.steps
        ],
        "adds_to_year": year_as_json(result.delta),
    }


def year_as_json(year: YearToDate) -> dict[str, Any]:
    """A year's amounts under the keys that a case file's `year_to_date_yuan` has."""
    return {
        **{key: yuan(getattr(year, name)) for key, name in YEAR_KEYS.items()},
        "counters": {name: yuan(fen) for name, fen in year.counters.items()},
    }
