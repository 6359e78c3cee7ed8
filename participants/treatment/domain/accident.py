"""An accident 意外伤害 that a hospital registers (2507), and what it says for a settlement."""

from dataclasses import dataclass
from datetime import date, datetime

from contracts.codes import DivisionCode, area_of
from contracts.ids import PersonId
from contracts.refusal import RefusalCode
from participants.treatment.domain.results import Refusal


@dataclass(frozen=True, slots=True, repr=False)
class NewAccident:
    """`sealed_report`: who it was, when, where and how; never in clear. `repr` shows nothing.

    `third_party`: the fund is not to pay, because somebody else is liable.
    """

    msgid: str
    hospital_code: str
    person_id: PersonId
    insured_division: DivisionCode
    begins_on: date
    ends_on: date | None
    third_party: bool
    sealed_report: str
    happened_on: date | None = None


@dataclass(frozen=True, slots=True)
class Accident:
    """As stored, as far as a settlement needs it; in force on both days and between."""

    hospital_code: str
    person_id: PersonId
    begins_on: date
    ends_on: date | None
    third_party: bool
    filed_at: datetime

    def holds_on(self, day: date) -> bool:
        return self.begins_on <= day and (self.ends_on is None or day <= self.ends_on)

    @property
    def flag(self) -> str:
        """The word on third parties, as `Care.flags` has it."""
        return "third_party" if self.third_party else "no_third_party"


def accident_refusal(one: NewAccident, today: date, *, is_registered: bool) -> Refusal | None:
    """The first reason why it is not registered."""
    impossible = one.happened_on is not None and one.happened_on > min(one.begins_on, today)
    ends_before = one.ends_on is not None and one.ends_on < one.begins_on
    checks = (
        (not is_registered, RefusalCode.UNKNOWN_INSTITUTION),
        (len(one.person_id) != 29, RefusalCode.FIELD_INVALID),
        (area_of(one.insured_division) is None, RefusalCode.UNKNOWN_AREA),
        (impossible or ends_before, RefusalCode.DATES_IMPOSSIBLE),
    )
    return next((Refusal(code) for refuses, code in checks if refuses), None)
