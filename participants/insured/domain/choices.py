"""The rows of an area's rules: each a choice that the area made, most with a day it holds from."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from contracts.calendar import working_day_after
from contracts.codes import Channel, InsuranceKind, VisitKind
from participants.insured.domain.insurance import Insurance


class Handling(StrEnum):
    """Who decides a registration of some category."""

    AUTO = "auto"  # the area's rules, at once 自助备案
    DESK = "desk"  # a clerk of the agency


@dataclass(frozen=True, slots=True)
class Assignment:
    """From `valid_from` to `valid_to` (included) this policy holds, for these divisions or all."""

    insurance_kind: InsuranceKind
    policy_id: str
    valid_from: date
    valid_to: date | None
    divisions: frozenset[str]

    def holds_for(self, insurance: Insurance, day: date) -> bool:
        return (
            self.insurance_kind is insurance.insurance_kind
            and self.valid_from <= day
            and (self.valid_to is None or day <= self.valid_to)
            and (not self.divisions or insurance.division in self.divisions)
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """From `holds_from` on: the care that needs a registration, and how long one is locked in.

    Inpatient care always needs one and is not listed.
    """

    holds_from: date
    need_registration: tuple[VisitKind, ...]
    lock_in_months: int
    source: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """From `holds_from` on: the working days the desk has; 0 is the day of filing itself."""

    holds_from: date
    channels: frozenset[Channel]
    working_days: int
    source: str

    def due_on(self, filed_on: date) -> date:
        """What is filed on a day of rest is due as if filed on the next working day, at 0."""
        return working_day_after(filed_on, self.working_days)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A figure that policies refer to (average_wage), from `valid_from` on, in fen."""

    name: str
    fen: int
    valid_from: date
    source: str
