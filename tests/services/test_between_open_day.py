"""Three parties and their open day: what one of them alone has shows within a minute."""

from datetime import timedelta
from random import Random

import pytest

from contracts.messages.reconciliation import SliceReported
from contracts.messages.settlement import SettlementConcluded
from hub.services import slices as hub_slices
from hub.store import provisional_breaks
from participants.insured import area_file
from participants.insured.services import slices as insured_slices
from participants.insured.settings import Settings
from participants.treatment.services import slices as treatment_slices
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.three_parties import World, world

SECOND = timedelta(seconds=1)
RULES = area_file.load(insured.AREA, Settings().area_file_of(insured.AREA))


@pytest.fixture
def parties(databases: Databases) -> World:
    return world(databases, Random(5))


def _settled(parties: World, *, told: bool = True) -> None:
    """One settlement through the door; without `told` the insured area never hears the end."""
    parties.ask(parties.document("2304", parties.bill()))
    while parties.deliver(may_repeat=False):
        if not told:
            parties.on_the_way = [
                one
                for one in parties.on_the_way
                if not isinstance(one.message.body, SettlementConcluded)
            ]


def _second(parties: World, number: int) -> int:
    """What the clocks of all three make them do in a second; how many messages they said."""
    parties.now += SECOND
    said = 0
    with parties.hub.begin() as tx:
        asked = hub_slices.watch(tx, parties.now)
    parties.on_the_way += asked
    said += len(asked)
    if number % 10 == 0:
        with parties.insured.begin() as tx:
            reported = insured_slices.report(RULES, tx, parties.now)
        with parties.treatment.begin() as tx:
            reported += treatment_slices.report(treatment.AREA, tx, parties.now)
        parties.on_the_way += reported
        said += len(reported)
    parties.drain()
    return said


def _differences(parties: World) -> list[tuple[str, str]]:
    with parties.hub.begin() as tx:
        return [
            (f"{one.role}.{one.area}", one.found.break_class.value)
            for one in provisional_breaks.all_of(tx, 10)
        ]


def test_an_honest_day_needs_a_message_a_side_and_an_idle_one_none(parties: World) -> None:
    _settled(parties)
    assert sum(_second(parties, n) for n in range(1, 41)) == 2
    assert sum(_second(parties, n) for n in range(1, 121)) == 0
    assert _differences(parties) == []


def test_a_conclusion_that_the_insured_area_lost_shows_within_a_minute(parties: World) -> None:
    _settled(parties, told=False)
    for number in range(1, 60):
        _second(parties, number)
        if _differences(parties):
            break
    assert _differences(parties) == [(f"insured.{insured.AREA}", "only_at_hub")]
    assert number < 40


def test_a_row_that_only_the_treatment_area_has_shows_within_a_minute(parties: World) -> None:
    """A bill it was never told is settled: nobody told it the hub's instant either."""
    _settled(parties)
    for number in range(1, 21):
        _second(parties, number)
    assert _differences(parties) == []
    parties.rows(
        parties.treatment,
        "UPDATE settlements SET hub_settled_at = NULL, total_fen = total_fen + 1,"
        " cash_fen = cash_fen + 1, in_scope_fen = in_scope_fen + 1 RETURNING 1",
    )
    for number in range(1, 21):
        _second(parties, number)
    assert _differences(parties) == [(f"treatment.{treatment.AREA}", "amount")]


def test_a_slice_says_of_whom_it_is(parties: World) -> None:
    _settled(parties)
    parties.now += timedelta(seconds=10)
    with parties.treatment.begin() as tx:
        [said] = treatment_slices.report(treatment.AREA, tx, parties.now)
    body = said.message.body
    assert isinstance(body, SliceReported)
    assert [bucket.count for day in body.days for bucket in day.buckets] == [1]
    assert said.message.head.sender == f"treatment.{treatment.AREA}"
