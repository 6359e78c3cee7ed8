"""Whether the hub takes a settlement on: an ordered table of pure rules over loaded facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from contracts.codes import AreaCode, areas
from contracts.messages.settlement import Care
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode
from hub.domain.participant import Participant, area_code_of
from hub.domain.registration import Registration, RegistrationState


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may look at. Whoever loads it does the I/O; the rules do none.

    `today` is the day in China; `registration` is what `registration.applicable` chose.
    """

    care: Care
    bill: Bill
    insured_area: AreaCode
    treatment_area: AreaCode
    participants: Mapping[AreaCode, Participant]
    registration: Registration | None
    today: date

    def registered(self) -> Registration:
        assert self.registration is not None, "checked by an earlier rule"
        return self.registration


def _unknown_area(facts: Facts) -> bool:
    return facts.insured_area not in areas() or facts.treatment_area not in areas()


def _same_area(facts: Facts) -> bool:
    return facts.insured_area == facts.treatment_area


def _not_connected(facts: Facts) -> bool:
    insured = facts.participants.get(facts.insured_area)
    treatment = facts.participants.get(facts.treatment_area)
    if insured is None or treatment is None:
        return True
    return not (insured.insured_connected and treatment.treatment_connected)


def _zero(facts: Facts) -> bool:
    return facts.bill.total_fen == 0


def _parts_differ(facts: Facts) -> bool:
    return not facts.bill.adds_up()


def _impossible_dates(facts: Facts) -> bool:
    care = facts.care
    return care.discharged_on < care.admitted_on or care.admitted_on > facts.today


def _no_registration(facts: Facts) -> bool:
    return facts.registration is None


def _not_active(facts: Facts) -> bool:
    return facts.registered().state is not RegistrationState.ACTIVE


def _outside_validity(facts: Facts) -> bool:
    """Admission decides: the discharge may lie after the validity (the Rules of 2022)."""
    return not facts.registered().holds_on(facts.care.admitted_on)


def _insured_elsewhere(facts: Facts) -> bool:
    return facts.registered().insured_area != facts.insured_area


def _other_insurance(facts: Facts) -> bool:
    return facts.registered().insurance_kind is not facts.care.insurance_kind


def _elsewhere(facts: Facts) -> bool:
    place, treated_in = facts.registered().place, facts.care.treatment_division
    if place == treated_in:
        return False
    whole = areas()[facts.treatment_area].whole_unit or place.endswith("0000")
    return not (whole and area_code_of(place) == facts.treatment_area)


# The order is the precedence, and a test pins it.
RULES: tuple[tuple[RefusalCode, Callable[[Facts], bool]], ...] = (
    (RefusalCode.UNKNOWN_AREA, _unknown_area),
    (RefusalCode.NOT_OUT_OF_AREA, _same_area),
    (RefusalCode.AREA_NOT_CONNECTED, _not_connected),
    (RefusalCode.AMOUNT_IS_ZERO, _zero),
    (RefusalCode.PARTS_DO_NOT_ADD_UP, _parts_differ),
    (RefusalCode.DATES_IMPOSSIBLE, _impossible_dates),
    (RefusalCode.REGISTRATION_NOT_FOUND, _no_registration),
    (RefusalCode.REGISTRATION_NOT_ACTIVE, _not_active),
    (RefusalCode.OUTSIDE_VALIDITY, _outside_validity),
    (RefusalCode.INSURED_ELSEWHERE, _insured_elsewhere),
    (RefusalCode.INSURANCE_KIND_DIFFERS, _other_insurance),
    (RefusalCode.OUTSIDE_REGISTERED_PLACE, _elsewhere),
)


def refusal(facts: Facts) -> RefusalCode | None:
    """The first rule that refuses, or None when the hub must take the settlement on."""
    return next((code for code, refuses in RULES if refuses(facts)), None)
