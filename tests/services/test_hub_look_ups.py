"""The look-ups over HTTP: pages, filters, whose eyes see what, and the sessions of persons."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from pydantic import SecretStr
from sqlalchemy import Engine, text

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Role, VisitKind
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from contracts.messages.directory import Agency, DirectoryPublished, InstitutionsPublished, Listed
from contracts.messages.directory import PoolingArea as Pooling
from contracts.person import person_id_of
from contracts.refusal import RefusalCode
from hub.api.app import create_app
from hub.domain.registration import Registration, RegistrationState
from hub.services import directory
from hub.settings import Settings
from hub.store import registrations
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.http import Client, served
from tests.support.hub import a_registration, said
from tests.support.hub_books import (
    ANHUI,
    HUNAN,
    NOON,
    SHANGHAI,
    Case,
    add_cases,
    add_days,
    add_participants,
    settlement_id,
)
from tests.support.tables import rows

KEY_TEXT = "bm90IGEgc2VjcmV0IG9mIGFueWJvZHk="
KEY = b"not a secret of anybody"
PERSON, STRANGER = "P" * 29, "Q" * 29  # the books are of the first
LAST_YEAR, FIRST, OPEN = date(2025, 12, 30), date(2025, 12, 30), date(2026, 4, 1)
# Of one person: the year and the parties, and one undone the year after.
CASES = (
    Case(1, date(2026, 3, 30)),
    Case(2, date(2026, 3, 31), insured=ANHUI, total_fen=80_00, account_fen=10_00),
    Case(3, LAST_YEAR, total_fen=60_00, reversed_on=date(2026, 3, 31)),
    Case(4, LAST_YEAR, insured=ANHUI, treatment=HUNAN, total_fen=40_00),
)
PEOPLE = {
    "operator": (AccessRole.OPERATOR, None),
    "hunan": (AccessRole.INSURED_AGENCY, HUNAN),
    "anhui": (AccessRole.INSURED_AGENCY, ANHUI),
    "shanghai": (AccessRole.TREATMENT_AGENCY, SHANGHAI),
    "watcher": (AccessRole.WATCHER, HUNAN),
    "channel": (AccessRole.PERSON_CHANNEL, None),
    PERSON: (AccessRole.PERSON, None),
    STRANGER: (AccessRole.PERSON, None),
}


@dataclass(slots=True)
class Clock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class World:
    engine: Engine
    client: Client
    clock: Clock
    tokens: dict[str, str]

    def get(self, who: str, path: str, **parameters: Any) -> Response:
        headers = {"Authorization": f"Bearer {self.tokens.get(who, who)}"}
        return self.client.get(path, params=parameters or None, headers=headers)

    def open_session(self, number: str, kind: str = "01", who: str = "channel") -> Response:
        body = {"certificate_kind": kind, "certificate_number": number}
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        return self.client.post("/person-sessions", json=body, headers=headers)

    def all_pages(self, who: str, path: str, **parameters: Any) -> list[dict[str, Any]]:
        found, cursor = list[dict[str, Any]](), None
        for _ in range(20):
            asked = parameters | ({"cursor": cursor} if cursor else {})
            page = self.get(who, path, **asked).json()
            assert 0 < len(page["items"]) <= parameters["size"]
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found
        raise AssertionError("the pages do not end")


@pytest.fixture
def world(databases: Databases) -> Iterator[World]:
    engine, log, clock = databases.fresh("hub", migrate), MemoryLog(), Clock()
    outbox = Outbox(engine, log.sender("hub.api"), clock)
    outbox.tend()
    app = create_app(engine, outbox, clock, Settings(person_token_key=SecretStr(KEY_TEXT)))
    with engine.begin() as tx:
        add_participants(tx)
        add_days(tx, FIRST, OPEN)
        add_cases(tx, CASES)
        registrations.add(tx, [_registration(number) for number in (1, 2, 3)])
        directory.record_institutions(tx, [said(_institutions(), "treatment.310000")], NOON)
        directory.record_directory(tx, [said(_offices(), "insured.430000")], NOON)
        tokens = {
            who: access.issue(tx, Principal(who, role, area), valid_for=timedelta(days=1), now=NOON)
            for who, (role, area) in PEOPLE.items()
        }
    with served(app) as client:
        yield World(engine, client, clock, tokens)
    outbox.close()


def _registration(number: int) -> Registration:
    return a_registration(
        person_id=PERSON,
        insured_area=HUNAN,
        insured_division="430100",
        submitted_at=NOON - timedelta(days=number // 2),  # two at one instant
        state=RegistrationState.REJECTED,
        refusal=RefusalCode.REJECTED_BY_DESK,
    )


# code, name, division, kind, opened, until
LISTED = """
    H31010000001 浦江示例医院   310101 hospital inpatient,outpatient -
    H31010000002 静安示例医院   310106 hospital inpatient            -
    H31010000003 宝山示例医院   310113 hospital outpatient,chronic   2026-03-30
    P31010000001 浦江大药房     310101 pharmacy pharmacy             -
