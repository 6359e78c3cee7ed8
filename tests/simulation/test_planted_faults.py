"""The simulation is tested by faults planted in the product: each is found within a few seeds."""

from collections.abc import Iterator

import pytest

from simulators.simulation.databases import Templates, templates
from simulators.stack.servers import Servers
from simulators.truths import TRUTHS
from tests.simulation.hunt import NOTHING, hunted
from tests.simulation.planted import DEATH, PENDING, PLANTED

pytestmark = pytest.mark.slow
STAGES = [name for name, one in PLANTED.items() if one.has_its_own_stage]
MOST = max(one.seeds for name, one in PLANTED.items() if name not in STAGES)


@pytest.fixture(scope="module")
def seeded(stack: Servers) -> Iterator[Templates]:
    with templates(stack.database_url, "planted_") as made:
        yield made


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(seeded: Templates, name: str) -> None:
    planted = PLANTED[name]
    found = hunted(seeded, name, range(1, planted.seeds + 1))
    assert set(found[-1].found) & set(planted.found), [(one.seed, one.told) for one in found]


@pytest.mark.parametrize("stage", [NOTHING, *STAGES])
def test_the_same_seeds_hold_without_it(seeded: Templates, stage: str) -> None:
    most = PLANTED[stage].seeds if stage else MOST
    found = hunted(seeded, stage, range(1, most + 1), is_planted=False)
    assert [(one.seed, one.told) for one in found if one.found] == []
    assert len(found) == most


def test_what_is_to_find_them_exists() -> None:
    expected = {one for planted in PLANTED.values() for one in planted.found}
    assert expected <= {*TRUTHS, PENDING, DEATH}
    assert len(PLANTED) >= 12
