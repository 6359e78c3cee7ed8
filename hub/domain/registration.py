"""A registration 备案: its states as a table, and the rules a submission must pass."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory, area_of, areas
from contracts.ids import PersonId, RegistrationId
from contracts.refusal import RefusalCode
from contracts.state_machine import StateMachine, Step
from hub.domain.participant import Participant
from hub.domain.rules import first_day_after_months, months_min_on

TEMPORARY = frozenset(
    {
        RegistrationCategory.REFERRAL,
        RegistrationCategory.EMERGENCY,
        RegistrationCategory.OTHER_TEMPORARY,
    }
)


class RegistrationState(StrEnum):
    """Where a registration stands."""

    SUBMITTED = "submitted"  # the insured area has still to decide
    ACTIVE = "active"  # in force between its dates
    REJECTED = "rejected"  # a rule or the insured area said no


class RegistrationEvent(StrEnum):
    """What happens to a registration."""

    ACCEPT = "accept"  # the insured area agrees
    REJECT = "reject"  # the insured area, or a rule of ours, says no


# fmt: off
REGISTRATION = StateMachine(name="registration", initial=(RegistrationState.SUBMITTED,), steps=(
    Step(RegistrationState.SUBMITTED, RegistrationEvent.ACCEPT, RegistrationState.ACTIVE,   "the insured area agreed"),
    Step(RegistrationState.SUBMITTED, RegistrationEvent.REJECT, RegistrationState.REJECTED, "the insured area or a rule refused"),
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Registration:
    registration_id: RegistrationId
    person_id: PersonId
    insured_area: AreaCode
    insured_division: str
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: str
    begins_on: date
    ends_on: date | None
    state: RegistrationState
    submitted_by: str
    submitted_at: datetime
    materials: tuple[str, ...] = ()
    decided_at: datetime | None = None
    decided_by: str | None = None
    refusal: RefusalCode | None = None
    reason: str | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the validity holds a day; it is never ended when `ends_on` is None."""
        return self.begins_on <= day and (self.ends_on is None or day <= self.ends_on)

    def overlaps(self, other: "Registration") -> bool:
        latest_begin = max(self.begins_on, other.begins_on)
        return self.holds_on(latest_begin) and other.holds_on(latest_begin)

    def after(self, event: RegistrationEvent, **changes: Any) -> "Registration":
        return replace(self, state=REGISTRATION.after(self.state, event), **changes)

    def says_the_same_as(self, other: "Registration") -> bool:
        """Whether both were submitted with one content, whatever became of them."""
        return _content(self) == _content(other)


@dataclass(frozen=True, slots=True)
class Submission:
    """All that the rules of a submission may look at."""

    registration: Registration
    participants: Mapping[AreaCode, Participant]
    active: Sequence[Registration]


def applicable(registrations: Sequence[Registration], admitted_on: date) -> Registration | None:
    """What a visit is judged by: the active one that holds the day, else an active, else the newest."""
    return max(registrations, key=lambda r: _fitness(r, admitted_on), default=None)


def whole_place_of(place: str) -> str:
    """The place as it is registered: 北京 天津 上海 重庆 海南 西藏 兵团 are one place each.

    Source: 医保发〔2022〕22号, the annexed rules; for 兵团 a reading of ours.
    """
    area = area_of(place)
    return area if area is not None and areas()[area].whole_unit else place


def overlapping(registration: Registration, active: Sequence[Registration]) -> bool:
    return any(registration.overlaps(other) for other in active)


def _fitness(registration: Registration, day: date) -> tuple[bool, bool, datetime, int]:
    active = registration.state is RegistrationState.ACTIVE
    holds = active and registration.holds_on(day)
    return holds, active, registration.submitted_at, registration.registration_id.int


def _content(registration: Registration) -> tuple[Any, ...]:
    r = registration
    what = (r.person_id, r.insured_division, r.insurance_kind, r.category, r.place)
    return (*what, r.begins_on, r.ends_on, r.materials, r.submitted_by)


def _unknown_area(s: Submission) -> bool:
    return None in (area_of(s.registration.insured_division), area_of(s.registration.place))


def _not_out_of_area(s: Submission) -> bool:
    return area_of(s.registration.place) == s.registration.insured_area


def _not_connected(s: Submission) -> bool:
    insured = s.participants.get(s.registration.insured_area)
    return insured is None or not insured.insured_connected


def _ends_before_it_begins(s: Submission) -> bool:
    return s.registration.ends_on is not None and s.registration.ends_on < s.registration.begins_on


def _too_short(s: Submission) -> bool:
    r = s.registration
    if r.ends_on is None or r.category not in TEMPORARY:
        return False
    # As a difference, because no day lies before the calendar's first.
    first_day_after = first_day_after_months(r.begins_on, months_min_on(r.begins_on))
    return first_day_after - r.ends_on > timedelta(days=1)


def _overlaps(s: Submission) -> bool:
    return overlapping(s.registration, s.active)


# The order is the precedence, and a test pins it.
RULES: tuple[tuple[RefusalCode, Callable[[Submission], bool]], ...] = (
    (RefusalCode.UNKNOWN_AREA, _unknown_area),
    (RefusalCode.NOT_OUT_OF_AREA, _not_out_of_area),
    (RefusalCode.AREA_NOT_CONNECTED, _not_connected),
    (RefusalCode.DATES_IMPOSSIBLE, _ends_before_it_begins),
    (RefusalCode.VALIDITY_TOO_SHORT, _too_short),
    (RefusalCode.REGISTRATION_OVERLAPS, _overlaps),
)


def refusal(submission: Submission) -> RefusalCode | None:
    """The first rule that refuses, or None when the insured area must be asked."""
    return next((code for code, refuses in RULES if refuses(submission)), None)
