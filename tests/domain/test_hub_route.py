"""Route health and the words of pre-flight, as tables."""

from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.messages.weather import Condition
from contracts.refusal import RefusalCode
from hub.domain.acceptance import RULES
from hub.domain.fixes import Note, fix_for, note, wording
from hub.domain.route import Traffic, condition_of, figures_of, having_answered, thresholds
from tests.support.tables import rows

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)

# The newest requests that ended, newest first: a answered in time, l late but with a sign, s
# silent; a figure before it repeats it. Waits: the age of the oldest without an answer; unsent:
# that of our oldest unsent message; p95: of the answers; ms and s. Before: how it stood.
ROUTES = """
    before  ended     waits_ms  unsent_s  p95_ms  condition
    -       -         -         -         -       clear
    -       4a        -         -         40      clear
    -       4a        -         10        40      clear
    -       4a        -         11        40      slow
    clear   4a        2500      -         40      clear
    clear   4a        2501      -         40      slow
    slow    4a        2500      -         40      slow
    slow    4a        1000      -         40      clear
    -       -         2501      -         -       slow
    -       4a        20001     -         40      down
    clear   4a        -         -         2000    clear
    clear   4a        -         -         2001    slow
    slow    4a        -         -         1501    slow
    slow    4a        -         -         1500    clear
    -       1s        -         -         -       slow
    -       2s        -         -         -       slow
    -       3s        -         -         -       down
    slow    3s        -         60        -       down
    -       3s3a      -         -         40      down
    -       1a3s      -         -         40      slow
    -       1l3s      -         -         -       slow
    -       2s1l      -         -         -       slow
    -       3l        -         -         -       slow
    down    1a9s      -         -         40      down
    down    2a9s      -         -         40      slow
    down    2l9s      -         -         -       slow
    down    1a1s9a    -         -         40      down
    down    20a9s     -         -         40      clear
    down    -         -         -         -       clear
    clear   18a2s     -         -         40      clear
    clear   17a3s     -         -         40      slow
    slow    18a2s     -         -         40      slow
    slow    19a1s     -         -         40      clear
"""


def ended(text: str) -> str:
    """'2a1s' as 'aas'."""
    found, count = "", ""
    for one in text.replace("-", ""):
        if one.isdigit():
            count += one
        else:
            found, count = found + one * int(count), ""
    return found


@pytest.mark.parametrize("case", rows(ROUTES), ids=lambda c: "/".join(c.values()))
def test_a_route_is_what_its_newest_requests_say(case: dict[str, str]) -> None:
    newest = ended(case["ended"])

    def ago(name: str, **unit: int) -> datetime | None:
        return None if case[name] == "-" else NOW - int(case[name]) * timedelta(**unit)

    traffic = Traffic(
        silent=tuple(one == "s" for one in newest),
        failed=tuple(one in "sl" for one in newest),
        latencies_ms=() if case["p95_ms"] == "-" else (int(case["p95_ms"]),) * 4,
        waiting_since=ago("waits_ms", milliseconds=1),
        unsent_since=ago("unsent_s", seconds=1),
        before=None if case["before"] == "-" else Condition(case["before"]),
    )
    assert condition_of(traffic, NOW) == case["condition"]


def test_the_figures_are_those_a_clerk_would_count() -> None:
    traffic = Traffic(
        silent=(True, *(19 * [False]), True),
        failed=(True, *(19 * [False]), True),
        latencies_ms=tuple(range(19, 0, -1)),
        waiting_since=NOW - timedelta(milliseconds=1_234),
    )
    figures = figures_of(traffic, NOW)
    # Of the newest twenty one failed; the older one is beyond those that make the share.
    assert (figures.tried, figures.success_bp) == (21, 9_500)
    assert (figures.p50_ms, figures.p95_ms, figures.lag_ms) == (10, 19, 1_234)
    nothing = figures_of(Traffic(), NOW)
    assert (nothing.tried, nothing.success_bp, nothing.p50_ms, nothing.lag_ms) == (0, None, None, 0)


def test_who_has_just_answered_is_not_down() -> None:
    answered = {condition: having_answered(condition) for condition in Condition}
    assert answered == {
        Condition.CLEAR: Condition.CLEAR,
        Condition.SLOW: Condition.SLOW,
        Condition.DOWN: Condition.SLOW,
    }


def test_the_newest_requests_suffice_for_the_thresholds() -> None:
    limits = thresholds()
    assert 0 < limits.up_after <= limits.down_after <= limits.success_of <= limits.recent_max
    assert limits.since(NOW) < NOW
    assert limits.slow_success_bp.leave > limits.slow_success_bp.enter
    assert limits.slow_p95_ms.leave < limits.slow_p95_ms.enter
    assert limits.slow_lag_ms.leave < limits.slow_lag_ms.enter


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
