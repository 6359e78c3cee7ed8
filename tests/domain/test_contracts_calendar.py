"""Working days of China: a table that anybody with the year's notice can check."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from contracts.calendar import (
    holiday_years,
    is_certain,
    is_working_day,
    read_holidays,
    working_day_after,
)
from tests.support.tables import rows

Row = dict[str, str]

# 2026: Spring Festival 15 to 23 February, made up for on Saturdays 14 and 28 February. 2027 has no
# notice yet: 5 to 8 February rest by law, and no weekend is worked as far as anybody knows.
DAYS = """
    day        | works
    2025-01-26 | yes
    2025-02-04 | no
    2025-02-05 | yes
    2025-10-08 | no
    2025-10-11 | yes
    2026-02-13 | yes
    2026-02-14 | yes
    2026-02-15 | no
    2026-02-23 | no
    2026-02-24 | yes
    2026-02-28 | yes
    2026-03-01 | no
    2026-10-01 | no
    2027-01-01 | no
    2027-01-04 | yes
    2027-02-05 | no
    2027-02-08 | no
    2027-02-09 | yes
    2027-05-03 | yes
    2027-10-04 | yes
    2024-10-12 | yes
"""
# Of a year that neither the table nor the library has, the weekends are all that is known.
FAR = """
    day        | works
    2099-10-01 | yes
    2099-10-03 | no
"""
AFTER = """
    day        | count | found
    2026-03-10 | 0     | 2026-03-10
    2026-03-10 | 1     | 2026-03-11
    2026-03-13 | 1     | 2026-03-16
    2026-03-14 | 0     | 2026-03-16
    2026-03-14 | 1     | 2026-03-16
    2026-02-13 | 2     | 2026-02-24
    2026-02-13 | 5     | 2026-02-27
    2026-02-13 | 6     | 2026-02-28
    2026-12-31 | 1     | 2027-01-04
"""
CERTAIN = """
    first      | last       | certain
    2004-01-01 | 2024-12-31 | yes
    2025-12-01 | 2026-12-31 | yes
    2026-12-31 | 2027-01-01 | no
    2028-01-01 | 2028-01-02 | no
"""
A_YEAR = """
[[years]]
year = 2026
is_published = {published}
source = "a notice"
holidays = [{{ zh = "元旦", first = {first}, last = 2026-01-03 }}]
made_up = [{made_up}]
"""


@pytest.mark.parametrize("row", rows(DAYS) + rows(FAR), ids=str)
def test_a_day_works_or_rests(row: Row) -> None:
    assert is_working_day(date.fromisoformat(row["day"])) is (row["works"] == "yes")


@pytest.mark.parametrize("row", rows(AFTER), ids=str)
def test_working_days_are_counted_from_the_next_day(row: Row) -> None:
    found = working_day_after(date.fromisoformat(row["day"]), int(row["count"]))
    assert found == date.fromisoformat(row["found"])


@pytest.mark.parametrize("row", rows(CERTAIN), ids=str)
def test_what_is_counted_across_a_year_without_its_notice_is_not_certain(row: Row) -> None:
    span = (date.fromisoformat(row["first"]), date.fromisoformat(row["last"]))
    assert is_certain(*span) is (row["certain"] == "yes")


def test_the_table_has_three_years_and_says_which_notice_each_is_from() -> None:
    table = holiday_years()
    assert {year: one.is_published for year, one in table.items()} == {
        2025: True,
        2026: True,
        2027: False,
    }
    assert all(str(one.year - 1) in one.source for one in table.values() if one.is_published)


@pytest.mark.parametrize("year", [2025, 2026])
def test_every_day_of_a_published_year_is_as_another_table_of_the_notices_has_it(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    differing = [day for day in days if is_working_day(day) != chinese_calendar.is_workday(day)]
    assert differing == []


@pytest.mark.parametrize(
    "change",
    [
        {"first": "2025-12-31"},  # of another year
        {"made_up": "2026-01-05"},  # a Monday is worked anyway
        {"made_up": "2026-01-03"},  # rests and is worked
        {"published": "false"},  # nobody knows made-up days before the notice
    ],
    ids=str,
)
def test_a_table_that_cannot_be_so_is_refused(change: dict[str, str]) -> None:
    usual = {"published": "true", "first": "2026-01-01", "made_up": "2026-01-04"}
    read_holidays(A_YEAR.format(**usual))
    with pytest.raises(ValueError, match="2026"):
        read_holidays(A_YEAR.format(**usual | change))


def test_a_year_that_stands_twice_is_refused() -> None:
    year = A_YEAR.format(published="true", first="2026-01-01", made_up="2026-01-04")
    with pytest.raises(ValueError, match="2026"):
        read_holidays(year + year)
