"""What the rules may look at: policy, case and year, and where the case stands in the policy."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum

from participants.policy.benefits import CHRONIC_CODE, CareKind, Elsewhere, Terms
from participants.policy.choice import By
from participants.policy.model import Case, CaseRefused, Policy, YearToDate
from participants.policy.rules.wording import ELSEWHERE_TEXT

NO_CLASS = "class_none"
LEVEL_KEYS = tuple(f"level_{level}" for level in range(5))
# `months_insured` None is long enough: it reaches the last step of every tree.
INSURED_LONG_ENOUGH = 1_000


class Route(StrEnum):
    """Which list of rules a case goes through."""

    STAY = "stay"  # inpatient, and what is paid like it
    CLINIC = "clinic"  # outpatient, chronic or pharmacy care with a part of its own
    LUMP_SUM = "lump_sum"  # 生育定额
    UNPOOLED = "unpooled"  # nothing from the pool: aid, the account and cash
    NOTHING = "nothing"  # excluded, waiting, in arrears: no fund at all


@dataclass(frozen=True, slots=True)
class Denied:
    """Why no fund pays: the key in the policy file, and the words."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may look at.

    `terms`: how care elsewhere differs, None as at home. `where`: the place in each dimension
    of a tree. `kinds`: the care the case counts as; what is paid like a stay counts as one too.
    """

    policy: Policy
    case: Case
    year: YearToDate
    terms: Terms | None
    where: Mapping[By, str | int]
    route: Route
    kinds: frozenset[CareKind]
    denied: Denied | None

    @property
    def away(self) -> bool:
        return is_away(self.case)


_ONE_KIND = {kind: frozenset({kind}) for kind in CareKind}
_LIKE_A_STAY = {kind: frozenset({kind, CareKind.INPATIENT}) for kind in CareKind}


def facts_of(policy: Policy, case: Case, year: YearToDate) -> Facts:
    """Raises CaseRefused for a level or a kind that the policy does not know."""
    terms = None if case.elsewhere is None else policy.elsewhere.get(case.elsewhere)
    where: dict[By, str | int] = {
        By.PERSON: case.person_type,
        By.LEVEL: LEVEL_KEYS[_level(policy, case, terms)],
        By.CLASS: class_of(policy, case),
        By.AGE: case.age_years,
        By.INSURED: _year_of_insurance(case),
        By.STAY: year.stays + 1,
    }
    route = _route(policy, case)
    denied = _denied(policy, case, terms)
    kinds = (_LIKE_A_STAY if route is Route.STAY else _ONE_KIND)[case.kind]
    if denied is not None:
        route = Route.NOTHING
    return Facts(policy, case, year, terms, where, route, kinds, denied)


def is_away(case: Case) -> bool:
    """Whether the care is out of the area; a registrant treated back at home is not."""
    return case.elsewhere is not None and case.elsewhere is not Elsewhere.BACK_HOME


def _level(policy: Policy, case: Case, terms: Terms | None) -> int:
    level = case.hospital_level
    if terms is not None and terms.as_level is not None:
        level = terms.as_level
    used = policy.level_used.get(level, level)
    if used not in policy.levels:
        raise CaseRefused("hospital_level", f"本政策没有该医院等级：{case.hospital_level}")
    return used


def class_of(policy: Policy, case: Case) -> str:
    """The policy's class of the disease, else of a flag (first in the file), else none."""
    if not policy.classes:
        return NO_CLASS
    disease = listed(case.disease, policy.classes)
    if disease is not None:
        return policy.classes[disease]
    named = (name for code, name in policy.classes.items() if code in case.flags)
    return next(named, NO_CLASS)


def listed(disease: str | None, codes: Container[str]) -> str | None:
    """The code that stands for a disease in a policy's list; one ending in 00 has sub-items."""
    if disease is None or disease in codes:
        return disease
    whole = f"{disease[:4]}00"
    return whole if whole in codes and CHRONIC_CODE.fullmatch(disease) else None


def _year_of_insurance(case: Case) -> int:
    """Full years; fewer than one counts as the first."""
    if case.months_insured is None:
        return INSURED_LONG_ENOUGH
    return max(case.months_insured // 12, 1)


def _denied(policy: Policy, case: Case, terms: Terms | None) -> Denied | None:
    if case.flags:
        for exclusion in policy.exclusions:
            if exclusion.flag in case.flags:
                key = f"exclusions.{exclusion.flag}"
                return Denied(key, f"{exclusion.label}，不属于基金支付范围")
    months = case.months_insured
    if months is not None and months < policy.waiting_months:
        text = f"待遇等待期：连续缴费 {months} 个月，不满 {policy.waiting_months} 个月"
        return Denied("waiting_months", text)
    if not policy.pays_in_arrears and "in_arrears" in case.flags:
        return Denied("pays_in_arrears", "欠费期间，暂停待遇")
    if terms is not None and not terms.pays:
        assert case.elsewhere is not None, "terms belong to a category"
        return Denied(f"{terms.source}.pays", f"{ELSEWHERE_TEXT[case.elsewhere]}，基金不予支付")
    return None


def _route(policy: Policy, case: Case) -> Route:
    if case.kind is CareKind.MATERNITY and _has_lump_sum(policy, case):
        return Route.LUMP_SUM
    if policy.stay is not None and _is_like_a_stay(policy, case):
        return Route.STAY
    if case.kind in policy.clinics:
        return Route.CLINIC
    if not _has_a_part_for(policy, case.kind):
        raise CaseRefused("kind", f"本政策没有这类就医的待遇：{case.kind}")
    return Route.UNPOOLED


def _has_lump_sum(policy: Policy, case: Case) -> bool:
    part = policy.maternity
    if part is None or (part.only_out_of_area and not is_away(case)):
        return False
    return any(row.flag is None or row.flag in case.flags for row in part.lump_sums)


def _is_like_a_stay(policy: Policy, case: Case) -> bool:
    if case.kind in {CareKind.INPATIENT, CareKind.MATERNITY}:
        return True
    assert policy.stay is not None, "just looked"
    paid = policy.stay.as_stay
    if case.kind not in paid.kinds:
        return False
    return not paid.flags.isdisjoint(case.flags) or bool(listed(case.disease, paid.diseases))


def _has_a_part_for(policy: Policy, kind: CareKind) -> bool:
    """Chronic care without a part of its own is uncovered; it is not a stranger."""
    if kind is CareKind.CHRONIC or (kind is CareKind.MATERNITY and policy.maternity is not None):
        return True
    kinds = {*policy.account.kinds}
    kinds.update(*(row.kinds for row in policy.large_sum))
    kinds.update(*(row.kinds for row in policy.supplements), *(row.kinds for row in policy.aids))
    return kind in kinds
