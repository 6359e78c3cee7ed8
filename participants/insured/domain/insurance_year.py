"""In which insurance years care counts: that of its last day, and the one before if split."""

from dataclasses import dataclass
from datetime import date

from contracts.codes import InsuranceKind
from contracts.messages.settlement import Care
from participants.policy.benefits import CareKind, YearBoundary
from participants.policy.model import Policy, YearToDate

YearKey = tuple[str, InsuranceKind, int]
"""(person, insurance kind, calendar year in China)."""
NOTHING = YearToDate()


@dataclass(frozen=True, slots=True)
class Used:
    """What a person used of the year of the care's last day, and of the year before it."""

    year: YearToDate = NOTHING
    year_before: YearToDate = NOTHING


def year_of(care: Care) -> int:
    """Care counts in the year of its last day, the day of discharge."""
    return care.discharged_on.year


def keys_of(care: Care) -> tuple[YearKey, ...]:
    """The years that care may count in, its own first; the one before only for care over it."""
    key = (care.person_id, care.insurance_kind, year_of(care))
    if care.admitted_on.year >= year_of(care):
        return (key,)
    return key, key_before(key)


def key_before(key: YearKey) -> YearKey:
    person_id, insurance_kind, year = key
    return person_id, insurance_kind, year - 1


def is_split(policy: Policy, kind: CareKind, care: Care) -> bool:
    """Whether the bill is split by days. Only a stay is: a lump sum is paid once."""
    return (
        policy.year_boundary is YearBoundary.SPLIT_BY_DAYS
        and kind is CareKind.INPATIENT
        and care.admitted_on.year < year_of(care)
    )


def days_around_new_year(care: Care) -> tuple[int, int]:
    """The calendar days of a stay before and after its last New Year, at least one each.

    Every day counts on which the person lay there, those of admission and discharge too: who is
    discharged on 1 January has one day in the new year. What lies before the year before the
    discharge counts as days of that year.
    """
    new_year = date(year_of(care), 1, 1)
    return (new_year - care.admitted_on).days, (care.discharged_on - new_year).days + 1
