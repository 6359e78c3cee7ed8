"""A seed is a run: the same one twice, to the byte, whatever the process did before."""

import pytest

from simulators.simulation.databases import templates
from simulators.simulation.seeds import outcomes
from simulators.stack.servers import Servers

pytestmark = pytest.mark.slow


def test_the_same_seed_is_the_same_run_to_the_byte(stack: Servers) -> None:
    """In two interpreters of their own, one of which has run another seed before."""
    with templates(stack.database_url, "same_") as made:
        first, second = (
            {one.seed: one for one in outcomes(made, seeds, 0.1)} for seeds in ([7, 8], [8])
        )
    assert first[8].events > 100
    assert first[8] == second[8]
    assert first[7].hash != first[8].hash
