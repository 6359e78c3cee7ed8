"""The hub over HTTP on books of two settlements, and a token of every kind of holder."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from pydantic import SecretStr
from sqlalchemy import Engine, text

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from hub.api.app import create_app
from hub.services import reconciliation
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

KEY_TEXT = "bm90IGEgc2VjcmV0IG9mIGFueWJvZHk="
SEALING_TEXT = "k1=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
PERSON, STRANGER = "P" * 29, "Q" * 29  # the books are of the first
FIRST, LAST, OPEN = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)
CASES = (Case(1, LAST), Case(2, LAST, insured=ANHUI, treatment=HUNAN, total_fen=80_00))
BODY: dict[str, Any] = {
    "person_id": PERSON,
    "insured_division": "430100",
    "insurance_kind": "310",
    "category": "long_term_resident",
    "place": "310000",
    "begins_on": "2026-04-01",
    "materials": [{"kind": "credential"}, {"kind": "commitment"}],
}
PEOPLE = {
    "operator": (AccessRole.OPERATOR, None),
    "hunan": (AccessRole.INSURED_AGENCY, HUNAN),
    "shanghai": (AccessRole.TREATMENT_AGENCY, SHANGHAI),
    "anhui": (AccessRole.INSURED_AGENCY, ANHUI),
    "watcher": (AccessRole.WATCHER, HUNAN),
    "misfit": (AccessRole.OPERATOR, HUNAN),
    "channel": (AccessRole.PERSON_CHANNEL, None),
    "person": (AccessRole.PERSON, None),
    "other": (AccessRole.PERSON, None),
    "hospital": (AccessRole.INSTITUTION, SHANGHAI),
}
SUBJECTS = {"person": PERSON, "other": STRANGER}


class At:
    def now(self) -> datetime:
        return NOON


@dataclass(frozen=True, slots=True)
class World:
    engine: Engine
    log: MemoryLog
    app: FastAPI
    client: Client
    tokens: dict[str, str]

    def as_(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}

    def submit(self, who: str, key: str, **changes: Any) -> Response:
        headers = self.as_(who) | {"Idempotency-Key": key}
        return self.client.post("/registrations", json=BODY | changes, headers=headers)


@pytest.fixture
def world(databases: Databases) -> Iterator[World]:
    engine, log = databases.fresh("hub", migrate), MemoryLog()
    settings = Settings(
        person_token_key=SecretStr(KEY_TEXT),
        hub_sealing_keys=SecretStr(SEALING_TEXT),
        hub_body_max_bytes=4_096,
    )
    outbox = Outbox(engine, log.sender("hub.api"), At())
    outbox.tend()
    app = create_app(engine, outbox, At(), settings)
    with engine.begin() as tx:
        add_participants(tx)
        add_days(tx, FIRST, OPEN)
        add_cases(tx, CASES)
        for _ in range(4):
            reconciliation.begin_due(tx, NOON)
        tokens = {
            who: access.issue(
                tx,
                Principal(SUBJECTS.get(who, who), role, area),
                valid_for=timedelta(days=1),
                now=NOON,
            )
            for who, (role, area) in PEOPLE.items()
        }
    with served(app) as client:
        yield World(engine, log, app, client, tokens)
    outbox.close()


def agree(world: World) -> None:
    with world.engine.begin() as tx:
        tx.execute(text("UPDATE reconciliation_sides SET state = 'agreed', agreed_at = now()"))


def code_of(answer: Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["zh"]
    assert said["en"]
    assert said["code"] in said["detail"]
    return str(said["code"])
