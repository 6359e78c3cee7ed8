"""Route weather at the hospitals' door: told with every question, and a down area told at once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from contracts import topics
from contracts.clock import SystemClock
from contracts.codes import Role
from contracts.ids import MessageId, new_id
from contracts.message import originate
from contracts.messages.weather import Condition, Route, RouteWeatherPublished
from participants.treatment.domain.weather import words
from simulators.agency import wait_for
from tests.gateway.cases import PSN_NO, outpatient_bill, own_visit, split
from tests.gateway.street import AREA, PERSON, Street, envelope, opened
from tests.gateway.test_preflight import PATIENT_S, of_2001, question
from tests.support.databases import Databases

ANHUI = "340000"
"""Where the street's person is insured."""


def weather(street: Street, condition: Condition, age: timedelta = timedelta(0)) -> None:
    """The hub says so, and it has been heard."""
    now = SystemClock().now() - age
    route = Route(
        insured_area=ANHUI,
        condition=condition,
        since=now,
        tried=20,
        success_bp=9_500,
        p50_ms=40,
        p95_ms=90,
        lag_ms=0,
    )
    street.log.post(
        originate(
            RouteWeatherPublished(observed_at=now, routes=(route,)),
            message_id=MessageId(new_id()),
            topic=topics.notices(Role.TREATMENT, AREA),
            key=AREA,
            sender=topics.HUB,
            at=now,
        )
    )
    heard = "SELECT observed_at FROM route_weather"
    wait_for("the weather is heard", lambda: street.rows(heard) == [(now,)])


def bill() -> dict[str, Any]:
    return outpatient_bill(own_visit(), "100.00", **split("0.00", "0.00", "0.00", "100.00"))


def known(street: Street) -> dict[str, Any]:
    """What 1101 says of the way, by key."""
    base = street.call("1101", PERSON)["output"]["baseinfo"]
    return dict(json.loads(base["exp_content"] or "{}"))


def test_1101_carries_the_weather_and_its_age(street: Street) -> None:
    assert known(street) == {}
    weather(street, Condition.SLOW)
    told = known(street)
    assert (told["ROUTE_CONDITION"], told["ROUTE_SUCCESS_BP"]) == ("slow", 9_500)
    assert (told["ROUTE_P50_MS"], told["ROUTE_P95_MS"], told["ROUTE_LAG_MS"]) == (40, 90, 0)
    assert told["ROUTE_STALE"] is False
    assert "缓慢" in told["ROUTE_ZH"]


def test_old_weather_says_so(street: Street) -> None:
    weather(street, Condition.CLEAR, words().stale_after + timedelta(seconds=1))
    told = known(street)
    assert told["ROUTE_STALE"] is True
    assert told["ROUTE_AGE_S"] > words().stale_after.total_seconds()
    assert "未知" in told["ROUTE_ZH"]


def test_preflight_carries_the_weather_either_way(databases: Databases) -> None:
    with opened(databases, preflight_within_s=PATIENT_S) as street:
        assert street.preflight(**question())[1]["weather"] is None
        weather(street, Condition.CLEAR)
        told = street.preflight(**question())[1]["weather"]
        assert (told["condition"], told["zh"], told["stale"]) == ("clear", "通畅", False)
        found = street.call("2001", of_2001())["output"]["trtinfo"]
        said = {json.loads(one["exp_content"]).get("ROUTE_CONDITION") for one in found}
        assert said == {None, "clear"}


@pytest.mark.parametrize("infno", ["2206", "2207"])
def test_a_down_area_is_told_at_once_with_the_fallback(street: Street, infno: str) -> None:
    weather(street, Condition.DOWN)
    take_the_probe(street)
    before = street.counts()
    replies = street.at_once([envelope(infno, bill()) for _ in range(3)])
    for reply in replies:
        assert reply["err_msg"].startswith("[2008]")
        assert "先收费后补结算" in reply["err_msg"]
        assert "手工报销" in reply["err_msg"]
    assert street.counts() == before


def test_one_in_a_while_finds_out_whether_the_area_is_back(street: Street) -> None:
    weather(street, Condition.DOWN)
    codes = [street.call("2207", bill())["infcode"] for _ in range(3)]
    assert codes == [0, -1, -1]


def test_the_same_message_settles_when_the_area_is_back(street: Street) -> None:
    weather(street, Condition.DOWN)
    take_the_probe(street)
    document = envelope("2207", bill())
    assert street.said(document)["err_msg"].startswith("[2008]")
    assert street.rows("SELECT count(*) FROM attempts") == [(0,)]
    assert street.said(document)["err_msg"].startswith("[2008]")
    weather(street, Condition.CLEAR)
    settled = street.said(document)
    assert settled["infcode"] == 0, settled
    assert street.said(document)["output"] == settled["output"]


def test_whoever_undoes_what_was_turned_away_buries_it(street: Street) -> None:
    """A hospital that saw no answer sends 2601: then the original never settles."""
    weather(street, Condition.DOWN)
    take_the_probe(street)
    document = envelope("2207", bill())
    assert street.said(document)["err_msg"].startswith("[2008]")
    undone = {"psn_no": PSN_NO, "omsgid": document["msgid"], "oinfno": "2207"}
    assert street.call("2601", undone)["infcode"] == 0
    weather(street, Condition.CLEAR)
    assert street.said(document)["err_msg"].startswith("[1011]")


def take_the_probe(street: Street) -> None:
    """Somebody else has just been let through."""
    street.rows("UPDATE route_weather SET probed_at = now() + interval '1 minute' RETURNING 1")
