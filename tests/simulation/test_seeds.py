"""Twenty-four seeds, each a country of its own for a quarter hour of faults: all promises hold."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from simulators.simulation.databases import templates
from simulators.simulation.outcome import Outcome
from simulators.simulation.places import CELLS, TABLES_OF
from simulators.simulation.plan import Kind
from simulators.simulation.seeds import outcomes
from simulators.simulation.steps import HELD
from simulators.stack.servers import Servers

pytestmark = [pytest.mark.slow, pytest.mark.long]
SEEDS = range(1, 25)
HOURS = 0.25
TOLD_MAX = 3


@pytest.fixture(scope="module")
def lived(stack: Servers) -> Iterator[Sequence[Outcome]]:
    with templates(stack.database_url, "seeds_") as made:
        yield list(outcomes(made, SEEDS, HOURS, at_once=2))


def test_every_promise_holds_and_all_comes_to_rest(lived: Sequence[Outcome]) -> None:
    failed = [one.told() for one in lived if not one.is_good]
    assert not failed, "\n".join(failed[:TOLD_MAX])
    assert {one.seed for one in lived} == set(SEEDS)


def test_processes_of_every_kind_die_at_every_step(lived: Sequence[Outcome]) -> None:
    struck = sum((Counter(one.struck) for one in lived), Counter())
    assert [cell for cell in CELLS if not struck[" ".join(cell)]] == [], struck
    assert [role for role in TABLES_OF if not struck[f"{role} {HELD}"]] == [], struck


def test_everything_that_can_go_wrong_goes_wrong(lived: Sequence[Outcome]) -> None:
    done = sum((Counter(one.faults_injected) for one in lived), Counter())
    assert [kind for kind in Kind if not done[kind]] == []
    assert min(one.settled for one in lived) > 0
