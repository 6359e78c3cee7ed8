"""Whether the hub takes a settlement on: an ordered table of pure rules over loaded facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from contracts.codes import AreaCode, RegistrationCategory, VisitKind, areas
from contracts.messages.enquiry import CheckName
from contracts.messages.settlement import Basis, Care, Standing
from contracts.messages.values import Bill
from contracts.refusal import RefusalCode
from hub.domain.directory import AreaTerms, ListedInstitution
from hub.domain.fitting import Found, best_of
from hub.domain.materials import is_by_commitment
from hub.domain.participant import Participant, area_code_of
from hub.domain.registration import Registration

EMERGENCY, TRAUMA = "emergency", "trauma"
THIRD_PARTY, NO_THIRD_PARTY = "third_party", "no_third_party"
"""Flags of a care: 急诊抢救, 外伤, 涉及第三方, and the signed 无第三方责任承诺书."""

OVERRIDDEN_BY_EMERGENCY = frozenset(
    {
        RefusalCode.REGISTRATION_NOT_FOUND,
        RefusalCode.REGISTRATION_NOT_ACTIVE,
        RefusalCode.OUTSIDE_VALIDITY,
        RefusalCode.OUTSIDE_REGISTERED_PLACE,
        RefusalCode.REGISTERED_AFTER_DISCHARGE,
    }
)
"""视同备案: what an emergency need not have (the Rules of 2022)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may look at. Whoever loads it does the I/O; the rules do none.

    `bill` None: pre-flight, which has none yet. `registrations`: every one of the person.
    `terms`: the insured area's that are in force, None when it published none. `institution`: as
    its area lists it; `lists_institutions`: whether the treatment area lists any at all.
    `today` is the day in China. `found`: the registration that fits best, and what speaks
    against it.
    """

    care: Care
    bill: Bill | None
    participants: Mapping[AreaCode, Participant]
    registrations: Sequence[Registration]
    terms: AreaTerms | None
    institution: ListedInstitution | None
    lists_institutions: bool
    today: date
    insured_area: AreaCode = field(init=False)
    treatment_area: AreaCode = field(init=False)
    found: Found = field(init=False)

    def __post_init__(self) -> None:
        # Once, and not in every rule that asks for them.
        object.__setattr__(self, "insured_area", area_code_of(self.care.insured_division))
        object.__setattr__(self, "treatment_area", area_code_of(self.care.treatment_division))
        object.__setattr__(self, "found", best_of(self.registrations, self.care))

    def needs_registration(self) -> bool:
        """住院 always; other care when the insured area says so, or says nothing."""
        kind = self.care.visit_kind
        return (
            kind is VisitKind.INPATIENT
            or self.terms is None
            or kind in self.terms.need_registration
        )

    def is_emergency(self) -> bool:
        return EMERGENCY in self.care.flags


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to say no; `check` is where pre-flight tells it. No bill: not judged without one."""

    code: RefusalCode
    check: CheckName
    refuses: Callable[[Facts], bool]
    needs_bill: bool = False


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


def _institution_closed(facts: Facts) -> bool:
    """An area that published no institutions is not judged by them."""
    if not facts.lists_institutions:
        return False
    one, care = facts.institution, facts.care
    if one is None or one.area != facts.treatment_area:
        return True
    return not one.opens(care.visit_kind, care.admitted_on)


def _zero(facts: Facts) -> bool:
    return facts.bill is not None and facts.bill.total_fen == 0


def _parts_differ(facts: Facts) -> bool:
    return facts.bill is not None and not facts.bill.adds_up()


def _impossible_dates(facts: Facts) -> bool:
    """A bill is of care that has ended; without one, pre-flight, the end may be planned."""
    care = facts.care
    has_not_ended = facts.bill is not None and care.discharged_on > facts.today
    return care.discharged_on < care.admitted_on or care.admitted_on > facts.today or has_not_ended


def _third_party(facts: Facts) -> bool:
    return THIRD_PARTY in facts.care.flags


def _undeclared_trauma(facts: Facts) -> bool:
    flags = facts.care.flags
    return TRAUMA in flags and THIRD_PARTY not in flags and NO_THIRD_PARTY not in flags


