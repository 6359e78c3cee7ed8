"""Whatever is said to the hub, in whatever order, it does what its model says, step by step."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from tests.model.depths import IN_A_BUILD
from tests.model.machine import HubAndModel

# What the machine must have seen, or it proves little: every end of a settlement, and the rest.
REACHED = {
    "calculation_requested",
    "clearing_issued",
    "registration_told active",
    "registration_told cancelled",
    "registration_told rejected 4013",
    "registration_told superseded",
    "release_requested expired",
    "release_requested late",
    "release_requested unsound",
    "settlement_answered expired 2006",
    "settlement_answered kept 5001",
    "settlement_answered refused 1011",
    "settlement_answered refused 4012",
    "settlement_answered reversed",
    "settlement_answered settled",
    "settlement_answered withdrawn",
    "totals_requested",
}


@pytest.mark.timeout(3_600)  # as deep as somebody wants to wait for
def test_the_hub_does_what_its_model_says(engine: Engine) -> None:
    HubAndModel.engine = engine
    HubAndModel.reached.clear()
    is_deep = settings.get_current_profile_name() == "deep"
    run_state_machine_as_test(HubAndModel, settings=settings() if is_deep else IN_A_BUILD)
    assert REACHED - HubAndModel.reached.keys() == set()
