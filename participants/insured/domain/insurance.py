"""One insurance of one person, as the area's books have it."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from contracts.codes import InsuranceKind, PersonType
from contracts.ids import PersonId


@dataclass(frozen=True, slots=True)
class Insurance:
    """In force from `in_force_from` to `in_force_until` (included; None is without end).

    `arrears_since`: the first day for which premiums are owed; None when nothing is owed.
    """

    person_id: PersonId
    born_on: date
    insurance_kind: InsuranceKind
    person_type: PersonType
    division: str
    in_force_from: date
    in_force_until: date | None
    civil_servant: bool
    account_balance_fen: int
    policy_id: str | None
    arrears_since: date | None = None

    def in_force_on(self, day: date) -> bool:
        until = self.in_force_until
        return self.in_force_from <= day and (until is None or day <= until)

    def in_arrears_on(self, day: date) -> bool:
        return self.arrears_since is not None and self.arrears_since <= day

    def months_insured_on(self, day: date) -> int:
        """Whole months since the insurance began, without a gap; negative before it."""
        begun = self.in_force_from
        months = 12 * (day.year - begun.year) + day.month - begun.month
        return months if months_after(begun, months) <= day else months - 1

    def age_years_on(self, day: date) -> int:
        had_no_birthday = (day.month, day.day) < (self.born_on.month, self.born_on.day)
        return day.year - self.born_on.year - had_no_birthday


def months_after(day: date, months: int) -> date:
    """The same day `months` later, or the last of that month where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