def _lacks(code: RefusalCode) -> Callable[[Facts], bool]:
    """Whether this is what speaks against the best registration, and nothing makes up for it."""

    def refuses(facts: Facts) -> bool:
        return facts.found.lacks is code and not _made_up_for(facts, code)

    return refuses


def _made_up_for(facts: Facts, code: RefusalCode) -> bool:
    deemed = facts.is_emergency() and code in OVERRIDDEN_BY_EMERGENCY
    return deemed or not facts.needs_registration()


# The order is the precedence, and a test pins it. At most one of the registration's refuses.
# fmt: off
RULES: tuple[Rule, ...] = (
    Rule(RefusalCode.UNKNOWN_AREA,               CheckName.AREAS,        _unknown_area),
    Rule(RefusalCode.NOT_OUT_OF_AREA,            CheckName.AREAS,        _same_area),
    Rule(RefusalCode.AREA_NOT_CONNECTED,         CheckName.AREAS,        _not_connected),
    Rule(RefusalCode.INSTITUTION_NOT_CONNECTED,  CheckName.INSTITUTION,  _institution_closed),
    Rule(RefusalCode.AMOUNT_IS_ZERO,             CheckName.REQUEST,      _zero, needs_bill=True),
    Rule(RefusalCode.PARTS_DO_NOT_ADD_UP,        CheckName.REQUEST,      _parts_differ, needs_bill=True),
    Rule(RefusalCode.DATES_IMPOSSIBLE,           CheckName.REQUEST,      _impossible_dates),
    Rule(RefusalCode.THIRD_PARTY_LIABLE,         CheckName.REQUEST,      _third_party),
    Rule(RefusalCode.TRAUMA_NOT_DECLARED,        CheckName.REQUEST,      _undeclared_trauma),
    Rule(RefusalCode.REGISTRATION_NOT_FOUND,     CheckName.REGISTRATION, _lacks(RefusalCode.REGISTRATION_NOT_FOUND)),
    Rule(RefusalCode.REGISTRATION_NOT_ACTIVE,    CheckName.REGISTRATION, _lacks(RefusalCode.REGISTRATION_NOT_ACTIVE)),
    Rule(RefusalCode.OUTSIDE_VALIDITY,           CheckName.REGISTRATION, _lacks(RefusalCode.OUTSIDE_VALIDITY)),
    Rule(RefusalCode.REGISTERED_AFTER_DISCHARGE, CheckName.REGISTRATION, _lacks(RefusalCode.REGISTERED_AFTER_DISCHARGE)),
    Rule(RefusalCode.INSURED_ELSEWHERE,          CheckName.REGISTRATION, _lacks(RefusalCode.INSURED_ELSEWHERE)),
    Rule(RefusalCode.INSURANCE_KIND_DIFFERS,     CheckName.REGISTRATION, _lacks(RefusalCode.INSURANCE_KIND_DIFFERS)),
    Rule(RefusalCode.OUTSIDE_REGISTERED_PLACE,   CheckName.REGISTRATION, _lacks(RefusalCode.OUTSIDE_REGISTERED_PLACE)),
)
# fmt: on


def refusal(facts: Facts) -> RefusalCode | None:
    """The first rule that refuses, or None when the hub must take the settlement on."""
    for rule in RULES:
        if rule.refuses(facts):
            return rule.code
    return None


def refusals(facts: Facts) -> list[Rule]:
    """Every rule that refuses, in their order. Without a bill, none that needs one."""
    return [rule for rule in RULES if rule.refuses(facts)]


def standing(facts: Facts) -> Standing | None:
    """On what the care is settled; None when a rule about the registration refuses.

    It does not look at the other rules: pre-flight tells it beside them.
    """
    found = facts.found
    if not facts.needs_registration():
        return _standing(Basis.NOT_NEEDED, found)
    if found.lacks is None:
        return _standing(Basis.REGISTERED, found)
    if _made_up_for(facts, found.lacks):
        return Standing(basis=Basis.DEEMED, category=RegistrationCategory.EMERGENCY)
    return None


def _standing(basis: Basis, found: Found) -> Standing:
    one = found.registration
    if one is None or found.lacks is not None:
        return Standing(basis=basis, category=None)
    return Standing(
        basis=basis,
        category=one.category,
        registration_id=one.registration_id,
        by_commitment=is_by_commitment(one),
    )
