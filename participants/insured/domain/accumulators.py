"""What a person used of a year 累计信息, as it is told to a hospital (5206)."""

from collections.abc import Iterator, Sequence
from datetime import date

from contracts.codes import InsuranceKind
from contracts.messages.enquiry import Accumulated
from participants.policy.model import AMOUNTS_OF_A_YEAR, YearToDate


def accumulated(
    kind: InsuranceKind, until: date, used: YearToDate, later: Sequence[YearToDate]
) -> tuple[Accumulated, ...]:
    """Every amount of the year up to the end of `until`'s month, zeros included, then what else
    is counted. `later`: what was added to the year after that month, and does not count yet.
    """
    for added in later:
        used = used.minus(added)
    month = f"{until:%Y%m}"
    amounts = [(month, name, getattr(used, name)) for name in AMOUNTS_OF_A_YEAR]
    return tuple(
        Accumulated(insurance_kind=kind, year=until.year, month=when, name=name, value=value)
        for when, name, value in (*amounts, *_counted(used, month))
    )


def _counted(used: YearToDate, month: str) -> Iterator[tuple[str, str, int]]:
    """A counter of one month ('outpatient_pool.2026-05') is told with that month."""
    for name, value in sorted(used.counters.items()):
        head, _, tail = name.rpartition(".")
        year, _, month_of_year = tail.partition("-")
        is_of_a_month = len(tail) == 7 and (year + month_of_year).isdigit()
        yield (year + month_of_year, head, value) if is_of_a_month else (month, name, value)
