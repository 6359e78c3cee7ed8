"""For which days an insurance is paid 缴费, as far as the area's books say (90100)."""

from collections.abc import Iterator
from datetime import date, timedelta

from contracts.messages.enquiry import Contributed
from participants.insured.domain.insurance import Insurance

_DAY = timedelta(days=1)


def contributed(one: Insurance, since: date, until: date) -> Iterator[Contributed]:
    """The days between that are paid, then those that are owed.

    The books hold no receipts, only from when premiums are owed. So a month is told as paid once
    it is over with nothing owed for it: of the month of `until` nothing is said but what is owed.
    """
    over = until.replace(day=1) - _DAY
    owed_since = one.arrears_since or date.max
    last = one.in_force_until or date.max
    begins_on = max(since, one.in_force_from)
    yield from _span(one, begins_on, min(over, last, owed_since - _DAY), is_paid=True)
    yield from _span(one, max(begins_on, owed_since), min(until, last), is_paid=False)


def _span(
    one: Insurance, begins_on: date, ends_on: date, *, is_paid: bool
) -> Iterator[Contributed]:
    if begins_on <= ends_on:
        yield Contributed(
            insurance_kind=one.insurance_kind,
            division=one.division,
            begins_on=begins_on,
            ends_on=ends_on,
            is_paid=is_paid,
        )
