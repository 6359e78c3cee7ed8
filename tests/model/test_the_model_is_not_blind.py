"""Each fault planted in the hub is found by the machine, within a stated number of runs."""

import pytest
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from tests.model.depths import UNTIL_FOUND
from tests.model.machine import HubAndModel
from tests.model.planted import PLANTED, Plant


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found(
    engine: Engine, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    HubAndModel.engine = engine
    plant(monkeypatch)
    with pytest.raises(AssertionError, match=r"only the (hub|model)"):
        run_state_machine_as_test(HubAndModel, settings=UNTIL_FOUND)
