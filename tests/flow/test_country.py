"""The country in a box, in its small form: a day of it in accelerated time, and its live start."""

import json
import re
import signal
from collections.abc import Sequence
from itertools import count
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from contracts.clock import SystemClock, shanghai_date_of
from contracts.refusal import RefusalCode
from simulators.country.accelerated import PEOPLE_LEAST, first_day
from simulators.country.reckoning import Verdict
from simulators.main import app
from simulators.stack.servers import Servers
from simulators.truths import TRUTHS
from simulators.world.country import draw_country
from simulators.world.habits import Habit
from tests.flow.leftovers import left_running, started, yidi

TIMEOUT_S, ENDS_WITHIN_S = 600, 180
ADDRESSES = re.compile(r"hub API (http://\S+) · 医院网关 gateway (http://\S+)")
BROKEN, OF_A_SECOND = re.compile(r"✗ (\w+): "), {"expiry_is_punctual", "certain_by_is_kept"}
FIRST_SETTLED, READY = "第一笔结算", "Ctrl-C"
SCALE = 8_000
NOTHING = {"expired": 0, "pending": 0, "breaks": 0, "ledger_sum_fen": 0, "broken": [], "left": []}


def eventful_seed() -> int:
    """The first whose one day has every habit, a bill of late lines, and a stay at midnight."""
    first = first_day(shanghai_date_of(SystemClock().now()), days=1)
    for seed in count(1):
        drawn = draw_country(seed, SCALE, PEOPLE_LEAST, first).visits_of(first)
        late = [one for one in drawn if one.habit is Habit.LATE_LINES and len(one.bill.lines) > 1]
        at_midnight = [one for one in drawn if one.at_midnight and one.habit is None]
        if late and at_midnight and {one.habit for one in drawn} == {None, *Habit}:
            return seed
    raise AssertionError("there is always another seed")


@pytest.fixture(scope="module")
def told(stack: Servers) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("YIDI_DATABASE_URL", stack.database_url)
        ended = yidi(
            "demo", "--country", "--days", "1", "--scale", str(SCALE), "--seed",
            str(eventful_seed()), "--json", timeout_s=TIMEOUT_S,
        )  # fmt: skip
    assert ended.exit_code == 0, ended.stderr + ended.stdout
    assert ended.left_running == ()
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.mark.slow
def test_a_day_of_the_country_ends_in_agreement_and_every_truth_holds(
    told: dict[str, Any],
) -> None:
    assert (told["areas"], told["agreed_days"], told["holds"]) == (32, 1, True)
    assert {name: told[name] for name in NOTHING} == NOTHING
    assert told["unexpected"] == []
    assert told["truths"] > 20
    assert told["settled"] > 50


@pytest.mark.slow
def test_its_hospitals_are_those_of_the_data_file_and_what_they_do_comes_to_the_same_books(
    told: dict[str, Any],
) -> None:
    assert {one["kind"] for one in told["kinds"]} == {
        "inpatient", "outpatient", "chronic", "pharmacy",
    }  # fmt: skip
    # Everything that hospitals do was done, and a settlement asked before its lines was refused.
    assert set(told["habits"]) == {habit.value for habit in Habit}
    assert told["midnight"] > 0
    assert told["refused"][RefusalCode.LINES_DIFFER_FROM_TOTAL.value] > 0
    # Every cancellation and withdrawal is reversed at the hub, and what was forgotten is nowhere.
    habits = told["habits"]
    undone = sum(habits.get(name, 0) for name in ("cancel", "cancel_and_settle", "withdraw"))
    assert told["reversed"] == undone
    standing = sum(one["visits"] for one in told["kinds"])
    assert (
        told["settled"]
        == standing
        == told["visits"] - habits.get("forget", 0) - habits.get("cancel", 0)
    )


@pytest.mark.slow
def test_its_last_day_is_the_last_of_a_month_which_is_cleared(told: dict[str, Any]) -> None:
    (run,) = told["runs"]
    assert run["month"] == told["first_day"][:7]
    assert run["payable_fen"] == run["receivable_fen"] > 0
    assert run["compared"] == run["equal"] > 0


@pytest.mark.slow
@pytest.mark.kafka
def test_the_live_country_settles_over_kafka_and_when_told_to_end_keeps_every_promise() -> None:
    with started("up", "--country", "--rate", "2") as (process, mark):
        said = []
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if READY in line:
                break
        whole = "".join(said)
        assert FIRST_SETTLED in whole, whole
        found = ADDRESSES.search(whole)
        assert found is not None, whole
        hub, gateway = found.groups()
        assert httpx.get(f"{hub}/health", timeout=30).status_code == httpx.codes.OK
        assert httpx.get(f"{gateway}/health", timeout=30).status_code == httpx.codes.OK
        process.send_signal(signal.SIGINT)
        rest, wrong = process.communicate(timeout=ENDS_WITHIN_S)
        broken = set(BROKEN.findall(rest))
        # Those about a second depend on the machine; whether they held, the exit code says too.
        assert broken <= OF_A_SECOND, rest
        assert process.returncode == (Verdict.BROKEN if broken else Verdict.HOLDS), rest + wrong
        kept = f"{len(TRUTHS) - len(broken)} 项成立 kept，{len(broken)} 项不成立 broken，0 类"
        assert kept in rest, rest
        assert left_running(mark) == ()


REFUSED = (
    (("demo", "--country", "--kafka"), "--kafka"),
    (("demo", "--country", "--days", "0"), "to 1"),
    (("demo", "--country", "--papers", "."), "--papers"),
    (("demo", "--country", "--visits", "20"), "--visits"),
    (("up", "--country", "--rate", "0"), "--rate"),
)


@pytest.mark.parametrize(
    ("arguments", "said"), REFUSED, ids=lambda one: one if isinstance(one, str) else " ".join(one)
)
def test_options_that_make_no_sense_are_refused_in_a_sentence(
    arguments: Sequence[str], said: str
) -> None:
    ended = CliRunner().invoke(app, arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in ended.stderr
