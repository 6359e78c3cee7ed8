"""Business days: rows that open and close; every settlement and reversal lies in exactly one."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from contracts.clock import shanghai_date_of


class DayState(StrEnum):
    """A day is open until it is closed, and never again."""

    OPEN = "open"  # settlements and reversals are booked on it
    CLOSED = "closed"  # its rows are final, and can be compared


@dataclass(frozen=True, slots=True)
class BusinessDay:
    business_date: date
    state: DayState
    opened_at: datetime
    closed_at: datetime | None


def day_after(business_date: date) -> date:
    return business_date + timedelta(days=1)


def is_over(business_date: date, now: datetime) -> bool:
    """Whether the calendar in China has passed the day. A day may also be closed before that."""
    return shanghai_date_of(now) > business_date
