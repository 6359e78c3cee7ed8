"""Working days of China: weekends, public holidays and the days made up for them."""

from datetime import date, timedelta

import chinese_calendar

FRIDAY = 4
_A_DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    """By the State Council's yearly notice; a year without one yet has its weekends only.

    The notices travel in the library `chinesecalendar`, which has 2004 up to the year it was
    published in: it must be renewed every December.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() <= FRIDAY


def working_day_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`; for 0 the day itself, or the next that is one."""
    assert count >= 0, "deadlines lie ahead"
    found = day if count == 0 else day + _A_DAY
    left = count
    while True:
        if is_working_day(found):
            if left <= 1:
                return found
            left -= 1
        found += _A_DAY
