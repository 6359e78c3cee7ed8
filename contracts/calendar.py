"""Working days of China: weekends, public holidays and the days made up for them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import chinese_calendar

FRIDAY = 4
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """One year of contracts/data/holidays.toml: the days that rest, and weekends that are worked.

    Not published: the State Council's notice is not out, and only the statutory days are known.
    """

    year: int
    is_published: bool
    source: str
    rests: frozenset[date]
    made_up: frozenset[date]


@cache
def holiday_years() -> Mapping[int, HolidayYear]:
    """The table that travels with the program, by year."""
    text = files("contracts").joinpath("data/holidays.toml").read_text(encoding="utf-8")
    return read_holidays(text)


def read_holidays(text: str) -> dict[int, HolidayYear]:
    """A table of holidays, checked; ValueError naming the year that cannot be so."""
    found: dict[int, HolidayYear] = {}
    for row in tomllib.loads(text)["years"]:
        one = _read_year(row)
        if one.year in found or not _is_sound(one):
            raise ValueError(f"holidays of {one.year} cannot be so")
        found[one.year] = one
    return found


def is_working_day(day: date) -> bool:
    """By the State Council's yearly notice, as the table has it.

    Years before the table are the library's (`chinesecalendar`, from 2004); a year that neither
    has knows its weekends only.
    """
    year = holiday_years().get(day.year)
    if year is None:
        return _by_the_library(day)
    return day in year.made_up or (day.weekday() <= FRIDAY and day not in year.rests)


def is_certain(first: date, last: date) -> bool:
    """Whether every year of this span has its notice: else what is counted is provisional."""
    return all(_is_known(year) for year in range(first.year, last.year + 1))


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


def _by_the_library(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() <= FRIDAY


def _is_known(year: int) -> bool:
    found = holiday_years().get(year)
    return found.is_published if found is not None else year < min(holiday_years())


def _read_year(row: Mapping[str, Any]) -> HolidayYear:
    rests = frozenset(
        span["first"] + _A_DAY * number
        for span in row["holidays"]
        for number in range((span["last"] - span["first"]).days + 1)
    )
    made_up = frozenset(row["made_up"])
    return HolidayYear(row["year"], row["is_published"], row["source"], rests, made_up)


def _is_sound(one: HolidayYear) -> bool:
    """Made-up days are weekends that do not rest; a year without its notice has none."""
    weekends = all(day.weekday() > FRIDAY and day not in one.rests for day in one.made_up)
    of_the_year = all(day.year == one.year for day in one.rests | one.made_up)
    return weekends and of_the_year and (one.is_published or not one.made_up)
