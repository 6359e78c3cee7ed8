"""How visits fall on the half hours of a day and on the days of a week."""

from datetime import date, datetime, time, timedelta

from contracts.clock import SHANGHAI
from contracts.money import BASIS_POINTS
from simulators.world.files import table

SLOT = timedelta(minutes=30)
SLOTS = 48


def slot_shares() -> tuple[float, ...]:
    """The share of a day's visits that each of its 48 half hours has."""
    return tuple(bp / BASIS_POINTS for bp in table("rhythm")["halves_bp"])


def weekday_factor(day: date) -> float:
    """How much more, or less, than on a mean day of the week."""
    return float(table("rhythm")["weekdays_bp"][day.weekday()] / BASIS_POINTS)


def slot_at(day: date, number: int) -> datetime:
    """When the half hour of this number begins."""
    return datetime.combine(day, time(0), tzinfo=SHANGHAI) + number * SLOT


def peak_per_second(visits_a_day: float) -> float:
    """The rate in the busiest half hour of a mean day."""
    return visits_a_day * max(slot_shares()) / SLOT.total_seconds()
