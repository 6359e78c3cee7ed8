"""Canaries at an insured area: calculated by its own policy, written down, and nothing granted."""

from datetime import timedelta

import psycopg2
import pytest

from contracts.clock import shanghai_date_of
from contracts.ids import new_id
from contracts.message import Body
from contracts.messages.settlement import Basis
from contracts.messages.weather import CANARY, CanaryAnswered, CanaryId, CanarySent
from contracts.refusal import RefusalCode
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.insured import InsuredArea, bill, care, request, standing

ANSWERED = "SELECT canary_id, code FROM canaries"


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    return InsuredArea(databases.fresh("insured", migrate))


def canary(area: InsuredArea, own_fen: int = 0) -> CanarySent:
    today = shanghai_date_of(area.clock.now())
    return CanarySent(
        canary_id=CanaryId(new_id()),
        care=care(person_id=CANARY, admitted_on=today, discharged_on=today),
        bill=bill(own_fen=own_fen),
        standing=standing(None, Basis.NOT_NEEDED),
    )


def answer_of(said: list[Body]) -> CanaryAnswered:
    (one,) = said
    assert isinstance(one, CanaryAnswered)
    return one


def test_a_canary_is_calculated_and_written_down_and_leaves_no_other_trace(
    area: InsuredArea,
) -> None:
    area.insure()
    before = area.counts()
    sent = canary(area)
    answer = answer_of(area.hear(sent))
    assert (answer.canary_id, answer.code) == (sent.canary_id, None)
    assert answer.shares is not None
    assert answer.shares.total_fen() == sent.bill.total_fen
    assert answer.shares.pool_fen > 0
    assert area.counts() == before | {"canaries": 1}


def test_a_bill_that_does_not_add_up_is_refused_as_a_real_one(area: InsuredArea) -> None:
    sent = canary(area)
    wrong = sent.bill.model_copy(update={"total_fen": sent.bill.total_fen + 1})
    answer = answer_of(area.hear(sent.model_copy(update={"bill": wrong})))
    assert (answer.shares, answer.code) == (None, RefusalCode.PARTS_DO_NOT_ADD_UP)
    assert area.rows(ANSWERED) == [(sent.canary_id, RefusalCode.PARTS_DO_NOT_ADD_UP)]


def test_only_the_hubs_canaries_are_answered(area: InsuredArea) -> None:
    assert area.hear(canary(area), sender="insured.340000") == []
    assert area.rows(ANSWERED) == []


def test_canaries_are_forgotten_after_a_day(area: InsuredArea) -> None:
    area.hear(canary(area))
    area.clock.at += timedelta(days=1, seconds=1)
    second = canary(area)
    area.hear(second)
    assert area.rows(ANSWERED) == [(second.canary_id, None)]


def test_no_benefit_can_ever_be_granted_to_a_canary(area: InsuredArea) -> None:
    area.insure()
    area.hear(request(1))
    with pytest.raises(psycopg2.errors.CheckViolation, match="never_of_a_canary"):
        area.rows("UPDATE grants SET person_id = %s RETURNING 1", (CANARY,))
