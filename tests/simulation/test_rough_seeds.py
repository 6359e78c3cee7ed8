"""Where planted faults are found the sound product holds: the same stages, the same seeds."""

from collections.abc import Iterator

import pytest

from simulators.simulation.databases import Templates, templates
from simulators.stack.servers import Servers
from tests.simulation.hunt import NOTHING, hunted
from tests.simulation.planted import PLANTED

pytestmark = [pytest.mark.slow, pytest.mark.long]
STAGES = [name for name, one in PLANTED.items() if one.has_its_own_stage]
MOST = max(one.seeds for name, one in PLANTED.items() if name not in STAGES)


@pytest.fixture(scope="module")
def seeded(stack: Servers) -> Iterator[Templates]:
    with templates(stack.database_url, "rough_") as made:
        yield made


@pytest.mark.parametrize("stage", [NOTHING, *STAGES])
def test_the_same_seeds_hold_without_a_planted_fault(seeded: Templates, stage: str) -> None:
    most = PLANTED[stage].seeds if stage else MOST
    found = hunted(seeded, stage, range(1, most + 1), is_planted=False)
    assert [(one.seed, one.told) for one in found if one.found] == []
    assert len(found) == most
