"""Why an area calculates nothing: an ordered table of codes and pure rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.codes import InsuranceKind, RegistrationCategory, area_of
from contracts.messages.settlement import (
    CalculationRequested,
    Care,
    TrialCalculationRequested,
)
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode
from participants.insured.domain.area import Area
from participants.insured.domain.insurance import Insurance, months_after
from participants.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may look at. `insurances` is empty when nobody knows the person.

    `policy` is that of the day the care ended, which also decides the year.
    """

    area: Area
    care: Care
    bill: Bill
    category: RegistrationCategory
    insurances: Mapping[InsuranceKind, Insurance]
    policy: Policy | None

    @property
    def insurance(self) -> Insurance:
        """The insurance that is asked for; only after the rules have found it."""
        return self.insurances[self.care.insurance_kind]

    @property
    def is_out_of_area(self) -> bool:
        """Whether benefits for care elsewhere apply; long-term residents are paid as at home."""
        elsewhere = self.care.treatment_division != self.insurance.division
        return elsewhere and self.category not in self.area.as_at_home

    @property
    def entitled_from(self) -> date:
        """The end of the waiting period 待遇等待期, counted from the start of the insurance."""
        months = self.policy.waiting_months if self.policy is not None else 0
        return months_after(self.insurance.in_force_from, months)


def facts_of(
    area: Area,
    request: CalculationRequested | TrialCalculationRequested,
    insurances: Mapping[InsuranceKind, Insurance],
) -> Facts:
    """The facts of one request; the policy is looked up once."""
    care = request.care
    insurance = insurances.get(care.insurance_kind)
    policy = None if insurance is None else area.policy_for(insurance, care.discharged_on)
    return Facts(area, care, request.bill, request.registration_category, insurances, policy)


Refuses = Callable[[Facts], bool]


def _unknown_place(facts: Facts) -> bool:
    return area_of(facts.care.treatment_division) is None


def _bill_does_not_add_up(facts: Facts) -> bool:
    return not facts.bill.adds_up()


def _left_before_arriving(facts: Facts) -> bool:
    return facts.care.discharged_on < facts.care.admitted_on


def _nobody_knows_the_person(facts: Facts) -> bool:
    return not facts.insurances


def _not_insured_in_that_kind(facts: Facts) -> bool:
    return facts.care.insurance_kind not in facts.insurances


def _insured_elsewhere(facts: Facts) -> bool:
    return facts.care.insured_division != facts.insurance.division


def _not_in_force(facts: Facts) -> bool:
    return not facts.insurance.in_force_on(facts.care.admitted_on)


def _no_policy(facts: Facts) -> bool:
    return facts.policy is None


def _still_waiting(facts: Facts) -> bool:
    return facts.care.admitted_on < facts.entitled_from


# The order is the precedence; each rule may rely on those above it.
RULES: tuple[tuple[RefusalCode, str, Refuses], ...] = (
    (RefusalCode.UNKNOWN_AREA, "就医地", _unknown_place),
    (RefusalCode.PARTS_DO_NOT_ADD_UP, "", _bill_does_not_add_up),
    (RefusalCode.DATES_IMPOSSIBLE, "出院日期早于入院日期", _left_before_arriving),
    (RefusalCode.PERSON_UNKNOWN, "", _nobody_knows_the_person),
    (RefusalCode.INSURANCE_KIND_DIFFERS, "未参加该险种", _not_insured_in_that_kind),
    (RefusalCode.INSURED_ELSEWHERE, "", _insured_elsewhere),
    (RefusalCode.INSURANCE_NOT_IN_FORCE, "入院（就诊）日期不在参保有效期内", _not_in_force),
    (RefusalCode.NO_POLICY, "", _no_policy),
    (RefusalCode.INSURANCE_NOT_IN_FORCE, "尚在待遇等待期内", _still_waiting),
)


def refusal(facts: Facts) -> tuple[RefusalCode, str] | None:
    """The first rule that refuses with its detail in Chinese, or None."""
    return next(((code, detail) for code, detail, refuses in RULES if refuses(facts)), None)
