"""Five minutes in which everything breaks, on real Kafka and PostgreSQL and separate processes."""

import json

import pytest

from simulators.chaos.plan import drawn
from tests.flow.leftovers import yidi

SEED, MINUTES = 1, 5
SETTLED_MIN = 300  # of some thousands; where little is done, little can be lost
COUNTS = ("acknowledged_and_lost", "doubly_applied", "between_states", "otherwise_broken")


@pytest.mark.long
@pytest.mark.timeout(1_500)
def test_five_minutes_of_faults_on_the_real_stack_lose_nothing() -> None:
    wanted = ("--seed", str(SEED), "--minutes", str(MINUTES), "--json")
    ended = yidi("chaos", *wanted, timeout_s=1_400)
    assert ended.exit_code == 0, f"{ended.stdout}\n{ended.stderr}"
    assert ended.left_running == ()
    found = json.loads(ended.stdout)
    assert found["holds"] is True
    assert {name: found[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0)
    planned = [one.card.kind.value for one in drawn(SEED, MINUTES).faults]
    assert [one["fault"] for one in found["faults"]] == planned
    assert {"settled", "undone"} <= found["visits"].keys()
    assert found["visits"]["settled"] >= SETTLED_MIN
