"""Opening and closing business days."""

from datetime import date, datetime

from sqlalchemy import Connection

from hub.domain.day import day_after, is_over
from hub.store import days


def open_first(tx: Connection, business_date: date, now: datetime) -> date:
    """Open a hub's first business day; where one is open already, that one stays. The open day."""
    found = days.open_day(tx)
    if found is None:
        days.add_open(tx, business_date, now)
        return business_date
    return found.business_date


def close(tx: Connection, now: datetime) -> date:
    """Close the open business day and open the next; the closed day. NoOpenDay before the first.

    Waits for the transactions that settle on the day, and keeps later ones off it. A day may be
    closed by hand before the calendar ends it: then the hub's days run ahead of the calendar.
    """
    closing = days.take_open(tx)
    days.close_and_open(tx, closing, day_after(closing), now)
    return closing


def close_if_over(tx: Connection, now: datetime) -> date | None:
    """As `close`, when the calendar in China has passed the open day; else None."""
    found = days.open_day(tx)
    if found is None or not is_over(found.business_date, now):
        return None
    closing = days.take_open(tx)
    if not is_over(closing, now):  # Another process has just closed the day that we saw.
        return None
    days.close_and_open(tx, closing, day_after(closing), now)
    return closing
