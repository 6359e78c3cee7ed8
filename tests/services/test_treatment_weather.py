"""Route weather at a treatment area: kept, aged, and asked before a bill is sent on its way."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from contracts import topics
from contracts.codes import AreaCode, DivisionCode
from contracts.ids import MessageId, SettlementId, new_id
from contracts.message import Head, Message, Outgoing
from contracts.messages.weather import Condition, Route, RouteWeatherPublished
from contracts.refusal import RefusalCode
from participants.treatment.domain.results import Refusal, Requested
from participants.treatment.domain.settlement import SettleRequest
from participants.treatment.domain.terms import Terms
from participants.treatment.domain.weather import Weather, words
from participants.treatment.services import weather
from tests.support.databases import Databases
from tests.support.treatment import HEFEI, NOW, TERMS, a_bill, treatment_database

ANHUI, JIANGSU = AreaCode("340000"), AreaCode("320000")
NANJING = DivisionCode("320100")
SECOND = timedelta(seconds=1)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


def a_route(condition: Condition, area: AreaCode = ANHUI) -> Route:
    return Route(
        insured_area=area,
        condition=condition,
        since=NOW - timedelta(minutes=5),
        tried=3,
        success_bp=0,
        p50_ms=None,
        p95_ms=None,
        lag_ms=60_000,
    )


def told(
    engine: Engine, *routes: Route, at: datetime = NOW, sender: str = topics.HUB
) -> Weather | None:
    """What is known of Anhui after the hub has said so."""
    body = RouteWeatherPublished(observed_at=at, routes=routes)
    id_ = MessageId(new_id())
    head = Head(message_id=id_, cause_id=None, kind=body.KIND, sender=sender, sent_at=at)
    with engine.begin() as tx:
        weather.record(tx, [Message(head, body)], at)
        return weather.of(tx, [HEFEI]).get(ANHUI)


def settle(engine: Engine, *bills: SettleRequest, now: datetime = NOW) -> list[RefusalCode | None]:
    """The code of each refusal, None for those that were passed on; in the order of the bills."""
    passed: list[SettleRequest] = []

    def service(
        _tx: Connection, requests: Sequence[SettleRequest], at: datetime, _terms: Terms
    ) -> tuple[list[Requested | Refusal], list[Outgoing]]:
        passed.extend(requests)
        return [Requested(SettlementId(new_id()), at) for _ in requests], []

    with engine.begin() as tx:
        results, _ = weather.unless_down(service)(tx, bills, now, TERMS)
    going = [bill for bill, one in zip(bills, results, strict=True) if isinstance(one, Requested)]
    assert going == passed
    return [one.code if isinstance(one, Refusal) else None for one in results]


def test_the_newest_word_of_the_hub_counts(engine: Engine) -> None:
    assert told(engine) is None
    first = told(engine, a_route(Condition.DOWN))
    assert first == Weather(a_route(Condition.DOWN), NOW)
    assert told(engine, a_route(Condition.CLEAR), at=NOW - SECOND) == first
    assert told(engine, a_route(Condition.CLEAR), at=NOW + SECOND, sender="insured.340000") == first
    assert told(engine, a_route(Condition.CLEAR), at=NOW + SECOND) != first


def test_a_down_area_is_told_at_once_and_the_others_are_served(engine: Engine) -> None:
    told(engine, a_route(Condition.DOWN), a_route(Condition.SLOW, JIANGSU))
    bills = [
        a_bill("1"),
        a_bill("2"),
        a_bill("3", insured_division=NANJING),
        a_bill("4"),
        a_bill("5", insured_division=DivisionCode("110100")),
    ]
    # The first is let through: somebody has to find out whether the area is back.
    down = RefusalCode.ROUTE_DOWN
    assert settle(engine, *bills) == [None, down, None, down, None]
    assert settle(engine, *bills, now=NOW + SECOND) == [down, down, None, down, None]
    later = NOW + words().probe_every
    assert settle(engine, *bills, now=later) == [None, down, None, down, None]


def test_the_refusal_says_who_since_when_and_what_then(engine: Engine) -> None:
    told(engine, a_route(Condition.DOWN))
    settle(engine, a_bill("1"))
    with engine.begin() as tx:
        turned_away = weather.unless_down(lambda *_: ([], []))
        (no,), _ = turned_away(tx, [a_bill("2")], NOW, TERMS)
    assert isinstance(no, Refusal)
    text = no.code.told(no.detail)
    assert "先收费后补结算" in text
    assert "手工报销" in text
    assert "安徽" in text
    assert "05-06 10:25" in text


def test_two_gateways_send_one_probe(engine: Engine) -> None:
    told(engine, a_route(Condition.DOWN))
    with engine.begin() as another:
        another.exec_driver_sql("SELECT FROM route_weather FOR UPDATE")  # it takes the probe
        assert settle(engine, a_bill("2")) == [RefusalCode.ROUTE_DOWN]
    assert settle(engine, a_bill("2")) == [None]


def test_old_news_turns_nobody_away_and_says_that_it_is_old(engine: Engine) -> None:
    told(engine, a_route(Condition.DOWN))
    old = NOW + words().stale_after + SECOND
    assert settle(engine, a_bill("1"), a_bill("2"), now=old) == [None, None]
    known = told(engine)
    assert known is not None
    assert (known.is_stale(old), known.is_stale(old - SECOND)) == (True, False)
    assert "未知" in known.zh(old)
    assert "中断" in known.zh(NOW)
    assert known.age_s(old) == 91
