"""A part of the fuzz with fixed seeds, in every run of the tests; `make fuzz` sends many more."""

from pathlib import Path

import pytest

from tests.fuzz import api, gateway_door
from tests.fuzz.desk_door import desk_door
from tests.fuzz.hub_door import hub_door
from tests.fuzz.tally import Tally
from tests.support.databases import Databases

pytestmark = pytest.mark.slow


def test_the_hubs_api_answers_whatever_it_is_asked_and_refusals_leave_nothing(
    databases: Databases,
) -> None:
    tally = Tally()
    with hub_door(databases) as door:
        for _ in api.run(door, tally, seed=7, requests_wanted=900, each=4):
            pass
    _nothing_found(tally, 900)
    assert {door for door, _ in tally.answers} == {"hub API"}


def test_an_insured_desk_answers_whatever_it_is_asked_and_refusals_leave_nothing(
    databases: Databases,
) -> None:
    tally = Tally()
    with desk_door(databases) as door:
        for _ in api.run(door, tally, seed=7, requests_wanted=400, each=8):
            pass
    _nothing_found(tally, 400)


def test_the_hospitals_door_answers_whatever_it_is_asked_and_ends_everything(
    databases: Databases, tmp_path: Path
) -> None:
    tally = Tally()
    with gateway_door.gateway_door(databases, tmp_path) as door:
        for _ in gateway_door.run(door, tally, seed=7, requests_wanted=2_000):
            pass
    _nothing_found(tally, 2_000)


def _nothing_found(tally: Tally, requests: int) -> None:
    assert tally.findings == [], tally.told()
    assert tally.requests >= requests
    assert tally.comparisons > 0
    kinds = {kind for _, kind in tally.answers}
    assert "done" in kinds, "not everything may be refused: then nothing was tried"
