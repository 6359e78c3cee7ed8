"""The simulation is tested by faults planted in the product: each is found within a few seeds."""

from collections.abc import Iterator

import pytest

from simulators.simulation import last_word, surprises
from simulators.simulation.databases import Templates, templates
from simulators.stack.servers import Servers
from simulators.truths import TRUTHS
from tests.simulation.hunt import hunted
from tests.simulation.planted import DEATH, PENDING, PLANTED

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module")
def seeded(stack: Servers) -> Iterator[Templates]:
    with templates(stack.database_url, "planted_") as made:
        yield made


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(seeded: Templates, name: str) -> None:
    planted = PLANTED[name]
    found = hunted(seeded, name, range(1, planted.seeds + 1))
    assert set(found[-1].found) & set(planted.found), [(one.seed, one.told) for one in found]


def test_what_is_to_find_them_exists() -> None:
    expected = {one for planted in PLANTED.values() for one in planted.found}
    assert expected <= {*TRUTHS, PENDING, DEATH, last_word.NAME, surprises.NAME}
    assert len(PLANTED) >= 33
