"""Cases over HTTP: threads, files and decisions, each party with its own cases only."""

import base64
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from pydantic import SecretStr
from sqlalchemy import Engine

from contracts import access
from contracts.access import Principal
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from hub.api.app import create_app
from hub.services import case_decisions
from hub.settings import Settings
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.http import Client, served
from tests.support.hub_cases import (
    BILL,
    INSURED,
    KEYS_TEXT,
    OPERATOR,
    OTHER,
    SECOND,
    STRANGER,
    TREATMENT,
    WATCHER,
    a_pdf,
    add_books,
)

MONDAY = datetime(2026, 4, 13, 2, 0, tzinfo=UTC)
PEOPLE: dict[str, Principal] = {
    "insured": INSURED,
    "treatment": TREATMENT,
    "stranger": STRANGER,
    "watcher": WATCHER,
    "operator": OPERATOR,
    "second": SECOND,
}
DISPUTE: dict[str, Any] = {
    "type": "dispute",
    "text": "床位费重复收取",
    "settlements": [str(BILL)],
    "items": [{"settlement_id": str(BILL), "fund": "pool", "amount_fen": 90_000}],
}


class At:
    def now(self) -> datetime:
        return MONDAY


@dataclass(frozen=True, slots=True)
class World:
    engine: Engine
    client: Client
    tokens: dict[str, str]

    def get(self, who: str, path: str) -> Response:
        return self.client.get(path, headers=self._headers(who))

    def post(self, who: str, path: str, body: Any = None, key: str = "") -> Response:
        headers = self._headers(who) | {"Idempotency-Key": key or str(uuid4())}
        return self.client.post(path, json=body, headers=headers)

    def _headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def opened(self, **changes: Any) -> str:
        answer = self.post("insured", "/cases", DISPUTE | changes)
        assert answer.status_code == 201, answer.text
        return f"/cases/{answer.json()['case_id']}"

    def job(self) -> None:
        with self.engine.begin() as tx:
            case_decisions.decide_due(tx, MONDAY, 10)


def a_world(databases: Databases, settings: Settings) -> Iterator[World]:
    engine = databases.fresh("hub", migrate)
    outbox = Outbox(engine, MemoryLog().sender("hub.api"), At())
    with engine.begin() as tx:
        add_books(tx)
        day = timedelta(days=1)
        tokens = {
            who: access.issue(tx, one, valid_for=day, now=MONDAY) for who, one in PEOPLE.items()
        }
    with served(create_app(engine, outbox, At(), settings)) as client:
        yield World(engine, client, tokens)
    outbox.close()


@pytest.fixture
def world(databases: Databases) -> Iterator[World]:
    keys = SecretStr(KEYS_TEXT)
    yield from a_world(databases, Settings(hub_sealing_keys=keys, hub_body_max_bytes=2_048))


def code(answer: Response) -> str:
    return str(answer.json()["code"])


def a_file(content: bytes, name: str = "出院小结.pdf") -> dict[str, str]:
    return {"name": name, "content_base64": base64.b64encode(content).decode()}


def test_a_dispute_goes_from_its_opening_to_a_posting(world: World) -> None:
    case = world.opened()
    assert world.post("treatment", f"{case}/take").json()["owner_party"] == "treatment.310000"
    assert world.post("treatment", f"{case}/attachments", a_file(a_pdf())).status_code == 201
    answer = {"reply": "admits", "text": "属实", "items": DISPUTE["items"], "penalty_fen": 180_000}
    said = world.post("treatment", f"{case}/answer", answer)
    assert (said.json()["state"], said.json()["turn"]) == ("answered", "hub")
    world.job()
    seen = world.get("insured", case).json()
    approval = f"/proposals/{seen['proposal_id']}/approve"
    assert world.post("second", approval, {"why": "同意"}).status_code == 200
    seen = world.get("insured", case).json()
    assert [one["event_zh"] for one in seen["steps"]] == ["认领", "答复", "提请复核", "复核通过"]
    decision = seen["decision"]
    assert (decision["outcome_zh"], decision["amount_fen"]) == ("支持", -90_000)
    assert (decision["penalty_fen"], decision["second_by"]) == (180_000, SECOND.subject)
    assert (seen["state_zh"], seen["due_at"], seen["turn"]) == ("已办结", None, None)


