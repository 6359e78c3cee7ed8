"""Slices of the open day: how long a side that differs is left in peace."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.slices import WATCHING, Watching
from tests.support.tables import rows

# Ten seconds at first, doubled each time, five minutes at most.
PAUSES = """
    attempt | seconds
    0       | 10
    1       | 10
    2       | 20
    3       | 40
    4       | 80
    5       | 160
    6       | 300
    7       | 300
    1000    | 300
"""
# With no early end the doubling itself ends: after sixteen times, in six days or so.
UNBOUNDED = Watching(ask_first=timedelta(seconds=10), ask_last=timedelta(days=365))


@pytest.mark.parametrize("case", rows(PAUSES), ids=lambda case: case["attempt"])
def test_a_side_is_asked_again_ever_more_slowly(case: dict[str, str]) -> None:
    assert WATCHING.pause(int(case["attempt"])) == timedelta(seconds=int(case["seconds"]))


def test_doubling_ends_before_it_grows_past_all_clocks() -> None:
    longest = timedelta(seconds=10 * 2**16)
    assert [UNBOUNDED.pause(attempt) for attempt in (17, 18, 10**9)] == [longest] * 3
    assert UNBOUNDED.pause(16) == longest / 2


@given(st.integers(0, 100))
def test_a_pause_is_never_shorter_than_the_one_before(attempt: int) -> None:
    assert WATCHING.pause(attempt) <= WATCHING.pause(attempt + 1) <= WATCHING.ask_last
