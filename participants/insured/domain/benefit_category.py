"""As what a person's care out of the area is paid: the standing, seen by the area's rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.codes import LONG_TERM, RegistrationCategory
from contracts.messages.settlement import Basis, Care, Standing
from participants.insured.domain.area import Area
from participants.policy.benefits import Elsewhere

EMERGENCY_FLAG = "emergency"


_C = RegistrationCategory
# fmt: off
PAID_AS: Mapping[RegistrationCategory | None, Elsewhere] = {
    _C.RETIRED_RESETTLED:  Elsewhere.LONG_TERM,
    _C.LONG_TERM_RESIDENT: Elsewhere.LONG_TERM,
    _C.POSTED_WORKER:      Elsewhere.LONG_TERM,
    _C.REFERRAL:           Elsewhere.REFERRAL,
    _C.EMERGENCY:          Elsewhere.EMERGENCY,
    _C.OTHER_TEMPORARY:    Elsewhere.OTHER,
    _C.CHRONIC_DISEASE:    Elsewhere.UNREGISTERED,  # an eligibility is no registration of a place
    None:                  Elsewhere.UNREGISTERED,
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Treated:
    """What decides the category: `home` is the division that the person is insured in."""

    area: Area
    care: Care
    standing: Standing
    home: str


def counted(facts: Treated) -> RegistrationCategory | None:
    """The registration that the care counts under by the area's rules; None: under none.

    An emergency overrides a temporary or missing registration, but never makes a long-term
    resident worse off.
    """
    category = _by_the_areas_rules(facts)
    if EMERGENCY_FLAG in facts.care.flags and category not in LONG_TERM:
        return RegistrationCategory.EMERGENCY
    return category


def _by_the_areas_rules(facts: Treated) -> RegistrationCategory | None:
    standing, area = facts.standing, facts.area
    if standing.category is None:
        is_free = standing.basis is Basis.NOT_NEEDED
        return area.not_needed_counts_as if is_free else None
    if standing.category in LONG_TERM and standing.by_commitment:
        return area.commitment_counts_as or standing.category
    return standing.category


def category_for_benefit(facts: Treated) -> Elsewhere | None:
    """As what the care counts; None: at home, because treated there."""
    category = counted(facts)
    if facts.care.treatment_division != facts.home:
        return PAID_AS[category]
    return Elsewhere.BACK_HOME if category in LONG_TERM else None


def column_of_policy(facts: Treated) -> Elsewhere | None:
    """The table of the policy that pays: None, at home, also for whom the area pays as at home."""
    away = facts.care.treatment_division != facts.home
    if away and counted(facts) in facts.area.as_at_home:
        return None
    return category_for_benefit(facts)


def column_of_asked(area: Area, elsewhere: Elsewhere | None) -> Elsewhere | None:
    """As `column_of_policy`, of a category alone: None where all of its people are as at home."""
    categories = {category for category, one in PAID_AS.items() if one is elsewhere}
    return None if categories and categories <= area.as_at_home else elsewhere
