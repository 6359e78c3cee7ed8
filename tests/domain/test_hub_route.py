"""Route health and the words of pre-flight, as tables."""

from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.refusal import RefusalCode
from hub.domain.acceptance import RULES
from hub.domain.fixes import Note, fix_for, note, wording
from hub.domain.route import RouteState, Traffic, having_answered, state_of, thresholds
from tests.support.tables import rows

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)

# The newest bills that ended, newest first: a answered, l expired but with a late sign, s silent.
# Down: the three newest silent. Unsent: the age of our oldest unsent message in seconds.
ROUTES = """
    ended   waits_long  unsent_s  state
    -       no          -         up
    aaaa    no          -         up
    aaaa    no          10        up
    aaaa    no          11        slow
    aaaa    yes         -         slow
    -       yes         -         slow
    s       no          -         slow
    ss      no          -         slow
    sss     no          -         down
    sss     yes         60        down
    sssaaa  no          -         down
    asss    no          -         slow
    lsss    no          -         slow
    ssl     no          -         slow
    lll     no          -         slow
    aas     no          -         slow
"""


@pytest.mark.parametrize("case", rows(ROUTES), ids=lambda c: "/".join(c.values()))
def test_a_route_is_what_its_newest_bills_say(case: dict[str, str]) -> None:
    ended = case["ended"].replace("-", "")
    unsent = None if case["unsent_s"] == "-" else timedelta(seconds=int(case["unsent_s"]))
    traffic = Traffic(
        silent=tuple(one == "s" for one in ended),
        expired=sum(one in "sl" for one in ended),
        waits_long=case["waits_long"] == "yes",
        unsent_since=None if unsent is None else NOW - unsent,
    )
    assert state_of(traffic, NOW) == case["state"]


def test_who_has_just_answered_is_not_down() -> None:
    answered = {state: having_answered(state) for state in RouteState}
    assert answered == {
        RouteState.UP: RouteState.UP,
        RouteState.SLOW: RouteState.SLOW,
        RouteState.DOWN: RouteState.SLOW,
    }


def test_the_newest_bills_suffice_for_the_thresholds() -> None:
    limits = thresholds()
    assert 0 < limits.down_after <= limits.recent_max
    assert limits.since(NOW) < NOW


TOLD = [rule.code for rule in RULES if not rule.needs_bill]
TOLD += [RefusalCode.AREA_UNAVAILABLE, RefusalCode.OUT_OF_STEP]


@pytest.mark.parametrize("code", TOLD, ids=lambda code: code.name)
def test_every_refusal_of_preflight_says_what_to_do(code: RefusalCode) -> None:
    words = fix_for(code, DAY)
    assert 10 <= len(words) <= 200
    assert words.endswith("。")


def test_words_hold_from_their_day_on() -> None:
    first = min(row.holds_from for row in wording().fixes)
    assert fix_for(RefusalCode.REGISTRATION_NOT_FOUND, first - timedelta(days=1)) == ""
    assert len({(row.code, row.holds_from) for row in wording().fixes}) == len(wording().fixes)
    assert all(note(name).endswith("。") for name in Note)