"""


def _institutions() -> InstitutionsPublished:
    told = []
    for line in LISTED.strip().splitlines():
        code, name, division, kind, opened, until = line.split()
        told.append(
            Listed(
                code=code,
                name=name,
                division=division,
                level=3,
                kind=kind,
                opened=tuple(map(VisitKind, opened.split(","))),
                since=date(2026, 1, 1),
                until=None if until == "-" else date.fromisoformat(until),
            )
        )
    area = AreaCode("310000")
    return InstitutionsPublished(area=area, published_at=NOON, institutions=tuple(told))


def _offices() -> DirectoryPublished:
    kinds = ((VisitKind.INPATIENT,), (VisitKind.INPATIENT, VisitKind.CHRONIC))
    return DirectoryPublished(
        area=HUNAN,
        role=Role.INSURED,
        published_at=NOON,
        agencies=tuple(
            Agency(division=f"43{n}100", name=f"{n}号经办", phone=f"073{n}-12393", address="示例路")
            for n in range(1, 6)
        ),
        pooling_areas=tuple(
            Pooling(
                division=f"430{n}00", name=f"{n}市", opened=kinds[n % 2], since=date(2026, n, 1)
            )
            for n in range(1, 7)
        ),
    )


# What is asked beside the area, and the last digits of the codes found, in order.
FOUND = """
    asked                              codes
    -                                  H1,H2,H3,P1
    kind=pharmacy                      P1
    visit_kind=outpatient              H1,H3
    visit_kind=outpatient&open_on=2026-03-30  H1,H3
    visit_kind=outpatient&open_on=2026-03-31  H1
    open_on=2025-12-31                 none
    division=310101                    H1,P1
    division=310100                    H1,H2,H3,P1
    division=310000                    H1,H2,H3,P1
    name=浦江                          H1,P1
    name=%                             none
    name=浦江&kind=hospital            H1
