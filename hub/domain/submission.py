"""What a registration must fulfil when it is filed: an ordered table of pure rules."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.chronic import disease_of
from contracts.codes import LONG_TERM, TEMPORARY, AreaCode, RegistrationCategory, area_of
from contracts.refusal import RefusalCode
from hub.domain.materials import suffice
from hub.domain.participant import Participant
from hub.domain.registration import Registration, RegistrationState, treatment_area_of
from hub.domain.rules import first_day_after_months, months_min_on

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
"""Dates beyond are slips of the pen, not registrations."""


@dataclass(frozen=True, slots=True)
class Submission:
    """All that the rules may look at. `others`: every other registration of the person.

    `lock_in_months`: of the insured area's terms in force, 0 when it published none. `today` is
    the day in China.
    """

    registration: Registration
    participants: Mapping[AreaCode, Participant]
    others: Sequence[Registration]
    lock_in_months: int
    today: date

    def replaced(self) -> Registration | None:
        """The version that this one is to follow, if the person has it."""
        id_ = self.registration.replaces
        found = (one for one in self.others if one.registration_id == id_)
        return None if id_ is None else next(found, None)


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to say no. `again`: judged once more when the insured area has said yes."""

    code: RefusalCode
    refuses: Callable[[Submission], bool]
    again: bool = False


def is_locked_in(registration: Registration, months: int, day: date) -> bool:
    """Whether a long-term one was filed too recently to be changed or cancelled by its person."""
    free_on = first_day_after_months(registration.submitted_on(), months)
    return registration.category in LONG_TERM and registration.is_in_force() and day < free_on


def overlapping(registration: Registration, others: Sequence[Registration]) -> bool:
    """Whether another counts, or counted, on one of its days; the version it follows gives way."""
    return any(
        one.ever_counted() and registration.overlaps(one)
        for one in others
        if one.registration_id != registration.replaces
    )


def _unknown_area(s: Submission) -> bool:
    r = s.registration
    return area_of(r.insured_division) is None or (r.place is not None and area_of(r.place) is None)


def _not_out_of_area(s: Submission) -> bool:
    return treatment_area_of(s.registration.place) == s.registration.insured_area


def _not_connected(s: Submission) -> bool:
    insured = s.participants.get(s.registration.insured_area)
    if insured is None or not insured.insured_connected:
        return True
    area = treatment_area_of(s.registration.place)
    treatment = None if area is None else s.participants.get(area)
    return area is not None and (treatment is None or not treatment.treatment_connected)


def _place_does_not_fit(s: Submission) -> bool:
    """门诊慢特病 is of a disease and at no place; the six are at a place and of no disease."""
    r = s.registration
    if r.category is RegistrationCategory.CHRONIC_DISEASE:
        return r.place is not None or r.disease_code is None
    return r.place is None or r.disease_code is not None


def _disease_not_open(s: Submission) -> bool:
    r = s.registration
    return r.disease_code is not None and disease_of(r.disease_code, r.begins_on) is None


def _impossible_dates(s: Submission) -> bool:
    begins, ends = s.registration.begins_on, s.registration.ends_on
    named = (begins,) if ends is None else (begins, ends)
    return not all(FIRST_DAY <= day <= LAST_DAY for day in named) or named[-1] < begins


def _long_term_with_an_end(s: Submission) -> bool:
    return s.registration.category in LONG_TERM and s.registration.ends_on is not None


def _too_short(s: Submission) -> bool:
    r = s.registration
    if r.ends_on is None or r.category not in TEMPORARY:
        return False
    first_day_after = first_day_after_months(r.begins_on, months_min_on(r.begins_on))
    return first_day_after - r.ends_on > timedelta(days=1)


def _papers_missing(s: Submission) -> bool:
    r = s.registration
    return not suffice(r.category, r.begins_on, r.materials)


def _replaces_nothing(s: Submission) -> bool:
    """Another person's, or one about something else, is nothing that this one could follow."""
    r, old = s.registration, s.replaced()
    return r.replaces is not None and (old is None or _disease(old) != _disease(r))


def _disease(one: Registration) -> str | None:
    return None if one.disease_code is None else one.subject()


def _replaces_elsewhere(s: Submission) -> bool:
    old = s.replaced()
    return old is not None and old.insured_area != s.registration.insured_area


def _replaces_other_insurance(s: Submission) -> bool:
    old = s.replaced()
    return old is not None and old.insurance_kind is not s.registration.insurance_kind


def _replaces_what_does_not_count(s: Submission) -> bool:
    """Who is suspended is resumed first: a next version must not undo what the area decided."""
    old = s.replaced()
    return old is not None and old.state is not RegistrationState.ACTIVE


def _locked_in(s: Submission) -> bool:
    old = s.replaced()
    return old is not None and is_locked_in(old, s.lock_in_months, s.today)


def _overlaps(s: Submission) -> bool:
    return overlapping(s.registration, s.others)


# The order is the precedence, and a test pins it.
# fmt: off
RULES: tuple[Rule, ...] = (
    Rule(RefusalCode.UNKNOWN_AREA,             _unknown_area),
    Rule(RefusalCode.NOT_OUT_OF_AREA,          _not_out_of_area),
    Rule(RefusalCode.AREA_NOT_CONNECTED,       _not_connected),
    Rule(RefusalCode.PLACE_NOT_FITTING,        _place_does_not_fit),
    Rule(RefusalCode.CHRONIC_DISEASE_NOT_OPEN, _disease_not_open),
    Rule(RefusalCode.DATES_IMPOSSIBLE,         _impossible_dates),
    Rule(RefusalCode.VALIDITY_HAS_END,         _long_term_with_an_end),
    Rule(RefusalCode.VALIDITY_TOO_SHORT,       _too_short),
    Rule(RefusalCode.MATERIALS_MISSING,        _papers_missing),
    Rule(RefusalCode.UNKNOWN_REGISTRATION,     _replaces_nothing),
    Rule(RefusalCode.INSURED_ELSEWHERE,        _replaces_elsewhere),
    Rule(RefusalCode.INSURANCE_KIND_DIFFERS,   _replaces_other_insurance),
    Rule(RefusalCode.OUT_OF_STEP,              _replaces_what_does_not_count, again=True),
    Rule(RefusalCode.LOCKED_IN,                _locked_in),
    Rule(RefusalCode.REGISTRATION_OVERLAPS,    _overlaps, again=True),
)
# fmt: on


def refusal(submission: Submission) -> RefusalCode | None:
    """The first rule that refuses, or None when the insured area must be asked."""
    return next((rule.code for rule in RULES if rule.refuses(submission)), None)


def refusal_again(submission: Submission) -> RefusalCode | None:
    """As `refusal`, by the rules whose facts may have changed while the insured area decided."""
    rules = (rule for rule in RULES if rule.again)
    return next((rule.code for rule in rules if rule.refuses(submission)), None)
