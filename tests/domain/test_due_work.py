"""Dated work: what is to be done now, after whatever stop."""

from datetime import UTC, date, datetime, timedelta

import pytest

from hub.domain.due import Occasion, Tried, WorkState, to_do
from tests.support.tables import rows

NOW = datetime(2026, 5, 1, tzinfo=UTC)
PAUSE = timedelta(minutes=10)
DAYS = {"january": date(2026, 1, 21), "february": date(2026, 2, 21), "march": date(2026, 3, 21)}

# Each column says what became of a month: nothing yet, done, waiting since a minute or an hour.
CASES = """
    january | february | march   | in_order | to_do
    nothing | nothing  | nothing | yes      | january,february,march
    done    | nothing  | nothing | yes      | february,march
    done    | done     | done    | yes      | none
    minute  | nothing  | nothing | yes      | none
    minute  | nothing  | nothing | no       | february,march
    hour    | nothing  | nothing | yes      | january,february,march
    done    | hour     | minute  | yes      | february
    minute  | done     | hour    | no       | march
"""
AGO = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


def _tried(occasion: Occasion, what: str) -> Tried:
    if what == "done":
        return Tried("a job", occasion, WorkState.DONE, 1, NOW, NOW, "")
    return Tried("a job", occasion, WorkState.WAITING, 1, NOW - AGO[what], None, "not yet")


@pytest.mark.parametrize("row", rows(CASES), ids=str)
def test_what_is_due_and_not_done_is_to_be_done(row: dict[str, str]) -> None:
    occasions = {name: Occasion(day, name) for name, day in DAYS.items()}
    tried = {
        one: _tried(one, row[name]) for name, one in occasions.items() if row[name] != "nothing"
    }
    found = to_do(
        reversed(occasions.values()), tried, NOW, in_order=row["in_order"] == "yes", pause=PAUSE
    )
    assert (",".join(one.subject for one in found) or "none") == row["to_do"]
