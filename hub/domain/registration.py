"""A registration 备案: its states as a table, and the days on which it counts."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from contracts.clock import shanghai_date_of
from contracts.codes import (
    LONG_TERM,
    AreaCode,
    Channel,
    InsuranceKind,
    RegistrationCategory,
    area_of,
    areas,
)
from contracts.ids import MessageId, PersonId, RegistrationId
from contracts.messages.registration import Material, RegistrationStanding
from contracts.refusal import RefusalCode
from contracts.state_machine import StateMachine, Step

RegistrationState = RegistrationStanding
"""Where a registration stands is told as it is."""


class RegistrationEvent(StrEnum):
    """What happens to a registration."""

    ACCEPT = "accept"  # the insured area agrees
    REJECT = "reject"  # the insured area, or a rule of ours, says no
    SUPPLEMENT = "supplement"  # 补充材料
    SUSPEND = "suspend"  # 暂停
    RESUME = "resume"  # 恢复
    CANCEL = "cancel"  # 取消
    EXPIRE = "expire"  # the clock passed its last day
    SUPERSEDE = "supersede"  # its next version was accepted


_S, _E = RegistrationState, RegistrationEvent

# fmt: off
REGISTRATION = StateMachine(name="registration", initial=(_S.SUBMITTED,), steps=(
    #    from          on             to             why
    Step(_S.SUBMITTED, _E.ACCEPT,     _S.ACTIVE,     "the insured area agreed"),
    Step(_S.SUBMITTED, _E.REJECT,     _S.REJECTED,   "the insured area or a rule refused"),
    Step(_S.SUBMITTED, _E.CANCEL,     _S.CANCELLED,  "taken back before it was decided"),
    Step(_S.SUBMITTED, _E.SUPPLEMENT, _S.SUBMITTED,  "more papers for who decides"),
    Step(_S.ACTIVE,    _E.SUSPEND,    _S.SUSPENDED,  "the insured area stops it for a while"),
    Step(_S.ACTIVE,    _E.CANCEL,     _S.CANCELLED,  "taken back; it counts up to the day before"),
    Step(_S.ACTIVE,    _E.EXPIRE,     _S.EXPIRED,    "its last day is over"),
    Step(_S.ACTIVE,    _E.SUPERSEDE,  _S.SUPERSEDED, "its next version is in force, from that one's first day on"),
    Step(_S.ACTIVE,    _E.SUPPLEMENT, _S.ACTIVE,     "the proof that a mere commitment had promised"),
    Step(_S.SUSPENDED, _E.RESUME,     _S.ACTIVE,     "the insured area lets it count again"),
    Step(_S.SUSPENDED, _E.CANCEL,     _S.CANCELLED,  "taken back; it counts up to the day before"),
    Step(_S.SUSPENDED, _E.EXPIRE,     _S.EXPIRED,    "its last day is over"),
    Step(_S.SUSPENDED, _E.SUPPLEMENT, _S.SUSPENDED,  "the proof that a mere commitment had promised"),
))
# fmt: on

IN_FORCE = frozenset({RegistrationState.ACTIVE, RegistrationState.SUSPENDED})
"""Accepted and not ended; a suspended one keeps its days, because it may be resumed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Days on which it was suspended: `begins_on` up to the day before `until` (None: still)."""

    begins_on: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        return self.begins_on <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Registration:
    """One version of a registration.

    `submitted_by`: the participant that filed it ('treatment.310000') or 'person'; `by`: who there.
    `ended_on`: the last day it counted, once it was in force and has ended; a day before
    `begins_on` says that it never counted. The first `materials_filed` papers came with the
    submission, the others later. `place` None: of a chronic disease, at no place.
    """

    registration_id: RegistrationId
    person_id: PersonId
    insured_area: AreaCode
    insured_division: str
    insurance_kind: InsuranceKind
    category: RegistrationCategory
    place: str | None
    begins_on: date
    ends_on: date | None
    state: RegistrationState
    submitted_by: str
    submitted_at: datetime
    disease_code: str | None = None
    channel: Channel = Channel.WINDOW
    by: str = ""
    filed_by_message: bool = True
    replaces: RegistrationId | None = None
    version: int = 1
    materials: tuple[Material, ...] = ()
    materials_filed: int = 0
    decided_at: datetime | None = None
    decided_by: str | None = None
    refusal: RefusalCode | None = None
    reason: str | None = None
    ended_on: date | None = None
    gaps: tuple[Gap, ...] = ()
    step_count: int = 0

    def is_in_force(self) -> bool:
        return self.state in IN_FORCE

    def ever_counted(self) -> bool:
        """Whether it was accepted: in force now, or ended."""
        return self.is_in_force() or self.ended_on is not None

    def last_day(self) -> date | None:
        """None: no end is known."""
        return self.ends_on if self.ended_on is None else self.ended_on

    def spans(self, day: date) -> bool:
        last = self.last_day()
        return self.begins_on <= day and (last is None or day <= last)

    def suspended_on(self, day: date) -> bool:
        return any(gap.holds(day) for gap in self.gaps)

    def holds_on(self, day: date) -> bool:
        """Whether it counts for somebody admitted on a day, whatever became of it since."""
        return self.ever_counted() and self.spans(day) and not self.suspended_on(day)

    def submitted_on(self) -> date:
        """The day in China on which it was filed."""
        return shanghai_date_of(self.submitted_at)

    def deciding_day(self, admitted_on: date, discharged_on: date) -> date:
        """The day of a stay on which it must hold: the admission, or its own first day if filed late.

        Admission decides. Who files while in hospital (on the day of admission at the earliest) is
        settled when the registration begins on or before the discharge (the Rules of 2022).
        """
        filed_in_the_stay = admitted_on <= self.submitted_on() <= discharged_on
        if filed_in_the_stay and self.begins_on <= discharged_on:
            return max(admitted_on, self.begins_on)
        return admitted_on

    def filed_after(self, discharged_on: date) -> bool:
        """Filed too late for a stay: the insured area takes a manual claim 手工报销."""
        return self.submitted_on() > discharged_on

    def covers(self, admitted_on: date, discharged_on: date) -> bool:
        """Whether a stay is settled on it, as far as days go."""
        day = self.deciding_day(admitted_on, discharged_on)
        return not self.filed_after(discharged_on) and self.holds_on(day)

    def subject(self) -> str:
        """What two registrations of a person must not both be about on one day.

        Living elsewhere is one subject, going there for a while another: who has settled in one
        city may be referred to a second. So is every chronic disease: its code without the last
        two characters, which number sub-items.
        """
        if self.disease_code is not None:
            return self.disease_code[:4]
        return "long_term" if self.category in LONG_TERM else "temporary"

    def overlaps(self, other: "Registration") -> bool:
        latest_begin = max(self.begins_on, other.begins_on)
        same_place = self.place is not None and self.place == other.place
        same = same_place or self.subject() == other.subject()
        return same and self.spans(latest_begin) and other.spans(latest_begin)

    def after(self, event: RegistrationEvent, **changes: Any) -> "Registration":
        """One step on; IllegalStep when the table has no such step."""
        state = REGISTRATION.after(self.state, event)
        return replace(self, state=state, step_count=self.step_count + 1, **changes)

    def following(self, old: "Registration") -> "Registration":
        """As the next version of another."""
        return replace(self, version=old.version + 1)

    def allows(self, event: RegistrationEvent) -> bool:
        return REGISTRATION.allows(self.state, event)

    def says_the_same_as(self, other: "Registration") -> bool:
        """Whether both were submitted with one content, whatever became of them."""
        return _content(self) == _content(other)


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of one registration, as it is written; `change_id` of the wish that made it."""

    before: Registration
    event: RegistrationEvent
    after: Registration
    at: datetime
    by: str
    why: str = ""
    change_id: MessageId | None = None
    materials: tuple[Material, ...] = ()


def treatment_area_of(place: str | None) -> AreaCode | None:
    return None if place is None else area_of(place)


def whole_place_of(place: str) -> str:
    """The place as it is registered: 北京 天津 上海 重庆 海南 西藏 兵团 are one place each.

    Source: 医保发〔2022〕22号, the annexed rules; for 兵团 a reading of ours.
    """
    area = area_of(place)
    return area if area is not None and areas()[area].whole_unit else place


def _content(registration: Registration) -> tuple[Any, ...]:
    r = registration
    who = (r.person_id, r.insured_division, r.insurance_kind, r.submitted_by)
    what = (r.category, r.place, r.disease_code, r.begins_on, r.ends_on)
    return (*who, *what, r.channel, r.replaces, r.materials[: r.materials_filed])