"""


@pytest.mark.parametrize("case", rows(FOUND), ids=lambda c: c["asked"])
def test_institutions_are_found_by_what_is_asked(world: World, case: dict[str, str]) -> None:
    asked = dict(part.split("=") for part in case["asked"].split("&") if "=" in part)
    answer = world.get(PERSON, "/institutions", area="310000", **asked)
    assert answer.status_code == 200, answer.text
    codes = [one["code"][0] + one["code"][-1] for one in answer.json()["items"]]
    assert (",".join(codes) or "none") == case["codes"]
    assert answer.json()["next_cursor"] is None


def test_an_institution_is_shown_with_chinese_words(world: World) -> None:
    first = world.get("hunan", "/institutions", area="310000").json()["items"][0]
    shown = (first["name"], first["area_name"], first["kind_zh"], first["opened_zh"])
    assert shown == ("浦江示例医院", "上海市", "定点医疗机构", "住院、普通门诊")


PAGED: dict[str, tuple[str, dict[str, str], str, int]] = {
    "institutions": ("/institutions", {"area": "310000"}, "code", 4),
    "agencies": ("/agencies", {}, "name", 5),
    "agencies of an area": ("/agencies", {"area": "430000", "role": "insured"}, "name", 5),
    "pooling areas": ("/pooling-areas", {}, "division", 6),
    "costs": ("/costs", {"person_id": PERSON}, "settlement_id", 4),
    "registrations": ("/registrations", {"person_id": PERSON}, "registration_id", 3),
}


@pytest.mark.parametrize("size", [1, 2, 3, 200])
@pytest.mark.parametrize("name", PAGED)
def test_pages_hold_every_row_once_and_in_one_order(world: World, name: str, size: int) -> None:
    path, asked, field, count = PAGED[name]
    whole = world.all_pages("operator", path, **asked, size=200)
    paged = world.all_pages("operator", path, **asked, size=size)
    assert len({one[field] for one in paged}) == count
    assert paged == whole


def test_a_page_begins_where_the_last_ended_whatever_came_in_between(world: World) -> None:
    first = world.get("operator", "/costs", person_id=PERSON, size=2).json()
    with world.engine.begin() as tx:
        tx.execute(
            text(
                "UPDATE settlements SET received_at = received_at + interval '1 hour'"
                " WHERE settlement_id = :id"
            ),
            {"id": settlement_id(1)},
        )
        add_cases(tx, [Case(9, date(2026, 3, 31))])
    rest = world.get("operator", "/costs", person_id=PERSON, cursor=first["next_cursor"]).json()
    seen = [one["settlement_id"] for one in first["items"] + rest["items"]]
    assert len(seen) == len(set(seen))


BAD_CURSORS = ["x", "e30=", "WyJhIl0=", "bnVsbA==", "W10="]


@pytest.mark.parametrize("cursor", BAD_CURSORS)
@pytest.mark.parametrize("name", PAGED)
def test_what_is_no_cursor_of_ours_is_refused(world: World, name: str, cursor: str) -> None:
    path, asked, _, _ = PAGED[name]
    answer = world.get("operator", path, **asked, cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (422, "1006")


OUT_OF_BOUNDS: dict[str, str] = {
    "/institutions": "1004",
    "/institutions?area=31": "1006",
    "/institutions?area=310000&size=0": "1006",
    "/institutions?area=310000&size=201": "1006",
    "/institutions?area=310000&name=%00": "1006",
    "/institutions?area=310000&kind=hotel": "1006",
    "/institutions?area=310000&open_on=2026-02-30": "1006",
    "/institutions?area=310000&cursor=%00": "1006",
    "/agencies?role=hub": "1006",
    "/pooling-areas?visit_kind=dental": "1006",
    "/costs": "1004",
    "/costs?person_id=1": "1006",
    f"/costs?person_id={PERSON}&year=1": "1006",
    "/costs/totals": "1004",
}


@pytest.mark.parametrize("path", OUT_OF_BOUNDS)
def test_a_question_that_does_not_fit_is_named(world: World, path: str) -> None:
    assert world.get("operator", path).json()["code"] == OUT_OF_BOUNDS[path]


def test_pooling_areas_are_found_by_what_is_open_on_a_day(world: World) -> None:
    asked = {"visit_kind": "chronic", "open_on": "2026-03-31"}
    found = world.get(PERSON, "/pooling-areas", **asked).json()["items"]
    assert [(one["name"], one["opened_zh"]) for one in found] == [
        ("1市", "住院、门诊慢特病"),
        ("3市", "住院、门诊慢特病"),
    ]


# Who asks for the person's costs, and the numbers of the cases found, oldest first.
SEEN = """
    who       cases
    operator  1,2,3,4
    hunan     1,3
    anhui     2,4
    shanghai  1,2,3
    watcher   1,3,4
    person    1,2,3,4
"""


@pytest.mark.parametrize("case", rows(SEEN), ids=lambda c: c["who"])
def test_costs_are_for_the_parties_and_the_person(world: World, case: dict[str, str]) -> None:
    who = PERSON if case["who"] == "person" else case["who"]
    numbers = {str(settlement_id(one.number)): str(one.number) for one in CASES}
    found = world.get(who, "/costs", person_id=PERSON).json()["items"]
    assert sorted(numbers[one["settlement_id"]] for one in found) == case["cases"].split(",")
    totals = world.get(who, "/costs/totals", person_id=PERSON).json()
    counts = sum(year["settled_count"] for year in totals)
    assert counts == len(found)


# Who asks for the person's registrations of Hunan in Shanghai, and how many are found.
REGISTERED = """
    who       count
    operator  3
    hunan     3
    anhui     0
    shanghai  3
    watcher   3
    person    3
