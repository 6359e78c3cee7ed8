"""Working days of China: a table that anybody with the year's notice can check."""

from datetime import date

import pytest

from contracts.calendar import is_working_day, working_day_after
from tests.support.tables import rows

Row = dict[str, str]

# 2026: Spring Festival 15 to 23 February, made up for on Saturdays 14 and 28 February.
DAYS = """
    day        | works
    2026-02-13 | yes
    2026-02-14 | yes
    2026-02-15 | no
    2026-02-23 | no
    2026-02-24 | yes
    2026-02-28 | yes
    2026-03-01 | no
    2026-10-01 | no
"""
# Of a year whose notice the library does not have, the weekends are all that is known.
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
"""


@pytest.mark.parametrize("row", rows(DAYS) + rows(FAR), ids=str)
def test_a_day_works_or_rests(row: Row) -> None:
    assert is_working_day(date.fromisoformat(row["day"])) is (row["works"] == "yes")


@pytest.mark.parametrize("row", rows(AFTER), ids=str)
def test_working_days_are_counted_from_the_next_day(row: Row) -> None:
    found = working_day_after(date.fromisoformat(row["day"]), int(row["count"]))
    assert found == date.fromisoformat(row["found"])
