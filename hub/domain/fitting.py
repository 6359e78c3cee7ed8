"""Which of a person's registrations a visit is judged by, and what speaks against it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter

from contracts.codes import areas
from contracts.messages.settlement import Care
from contracts.refusal import RefusalCode
from hub.domain.participant import area_code_of
from hub.domain.registration import Registration


@dataclass(frozen=True, slots=True)
class Found:
    """The registration that gets furthest through the rules, and the first rule against it."""

    registration: Registration | None
    lacks: RefusalCode | None


def _day(one: Registration, care: Care) -> date:
    return one.deciding_day(care.admitted_on, care.discharged_on)


def _not_active(one: Registration, care: Care) -> bool:
    return not one.ever_counted() or one.suspended_on(_day(one, care))


def _outside_validity(one: Registration, care: Care) -> bool:
    """Admission decides: the discharge may lie after the validity (the Rules of 2022)."""
    return not one.filed_after(care.discharged_on) and not one.spans(_day(one, care))


def _filed_after_discharge(one: Registration, care: Care) -> bool:
    return one.filed_after(care.discharged_on)


def _insured_elsewhere(one: Registration, care: Care) -> bool:
    return one.insured_area != area_code_of(care.insured_division)


def _other_insurance(one: Registration, care: Care) -> bool:
    return one.insurance_kind is not care.insurance_kind


def _elsewhere(one: Registration, care: Care) -> bool:
    place, treated_in = one.place, care.treatment_division
    if place is None or place == treated_in:
        return place is None
    area = area_code_of(treated_in)
    whole = place.endswith("0000") or (area in areas() and areas()[area].whole_unit)
    return not (whole and area_code_of(place) == area)


# The order is the precedence: a registration that fails later fits better.
RULES: tuple[tuple[RefusalCode, Callable[[Registration, Care], bool]], ...] = (
    (RefusalCode.REGISTRATION_NOT_ACTIVE, _not_active),
    (RefusalCode.OUTSIDE_VALIDITY, _outside_validity),
    (RefusalCode.REGISTERED_AFTER_DISCHARGE, _filed_after_discharge),
    (RefusalCode.INSURED_ELSEWHERE, _insured_elsewhere),
    (RefusalCode.INSURANCE_KIND_DIFFERS, _other_insurance),
    (RefusalCode.OUTSIDE_REGISTERED_PLACE, _elsewhere),
)


def best_of(registrations: Sequence[Registration], care: Care) -> Found:
    """Among those of treatment elsewhere; one of a chronic disease says nothing about places."""
    travelling = [(_fitness(one, care), one) for one in registrations if one.disease_code is None]
    if not travelling:
        return Found(None, RefusalCode.REGISTRATION_NOT_FOUND)
    (passed, *_), best = max(travelling, key=itemgetter(0))
    return Found(best, RULES[passed][0] if passed < len(RULES) else None)


def _passed(one: Registration, care: Care) -> int:
    for n, (_, refuses) in enumerate(RULES):
        if refuses(one, care):
            return n
    return len(RULES)


def _fitness(one: Registration, care: Care) -> tuple[int, bool, datetime, int]:
    """Of two that settle it, the one that held on admission; then the newest."""
    at_admission = one.holds_on(care.admitted_on)
    return _passed(one, care), at_admission, one.submitted_at, one.registration_id.int
