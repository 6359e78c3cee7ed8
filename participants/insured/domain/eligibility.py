"""Eligibility for a chronic disease 门诊慢特病待遇认定: for one disease, from a day, until a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from contracts.chronic import disease_of
from contracts.codes import InsuranceKind
from contracts.ids import PersonId, RegistrationId
from contracts.messages.registration import RegistrationStanding

_A_DAY = timedelta(days=1)
ENDED = frozenset(
    {
        RegistrationStanding.CANCELLED,
        RegistrationStanding.EXPIRED,
        RegistrationStanding.SUPERSEDED,
    }
)
"""A registration that was in force, and is no more."""


class Source(StrEnum):
    """Where an eligibility comes from."""

    REGISTRATION = "registration"  # an accepted registration of CHRONIC_DISEASE
    FILE = "file"  # recognised at home before, taken over from a file


@dataclass(frozen=True, slots=True)
class Eligibility:
    """From `valid_from` to `valid_to` (included; None is without end)."""

    person_id: PersonId
    insurance_kind: InsuranceKind
    disease_code: str
    valid_from: date
    valid_to: date | None
    source: Source
    registration_id: RegistrationId | None = None

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def until(self, last_day: date) -> "Eligibility | None":
        """Cut so that `last_day` is its last; None when nothing is left of it."""
        if self.valid_to is not None and self.valid_to <= last_day:
            return self
        return None if last_day < self.valid_from else replace(self, valid_to=last_day)


def is_eligible(known: Iterable[Eligibility], code: str | None, day: date) -> bool:
    """Whether one of `known` holds on `day` for the disease of the table that `code` belongs to.

    A code and its sub-items are one disease: who is recognised for one is entitled for all.
    """
    disease = disease_of(code, day)
    return disease is not None and any(
        one.holds_on(day) and disease.covers(one.disease_code) for one in known
    )


def approved_on(known: Iterable[Eligibility], day: date) -> int:
    """For how many diseases one of `known` holds on `day`; a code and its sub-items are one."""
    codes = {one.disease_code for one in known if one.holds_on(day)}
    return len({disease_of(code, day) or code for code in codes})


def after_step(
    known: Sequence[Eligibility],
    whole: Eligibility,
    *,
    stood: RegistrationStanding | None,
    state: RegistrationStanding,
    day: date,
    ended_on: date | None,
) -> list[Eligibility]:
    """What one registration entitles to after a step of `day`; `whole` is all that it asked for.

    `stood`: where it stood before; None when nothing was told of it. A suspension leaves a gap: the
    day it begins counts no more, the day it ends counts again.
    """
    if state is RegistrationStanding.ACTIVE:
        return [*known, *_opened(known, whole, stood, day)]
    if state is RegistrationStanding.SUSPENDED:
        return _cut(known, day - _A_DAY)
    if state in ENDED:
        return _cut(known, ended_on or day - _A_DAY)
    return list(known)


def _opened(
    known: Sequence[Eligibility],
    whole: Eligibility,
    stood: RegistrationStanding | None,
    day: date,
) -> list[Eligibility]:
    """What begins now: all of it the first time, the rest after a suspension, else nothing."""
    was_suspended = stood is RegistrationStanding.SUSPENDED
    if not was_suspended and (known or stood is RegistrationStanding.ACTIVE):
        return []
    begins = max(whole.valid_from, day) if was_suspended else whole.valid_from
    is_over = whole.valid_to is not None and whole.valid_to < begins
    return [] if is_over else [replace(whole, valid_from=begins)]


def _cut(known: Iterable[Eligibility], last_day: date) -> list[Eligibility]:
    cut = (one.until(last_day) for one in known)
    return [one for one in cut if one is not None]