"""


@pytest.mark.parametrize("case", rows(REGISTERED), ids=lambda c: c["who"])
def test_registrations_are_for_the_parties_and_the_person(
    world: World, case: dict[str, str]
) -> None:
    who = PERSON if case["who"] == "person" else case["who"]
    asked = {} if who == PERSON else {"person_id": PERSON}
    found = world.get(who, "/registrations", **asked).json()["items"]
    assert str(len(found)) == case["count"]


def test_a_person_sees_nobody_elses(world: World) -> None:
    assert world.get(STRANGER, "/costs").json()["items"] == []
    assert world.get(STRANGER, "/costs/totals").json() == []
    assert world.get(STRANGER, "/registrations").json()["items"] == []
    for path in ("/costs", "/costs/totals", "/registrations"):
        answer = world.get(STRANGER, path, person_id=PERSON)
        assert (answer.status_code, answer.json()["code"]) == (403, "1013")
    one = f"/settlements/{settlement_id(1)}"
    assert world.get(PERSON, one).status_code == 200
    assert world.get(STRANGER, one).json()["code"] == "1013"
    assert len(world.get(PERSON, "/costs").json()["items"]) == 4


def test_a_reversed_bill_stays_on_the_list_as_such(world: World) -> None:
    found = world.get(PERSON, "/costs", year=2025).json()["items"]
    by_number = {one["settlement_id"]: one for one in found}
    assert set(by_number) == {str(settlement_id(3)), str(settlement_id(4))}
    undone = by_number[str(settlement_id(3))]
    shown = (undone["is_reversed"], undone["state_zh"], undone["reversed_on"], undone["total_fen"])
    assert shown == (True, "已撤销", "2026-03-31", 60_00)
    assert not by_number[str(settlement_id(4))]["is_reversed"]


# Of the person: 2026 settles 100 and 80 yuan and undoes 60; 2025 settles 60 and 40.
TOTALS = """
    year settled reversed total fund account cash
    2026 2       1        12000 6000 1000    5000
    2025 2       0        10000 5000 0       5000
"""


def test_totals_are_by_year_and_fund_and_take_off_what_was_undone(world: World) -> None:
    totals = world.get(PERSON, "/costs/totals").json()
    names = ["year", "settled_count", "reversed_count"]
    names += ["total_fen", "fund_total_fen", "account_fen", "cash_fen"]
    shown = [[str(year[name]) for name in names] for year in totals]
    assert shown == [list(case.values()) for case in rows(TOTALS)]
    pool = [fund for fund in totals[0]["funds"] if fund["fund"] == "pool"]
    assert pool == [{"fund": "pool", "fund_zh": "统筹基金", "paid_fen": 60_00}]
    assert sum(fund["paid_fen"] for fund in totals[0]["funds"]) == 70_00


NUMBER = "43010219800101001X"


def test_a_session_is_one_persons_and_ends_by_itself(world: World) -> None:
    opened = world.open_session(NUMBER)
    assert opened.status_code == 201
    assert opened.headers["cache-control"] == "no-store"
    said_back = opened.json()
    assert said_back["person_id"] == person_id_of("01", NUMBER, KEY)
    token = said_back["token"]
    assert world.get(token, "/costs").json() == {"items": [], "next_cursor": None}
    assert world.get(token, "/costs", person_id=PERSON).json()["code"] == "1013"
    world.clock.at = NOON + timedelta(minutes=15)
    assert world.get(token, "/costs").json()["code"] == "1012"


def test_a_session_reveals_nothing_and_keeps_no_number(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        known, unknown = world.open_session(NUMBER), world.open_session("51010219800101002X")
    assert known.status_code == unknown.status_code == 201
    assert known.json().keys() == unknown.json().keys() == {"token", "person_id", "expires_at"}
    assert NUMBER not in caplog.text
    assert known.json()["token"] not in caplog.text
    with world.engine.connect() as tx:
        stored = [row[0] for row in tx.execute(text("SELECT t::text FROM access_tokens t"))]
    assert not any(NUMBER in one or known.json()["token"] in one for one in stored)


BAD_CERTIFICATES = [("", "01"), ("1" * 41, "01"), ("张三", "01"), (NUMBER, "1"), (NUMBER, "０１")]


@pytest.mark.parametrize(("number", "kind"), BAD_CERTIFICATES)
def test_a_certificate_that_is_none_is_never_said_back(
    world: World, number: str, kind: str
) -> None:
    answer = world.open_session(number, kind)
    assert answer.status_code == 422
    assert not number or number not in answer.text


@pytest.mark.parametrize("who", [name for name in PEOPLE if name != "channel"])
def test_only_a_channel_opens_sessions(world: World, who: str) -> None:
    assert world.open_session(NUMBER, who=who).json()["code"] == "1013"
