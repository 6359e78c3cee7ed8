"""Why an area calculates nothing: an ordered table of codes and pure rules."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from contracts.chronic import disease_of
from contracts.clock import shanghai_date_of
from contracts.codes import InsuranceKind, VisitKind, area_of
from contracts.messages.enquiry import CheckName
from contracts.messages.settlement import Care, Standing
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode
from participants.insured.domain.area import Area
from participants.insured.domain.benefit_category import (
    Treated,
    category_for_benefit,
    column_of_policy,
)
from participants.insured.domain.eligibility import Eligibility, approved_on, is_eligible
from participants.insured.domain.insurance import Insurance, months_after
from participants.policy.benefits import Elsewhere
from participants.policy.model import Policy

CLOCKS_APART_MAX = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Known:
    """What the area's books say about one person; empty when nobody knows the person."""

    insurances: Mapping[InsuranceKind, Insurance]
    eligibilities: tuple[Eligibility, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may look at. `insurance` None: not insured in that kind, or not at all.

    `policy` is that of the day the care ended, which also decides the year. `paid_as` is as what
    the care counts, `column` the table of the policy that pays it; both None at home. `today` is
    the day in China when a bill comes; None where care is only planned or thought of.
    """

    area: Area
    care: Care
    bill: Bill
    standing: Standing
    known: Known
    found: Insurance | None
    policy: Policy | None
    paid_as: Elsewhere | None = None
    column: Elsewhere | None = None
    today: date | None = None

    @property
    def insurance(self) -> Insurance:
        """The insurance that is asked for; only after the rules have found it."""
        assert self.found is not None, "a rule refuses without an insurance"
        return self.found

    @property
    def diseases_approved(self) -> int:
        """For how many chronic diseases the person is entitled on the care's last day."""
        return approved_on(self._of_this_insurance(), self.care.discharged_on)

    @property
    def is_eligible(self) -> bool:
        """Whether the person is entitled for the care's disease on the day of admission."""
        known = self._of_this_insurance()
        return is_eligible(known, self.care.disease_code, self.care.admitted_on)

    @property
    def entitled_from(self) -> date:
        """The end of the waiting period 待遇等待期, counted from the start of the insurance."""
        months = self.policy.waiting_months if self.policy is not None else 0
        return months_after(self.insurance.in_force_from, months)

    def _of_this_insurance(self) -> list[Eligibility]:
        kind = self.care.insurance_kind
        return [one for one in self.known.eligibilities if one.insurance_kind is kind]


def facts_of(
    area: Area,
    care: Care,
    bill: Bill,
    standing: Standing,
    known: Known,
    *,
    today: date | None = None,
) -> Facts:
    """The facts of one request; without an insurance nobody can say what is home."""
    insurance = known.insurances.get(care.insurance_kind)
    if insurance is None:
        return Facts(area, care, bill, standing, known, None, None, today=today)
    policy = area.policy_for(insurance, care.discharged_on)
    treated = Treated(area, care, standing, insurance.division)
    paid_as, column = category_for_benefit(treated), column_of_policy(treated)
    return Facts(area, care, bill, standing, known, insurance, policy, paid_as, column, today)


Refuses = Callable[[Facts], bool]


def _unknown_place(facts: Facts) -> bool:
    return area_of(facts.care.treatment_division) is None


def _bill_does_not_add_up(facts: Facts) -> bool:
    return not facts.bill.adds_up()


def _left_before_arriving(facts: Facts) -> bool:
    return facts.care.discharged_on < facts.care.admitted_on


def _has_not_ended(facts: Facts) -> bool:
    return facts.today is not None and facts.care.discharged_on > facts.today


def today_of(now: datetime) -> date:
    """For facts_of. At midnight a clock in the treatment area may be a little ahead of ours."""
    return shanghai_date_of(now + CLOCKS_APART_MAX)


def _not_born_yet(facts: Facts) -> bool:
    return facts.found is not None and facts.care.admitted_on < facts.found.born_on


def _nobody_knows_the_person(facts: Facts) -> bool:
    return not facts.known.insurances


def _not_insured_in_that_kind(facts: Facts) -> bool:
    return bool(facts.known.insurances) and facts.found is None


def _insured_elsewhere(facts: Facts) -> bool:
    return facts.found is not None and facts.care.insured_division != facts.found.division


def _not_in_force(facts: Facts) -> bool:
    return facts.found is not None and not facts.found.in_force_on(facts.care.admitted_on)


def _in_arrears(facts: Facts) -> bool:
    if facts.policy is not None and facts.policy.pays_in_arrears:
        return False
    return facts.found is not None and facts.found.in_arrears_on(facts.care.admitted_on)


def _disease_not_open(facts: Facts) -> bool:
    is_open = disease_of(facts.care.disease_code, facts.care.admitted_on) is not None
    return facts.care.visit_kind is VisitKind.CHRONIC and not is_open


def _not_eligible(facts: Facts) -> bool:
    kind = facts.care.visit_kind
    if kind is not VisitKind.CHRONIC or facts.found is None or _disease_not_open(facts):
        return False
    return not facts.is_eligible


def _no_policy(facts: Facts) -> bool:
    return facts.found is not None and facts.policy is None


def _still_waiting(facts: Facts) -> bool:
    return facts.policy is not None and facts.care.admitted_on < facts.entitled_from


# The order is the precedence. Each rule speaks for itself: what it cannot know it does not refuse,
# so that a pre-flight tells all that is in the way and not only the first. The name is the check
# that a refusal belongs to there.
_C, _N = RefusalCode, CheckName
# fmt: off
RULES: tuple[tuple[CheckName, RefusalCode, str, Refuses], ...] = (
    (_N.REQUEST,   _C.UNKNOWN_AREA,             "就医地", _unknown_place),
    (_N.REQUEST,   _C.PARTS_DO_NOT_ADD_UP,      "", _bill_does_not_add_up),
    (_N.REQUEST,   _C.DATES_IMPOSSIBLE,         "出院日期早于入院日期", _left_before_arriving),
    (_N.REQUEST,   _C.DATES_IMPOSSIBLE,         "出院日期晚于今天", _has_not_ended),
    (_N.REQUEST,   _C.DATES_IMPOSSIBLE,         "入院（就诊）日期早于出生日期", _not_born_yet),
    (_N.INSURANCE, _C.PERSON_UNKNOWN,           "", _nobody_knows_the_person),
    (_N.INSURANCE, _C.INSURANCE_KIND_DIFFERS,   "未参加该险种", _not_insured_in_that_kind),
    (_N.INSURANCE, _C.INSURED_ELSEWHERE,        "", _insured_elsewhere),
    (_N.INSURANCE, _C.INSURANCE_NOT_IN_FORCE,   "入院（就诊）日期不在参保有效期内", _not_in_force),
    (_N.INSURANCE, _C.IN_ARREARS,               "入院（就诊）日期在欠费期内", _in_arrears),
    (_N.CHRONIC,   _C.CHRONIC_DISEASE_NOT_OPEN, "", _disease_not_open),
    (_N.CHRONIC,   _C.CHRONIC_NOT_ELIGIBLE,     "", _not_eligible),
    (_N.POLICY,    _C.NO_POLICY,                "", _no_policy),
    (_N.POLICY,    _C.INSURANCE_NOT_IN_FORCE,   "尚在待遇等待期内", _still_waiting),
)
# fmt: on


def refusals(facts: Facts) -> Iterable[tuple[CheckName, RefusalCode, str]]:
    """Every rule that refuses, in the order of precedence, each with its detail in Chinese."""
    return ((name, code, detail) for name, code, detail, refuses in RULES if refuses(facts))


def refusal(facts: Facts) -> tuple[RefusalCode, str] | None:
    """The first rule that refuses with its detail, or None."""
    for _, code, detail, refuses in RULES:
        if refuses(facts):
            return code, detail
    return None
