"""Twenty seeds, each a country of its own for twenty minutes of faults: every promise holds."""

from collections.abc import Iterator

import pytest

from simulators.simulation.databases import Templates, templates
from simulators.simulation.seeds import outcomes
from simulators.stack.servers import Servers

SEEDS = [range(n, n + 4) for n in range(1, 21, 4)]
HOURS = 0.34
TOLD_MAX = 3


@pytest.fixture(scope="module")
def made(stack: Servers) -> Iterator[Templates]:
    with templates(stack.database_url, "seeds_") as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_every_promise_holds_and_all_comes_to_rest(made: Templates, seeds: range) -> None:
    found = list(outcomes(made, seeds, HOURS, at_once=2))
    failed = [one.told() for one in found if not one.is_good]
    assert not failed, "\n".join(failed[:TOLD_MAX])
    assert {one.seed for one in found} == set(seeds)


@pytest.mark.slow
def test_the_same_seed_is_the_same_run_to_the_byte(made: Templates) -> None:
    """In two interpreters of their own, one of which has run another seed before."""
    first, second = (
        {one.seed: one for one in outcomes(made, seeds, 0.1)} for seeds in ([7, 8], [8])
    )
    assert first[8].events > 100
    assert first[8] == second[8]
    assert first[7].hash != first[8].hash
