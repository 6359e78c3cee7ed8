"""What a rule check looks at: a patient, the encounters with their orders, and the history."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from contracts.ids import PersonId
from participants.treatment.domain.catalogue import HospitalApproval


class Bearing(StrEnum):
    """生育状态 matn_stas."""

    OTHER = "0"  # 其他
    PREGNANT = "1"  # 妊娠期
    NURSING = "2"  # 哺乳期


@dataclass(frozen=True, slots=True)
class Order:
    """One order 医嘱: ten-thousandths of a piece, millionths of a yuan, fen; its first day.

    `own_fen`: what the hospital lets the patient pay alone. `is_current`: about to be given.
    """

    order_no: str
    code: str
    name: str
    on: date
    count_e4: int
    price_e6: int
    total_fen: int
    own_fen: int = 0
    approval: HospitalApproval = HospitalApproval.NONE
    is_current: bool = True

    @property
    def is_funded(self) -> bool:
        """Whether a fund is to pay for any of it."""
        return self.own_fen < self.total_fen


@dataclass(frozen=True, slots=True)
class Encounter:
    """One visit as the hospital describes it. `ends_on` None: still there, or gone the same day."""

    visit_no: str
    hospital_code: str
    is_stay: bool
    begins_on: date
    ends_on: date | None
    diagnoses: tuple[str, ...]
    operations: tuple[str, ...]
    bearing: Bearing
    orders: tuple[Order, ...]

    @property
    def last_day(self) -> date | None:
        """Of a stay None while it lasts; who comes for the day leaves on it."""
        return self.ends_on if self.is_stay else self.ends_on or self.begins_on


@dataclass(frozen=True, slots=True)
class Patient:
    """`person_id` None: the hospital sent a number of its own, and no visit that we know."""

    patient_no: str
    person_id: PersonId | None
    gender: str
    born_on: date
    current_visit_no: str
    encounters: tuple[Encounter, ...]

    def current(self) -> tuple[Encounter, ...]:
        """The encounter that is under way; all of them where none is named."""
        named = tuple(one for one in self.encounters if one.visit_no == self.current_visit_no)
        return named or self.encounters

    def known_as(self, person_id: PersonId | None) -> "Patient":
        return replace(self, person_id=person_id)

    def age_years_on(self, day: date) -> int:
        before_birthday = (day.month, day.day) < (self.born_on.month, self.born_on.day)
        return day.year - self.born_on.year - before_birthday


@dataclass(frozen=True, slots=True)
class PastItem:
    """What this area's own fee lines have of one item, one visit and one day."""

    hospital_code: str
    visit_no: str
    code: str
    on: date
    count_e4: int
    is_approved: bool


@dataclass(frozen=True, slots=True)
class PastStay:
    """A stay that this area knows of. `ends_on` None: not discharged."""

    hospital_code: str
    visit_no: str
    begins_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class History:
    """What this area has of one person in the days that the rules look back."""

    items: Sequence[PastItem] = ()
    stays: Sequence[PastStay] = ()
