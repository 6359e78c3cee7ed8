"""Health is progress: when a reader counts as stuck, as a table of looks."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.delivery.progress import Standing, followed
from contracts.delivery.telemetry import Progress
from tests.support.tables import rows

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
AFTER = timedelta(seconds=30)
PLACE = ("hub.settlements", 0)

# What each look saw, as second:next/end, and how it stands at the end, `at` that second.
LOOKS = """
    what                          looks                       at   verdict
    idle                          0:5/5,300:5/5               300  well
    idle_and_then_work            0:5/5,300:5/9               300  well
    work_that_has_just_come       0:5/5,300:5/9,325:5/9       325  well
    work_that_waits_too_long      0:5/5,300:5/9,331:5/9       331  stuck
    work_that_waits_just_as_long  0:5/5,300:5/9,330:5/9       330  well
    busy_and_behind_but_moving    0:5/90,29:6/95,58:7/99      58   well
    moved_and_then_no_more        0:5/90,29:6/95,60:6/95      60   stuck
    dealt_out_anew_in_ten_seconds 0:5/9,5:5/9,10:5/9,15:9/9   15   well
    caught_up_after_being_stuck   0:5/9,40:5/9,45:9/9         45   well
    first_look_at_old_work        0:5/9                       0    well
    a_log_that_was_set_up_anew    0:500/500,40:0/3            40   well
    nobody_looks_any_more         0:5/5                       31   unseen
    nobody_looks_for_a_moment     0:5/5                       30   well
"""


@pytest.mark.parametrize("case", rows(LOOKS), ids=lambda c: c["what"])
def test_a_reader_stands_as_its_looks_say(case: dict[str, str]) -> None:
    standing: Standing | None = None
    for look in case["looks"].split(","):
        second, _, ends = look.partition(":")
        next_offset, end = map(int, ends.split("/"))
        now = START + timedelta(seconds=int(second))
        standing = followed(standing, "hub", PLACE, (next_offset, end), now)
    assert standing is not None
    now = START + timedelta(seconds=int(case["at"]))
    verdict = "stuck" if standing.is_stuck(now, AFTER) else "unseen"
    assert (verdict if standing.is_stalled(now, AFTER) else "well") == case["verdict"]


def test_a_loop_that_turns_without_getting_on_is_not_moving() -> None:
    loop = Progress()
    loop.handled(0, START)
    assert loop.is_moving(START, AFTER)
    loop.is_stuck = True
    assert not loop.is_moving(START, AFTER)
