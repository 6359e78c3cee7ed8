"""Route weather at the hub: told on every change; canaries find out and are never counted."""

from datetime import datetime, timedelta

import psycopg2
import pytest

from contracts.codes import AreaCode
from contracts.message import Outgoing
from contracts.messages.values import Shares
from contracts.messages.weather import (
    CANARY,
    CanaryAnswered,
    CanaryId,
    CanarySent,
    Condition,
    Route,
    RouteWeatherPublished,
)
from contracts.refusal import RefusalCode
from hub.services import canaries, weather
from hub.services.canaries import TOTAL_FEN
from hub.store.db import migrate
from tests.services.test_hub_preflight import add_bill
from tests.support.databases import Databases
from tests.support.hub import INSURED, NOW, THIRD, TREATMENT, Hub, an_open_hub, said

EVERY = timedelta(seconds=30)
WITHIN = timedelta(seconds=5)
SECOND = timedelta(seconds=1)


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def watch(hub: Hub, now: datetime = NOW) -> list[Outgoing]:
    with hub.engine.begin() as tx:
        return weather.watch(tx, now, every=EVERY)


def send(hub: Hub, now: datetime = NOW) -> dict[AreaCode, CanaryId]:
    """The canary that each area got."""
    with hub.engine.begin() as tx:
        sent = canaries.send(tx, now, every=EVERY, answer_within=WITHIN)
    bodies = {AreaCode(one.topic.split(".")[1]): one.message.body for one in sent}
    return {area: body.canary_id for area, body in bodies.items() if isinstance(body, CanarySent)}


def answered(hub: Hub, id_: CanaryId, shares: Shares | None, area: str = INSURED) -> None:
    code = None if shares is not None else RefusalCode.NO_POLICY
    body = CanaryAnswered(canary_id=id_, shares=shares, code=code)
    hub.hear(canaries.record, said(body, f"insured.{area}"))


def to(outgoing: list[Outgoing], area: AreaCode) -> dict[str, Route]:
    """What a treatment area is told, by insured area."""
    bodies = [one.message.body for one in outgoing if one.topic == f"treatment.{area}.notices"]
    return {
        route.insured_area: route
        for body in bodies
        if isinstance(body, RouteWeatherPublished)
        for route in body.routes
    }


def test_every_treatment_area_is_told_at_first_on_a_change_and_now_and_then(hub: Hub) -> None:
    first = watch(hub)
    assert set(to(first, TREATMENT)) == set(to(first, INSURED)) == {INSURED, TREATMENT, THIRD}
    assert watch(hub, NOW + SECOND) == []
    for seconds_ago in (10, 20, 30):
        add_bill(hub, "expired", seconds_ago)
    changed = to(watch(hub, NOW + 2 * SECOND), TREATMENT)
    assert list(changed) == [INSURED]
    assert (changed[INSURED].condition, changed[INSURED].since) == (
        Condition.DOWN,
        NOW + 2 * SECOND,
    )
    assert (changed[INSURED].tried, changed[INSURED].success_bp) == (3, 0)
    again = to(watch(hub, NOW + EVERY), TREATMENT)
    assert set(again) == {TREATMENT, THIRD}
    again = to(watch(hub, NOW + EVERY + 2 * SECOND), TREATMENT)
    assert again[INSURED].since == NOW + 2 * SECOND


def test_two_who_watch_at_once_say_it_once(hub: Hub) -> None:
    with hub.engine.begin() as tx:
        assert weather.watch(tx, NOW, every=EVERY)
        assert watch(hub) == []
    assert watch(hub) == []


def test_a_canary_goes_to_each_area_once_in_a_while(hub: Hub) -> None:
    assert set(send(hub)) == {INSURED, TREATMENT, THIRD}
    assert send(hub) == {}
    assert send(hub, NOW + EVERY - SECOND) == {}
    assert set(send(hub, NOW + EVERY)) == {INSURED, TREATMENT, THIRD}
    with hub.engine.begin() as tx:
        none = timedelta(0)
        assert canaries.send(tx, NOW + 9 * EVERY, every=none, answer_within=WITHIN) == []


SOUND = Shares(pool_fen=TOTAL_FEN - 1, cash_fen=1)
ANSWERS = {
    "sound": (SOUND, INSURED, 10_000, 250),
    "a_considered_no": (None, INSURED, 10_000, 250),
    "does_not_add_up": (Shares(cash_fen=1), INSURED, 0, 250),
    "of_another_area": (SOUND, THIRD, None, None),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_the_first_answer_of_the_area_itself_makes_the_weather(hub: Hub, what: str) -> None:
    shares, area, success_bp, p95_ms = ANSWERS[what]
    id_ = send(hub)[INSURED]
    hub.now = NOW + timedelta(milliseconds=250)
    answered(hub, id_, shares, area)
    hub.now = NOW + SECOND
    answered(hub, id_, Shares(cash_fen=TOTAL_FEN), area)
    route = to(watch(hub, NOW + SECOND), TREATMENT)[INSURED]
    assert (route.success_bp, route.p95_ms) == (success_bp, p95_ms)
    assert route.lag_ms == (1_000 if area is THIRD else 0)


def test_canaries_alone_close_a_route_and_open_it_again(hub: Hub) -> None:
    late = [send(hub, NOW + n * EVERY)[INSURED] for n in range(4)]
    assert to(watch(hub, NOW + 4 * EVERY), TREATMENT)[INSURED].condition is Condition.DOWN
    # It is back: what waited there is answered late, and what is new in time.
    hub.now = NOW + 4 * EVERY
    fresh = send(hub, hub.now)[INSURED]
    for id_ in (*late, fresh):
        answered(hub, id_, SOUND)
    assert to(watch(hub, hub.now), TREATMENT)[INSURED].condition is Condition.SLOW


def test_no_settlement_and_no_posting_can_ever_be_of_a_canary(hub: Hub) -> None:
    id_ = send(hub)[INSURED]
    answered(hub, id_, SOUND)
    counted = "SELECT (SELECT count(*) FROM settlements), (SELECT count(*) FROM postings)"
    assert hub.rows(counted) == [(0, 0)]
    posting = (
        "INSERT INTO postings (settlement_id, business_date, insured_area, treatment_area,"
        " insurance_kind, fund, from_area, to_area, amount_fen, kind, posted_at)"
        " SELECT canary_id, (SELECT max(business_date) FROM business_days), insured_area, '310000',"
        " '310', 'pool', insured_area, '310000', 1, 'settlement', now() FROM canaries"
        " WHERE insured_area = %s RETURNING 1"
    )
    with pytest.raises(psycopg2.errors.ForeignKeyViolation, match="settlement_id"):
        hub.rows(posting, INSURED)
    add_bill(hub, "rejected", 10)
    with pytest.raises(psycopg2.errors.CheckViolation, match="never_of_a_canary"):
        hub.rows("UPDATE settlements SET person_id = %s RETURNING 1", CANARY)


def test_canaries_are_forgotten_after_a_day(hub: Hub) -> None:
    send(hub)
    send(hub, NOW + timedelta(days=1, seconds=1))
    assert hub.rows("SELECT count(*) FROM canaries WHERE sent_at = %s", NOW) == [(0,)]
