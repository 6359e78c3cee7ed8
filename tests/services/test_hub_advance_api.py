"""The advance fund over HTTP: each party sees and does its own, and a second person decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import Engine

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from hub.api.app import create_app
from hub.services import advance_watching
from hub.settings import Settings
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.http import Client, served
from tests.support.hub_books import (
    ANHUI,
    HUNAN,
    NOON,
    SHANGHAI,
    Case,
    add_cases,
    add_days,
    add_participants,
)

TODAY = date(2026, 3, 31)
PEOPLE = {
    "ann": (AccessRole.OPERATOR, None),
    "ben": (AccessRole.OPERATOR, None),
    "hunan": (AccessRole.INSURED_AGENCY, HUNAN),
    "anhui": (AccessRole.INSURED_AGENCY, ANHUI),
    "shanghai": (AccessRole.TREATMENT_AGENCY, SHANGHAI),
}


class At:
    def now(self) -> datetime:
        return NOON


@dataclass(frozen=True, slots=True)
class Desk:
    engine: Engine
    log: MemoryLog
    client: Client
    tokens: dict[str, str]

    def get(self, who: str, path: str) -> Any:
        answer = self.client.get(f"/advance{path}", headers=self._as(who))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, who: str, path: str, **body: Any) -> Response:
        return self.client.post(path, json=body, headers=self._as(who))

    def did(self, who: str, path: str, **body: Any) -> Any:
        answer = self.post(who, path, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _as(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}


@pytest.fixture
def desk(databases: Databases) -> Iterator[Desk]:
    engine, log = databases.fresh("hub", migrate), MemoryLog()
    outbox = Outbox(engine, log.sender("hub.api"), At())
    outbox.tend()
    with engine.begin() as tx:
        add_participants(tx)
        add_days(tx, TODAY, TODAY)
        tokens = {
            who: access.issue(tx, Principal(who, role, area), valid_for=timedelta(days=1), now=NOON)
            for who, (role, area) in PEOPLE.items()
        }
    with served(create_app(engine, outbox, At(), Settings())) as client:
        yield Desk(engine, log, client, tokens)
    outbox.close()


def an_advance(desk: Desk) -> None:
    """1000 yuan are held, and 950 of them are spent today: red."""
    opening = {"insured_area": HUNAN, "treatment_area": SHANGHAI, "amount_fen": 1_000_00}
    proposed = desk.did("ann", "/advance/openings", **opening, reason="期初余额")
    approved = desk.did("ben", f"/proposals/{proposed['proposal_id']}/approve", why="已核对")
    assert approved["kind_zh"] == "期初预付金"
    with desk.engine.begin() as tx:
        add_cases(tx, [Case(1, TODAY, total_fen=950_00, pool_fen=950_00)])
        advance_watching.watch(tx, NOON)


def test_a_red_pair_is_topped_up_by_two_operators_and_two_areas(desk: Desk) -> None:
    an_advance(desk)
    asked = desk.did("shanghai", "/advance/top-ups", insured_area=HUNAN)
    assert (asked["kind_zh"], asked["state_zh"], asked["asked_by"]) == (
        "紧急调增",
        "草稿",
        "shanghai",
    )
    assert desk.get("shanghai", "/changes")[0]["kind"] == "opening"  # no draft is shown to areas
    body = {"change_ids": [asked["change_id"]], "reason": "红色预警", "amount_fen": 500_00}
    proposal = f"/proposals/{desk.did('ann', '/advance/proposals', **body)['proposal_id']}"
    assert desk.post("ann", f"{proposal}/approve").json()["code"] == "5006"
    assert desk.did("ben", f"{proposal}/approve")["kind_zh"] == "预付金紧急调增"
    (notice,) = desk.get("hunan", "/notices?year=2026")
    assert (notice["title_zh"], notice["total_fen"]) == ("预付金紧急调增付款通知书", 500_00)
    _paid_and_received(desk, asked["change_id"])
    board = desk.get("hunan", "")
    assert [(p["held_fen"], p["usage_bp"], p["level"]) for p in board["positions"]] == [
        (1_500_00, 6_333, "green")
    ]


def _paid_and_received(desk: Desk, change_id: str) -> None:
    pay = {
        "bank_name": "国家金库湖南省分库",
        "bank_serial": "20260331-1",
        "paid_on": "2026-03-31",
        "amount_fen": 500_00,
    }
    url = f"/advance/changes/{change_id}/payments"
    assert desk.post("shanghai", url, **pay).json()["code"] == "1013"
    assert desk.post("anhui", url, **pay).json()["code"] == "1013"
    assert desk.post("hunan", url, **pay | {"amount_fen": 500_01}).json()["code"] == "5017"
    paid = desk.did("hunan", url, **pay)
    assert desk.did("hunan", url, **pay) == paid
    assert desk.post("hunan", url, **pay | {"paid_on": "2026-03-30"}).json()["code"] == "5018"
    receipt = f"/advance/payments/{paid['payment_id']}/receipt"
    receive = {"received_on": "2026-03-31", "amount_fen": 500_00}
    assert desk.post("hunan", receipt, **receive).json()["code"] == "1013"
    assert desk.did("shanghai", receipt, **receive)["received_on"] == "2026-03-31"


def test_a_warning_is_seen_and_acknowledged_by_whom_it_concerns(desk: Desk) -> None:
    an_advance(desk)
    assert desk.get("anhui", "/warnings") == []
    assert desk.get("anhui", "")["positions"] == []
    assert len(desk.get("ann", "/warnings")) == 2  # the pair, and Shanghai as a whole
    (warning,) = desk.get("hunan", "/warnings")
    assert warning["level_zh"] == "红色预警"
    url = f"/advance/warnings/{warning['warning_id']}/acknowledge"
    assert desk.post("anhui", url).json()["code"] == "1013"
    assert desk.did("hunan", url, note="已请款")["acknowledged_by"] == "hunan"


def test_an_area_names_its_own_offices_only(desk: Desk) -> None:
    office = {"role": "treatment", "tier": 1, "office": "异地就医科", "phone": "021-12345678"}
    desk.did("shanghai", "/advance/contacts", **office)
    assert [c["office"] for c in desk.get("hunan", "/contacts")] == ["异地就医科"]
    assert desk.post("hunan", "/advance/contacts", **office).json()["code"] == "1013"


BAD = (
    ({"amount_fen": 0}, "1006"),
    ({"amount_fen": 1.5}, "1006"),
    ({"treatment_area": HUNAN}, "3002"),
    ({"treatment_area": "990000"}, "3001"),
    ({"reason": " "}, "1004"),
)


def test_bad_openings_are_refused_by_name(desk: Desk) -> None:
    good = {
        "insured_area": HUNAN,
        "treatment_area": SHANGHAI,
        "amount_fen": 100,
        "reason": "期初",
    }
    for change, code in BAD:
        answer = desk.post("ann", "/advance/openings", **good | change)
        assert (change, answer.json()["code"]) == (change, code)
    assert desk.get("ann", "/changes") == []