def test_a_list_holds_only_ones_own_and_turns_its_pages(world: World) -> None:
    world.opened()
    world.opened(settlements=[str(OTHER)], items=[])
    asked = {"type": "coordination", "text": "请协助", "respondents": ["hub"]}
    assert world.post("stranger", "/cases", asked).status_code == 201
    counts = {who: len(world.get(who, "/cases").json()["items"]) for who in PEOPLE}
    assert counts == {
        "insured": 2,
        "treatment": 2,
        "stranger": 1,
        "watcher": 2,
        "operator": 3,
        "second": 3,
    }
    first = world.get("insured", "/cases?size=1").json()
    second = world.get("insured", f"/cases?size=1&cursor={first['next_cursor']}").json()
    assert second["next_cursor"] is None
    shown = [first["items"][0], second["items"][0]]
    assert len({one["case_id"] for one in shown}) == 2
    assert {one["about"] for one in shown} == {"床位费重复收取"}
    assert shown[0]["opener_zh"] == "湖南省（参保地）"
    assert world.get("insured", "/cases?type=assistance").json()["items"] == []
    assert world.get("insured", "/cases?state=open&state=taken").json()["items"] == shown


def test_a_file_comes_back_as_it_went_and_is_never_run(world: World) -> None:
    case, key = world.opened(), str(uuid4())
    sent = a_file(a_pdf(), "C:\\张某\\小结.pdf")
    first = world.post("treatment", f"{case}/attachments", sent, key)
    assert len(str(sent)) > 1_000  # a larger body than other routes take would pass here
    assert world.post("treatment", f"{case}/attachments", sent, key).json() == first.json()
    assert (first.json()["name"], first.json()["kind"]) == ("小结.pdf", "pdf")
    back = world.get("watcher", f"{case}/attachments/{key}")
    assert (back.status_code, back.content) == (200, a_pdf())
    assert back.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%B0")
    assert back.headers["x-content-type-options"] == "nosniff"
    assert code(world.get("stranger", f"{case}/attachments/{key}")) == "5023"
    assert code(world.get("insured", f"{case}/attachments/{uuid4()}")) == "1020"


def test_bad_files_and_bodies_are_refused_by_name_and_change_nothing(world: World) -> None:
    case = world.opened()
    files = f"{case}/attachments"
    for body, expected in (
        (a_file(b"MZ\x90\x00"), "5025"),
        (a_file(b"#!/bin/sh"), "5025"),
        (a_file(a_pdf(), "小结.docm"), "5025"),
        (a_file(b""), "1004"),
        ({"name": "a.pdf", "content_base64": "***"}, "1006"),
        ({"name": "a" * 201 + ".pdf", "content_base64": "AAAA"}, "1005"),
        (a_file(b"%PDF-" + b" " * 3_000), "5025"),  # beyond the usual body, and read all the same
    ):
        assert code(world.post("treatment", files, body)) == expected
    assert code(world.post("treatment", f"{case}/messages", {"text": "长" * 2_001})) == "1002"
    assert (
        code(world.post("treatment", f"{case}/answer", {"reply": "maybe", "text": "x"})) == "1006"
    )
    seen = world.get("insured", case).json()
    assert (seen["attachments"], len(seen["messages"]), seen["state"]) == ([], 1, "open")


def test_an_identity_number_is_refused_and_nothing_said_is_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case, secret = world.opened(), "张三丰11010519491231002X"
    answer = world.post("treatment", f"{case}/messages", {"text": secret})
    assert (answer.status_code, code(answer)) == (422, "1006")
    assert secret not in answer.text
    assert world.post("treatment", f"{case}/messages", {"text": "张三丰的费用"}).status_code == 201
    assert "张三丰" not in caplog.text
    assert "11010519491231002" not in caplog.text


def test_without_a_sealing_key_no_case_is_taken(databases: Databases) -> None:
    for world in a_world(databases, Settings()):
        answer = world.post("insured", "/cases", DISPUTE)
        assert (answer.status_code, code(answer)) == (403, "1013")
