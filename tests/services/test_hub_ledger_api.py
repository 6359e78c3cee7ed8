"""Adjustments, balances, proposals and violations over HTTP: two persons, and each area its own."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from sqlalchemy import text

from contracts import access
from contracts.access import AccessRole, Principal
from hub.services import watching
from tests.support.hub_api import OPEN, World, world  # noqa: F401 - a fixture
from tests.support.hub_bodies import AN_ADJUSTMENT
from tests.support.hub_books import NOON, settlement_id

ONE = str(settlement_id(1))


@pytest.fixture
def second(world: World) -> dict[str, str]:  # noqa: F811 - the fixture itself
    """The headers of another operator."""
    with world.engine.begin() as tx:
        who = Principal("another", AccessRole.OPERATOR, None)
        token = access.issue(tx, who, valid_for=timedelta(days=1), now=NOON)
    return {"Authorization": f"Bearer {token}"}


def said(answer: Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def test_an_adjustment_waits_for_a_second_person_and_is_then_seen_by_its_parties(
    world: World,  # noqa: F811 - the fixture itself
    second: dict[str, str],
) -> None:
    client, first = world.client, world.as_("operator")
    proposed = said(client.post("/ledger/adjustments", json=AN_ADJUSTMENT, headers=first), 202)
    again = said(client.post("/ledger/adjustments", json=AN_ADJUSTMENT, headers=first), 202)
    assert again == proposed
    (waiting,) = said(client.get("/proposals", headers=second))["items"]
    assert (waiting["kind_zh"], waiting["value_fen"], waiting["age_s"]) == ("账务调整", 100, 0)
    url = f"/proposals/{proposed['proposal_id']}"
    own = client.post(f"{url}/approve", json={}, headers=first)
    assert said(own, 403)["code"] == "5006"
    approved = said(client.post(f"{url}/approve", json={"why": "属实"}, headers=second))
    assert (approved["state_zh"], approved["decided_by"]) == ("已同意", "another")
    assert said(client.post(f"{url}/approve", json={}, headers=second)) == approved
    assert said(client.post(f"{url}/decline", json={"why": "不"}, headers=second), 409)
    query = f"/ledger/adjustments?first={OPEN}&last={OPEN}"
    for who, seen in (("operator", 1), ("hunan", 1), ("shanghai", 1), ("anhui", 0)):
        assert len(said(client.get(query, headers=world.as_(who)))) == seen, who
    balances = said(client.get("/ledger/balances", headers=world.as_("hunan")))
    pool = [one["balance_fen"] for one in balances if one["treatment_area"] == "310000"]
    assert pool == [50_00 - 1_00]


def test_a_declined_one_books_nothing_and_a_withdrawn_one_neither(
    world: World,  # noqa: F811 - the fixture itself
    second: dict[str, str],
) -> None:
    client, first = world.client, world.as_("operator")
    for word, who, state in (
        ("decline", second, "declined"),
        ("withdraw", first, "withdrawn"),
    ):
        body = AN_ADJUSTMENT | {"adjustment_id": str(uuid4())}
        found = said(client.post("/ledger/adjustments", json=body, headers=first), 202)
        url = f"/proposals/{found['proposal_id']}"
        ended = said(client.post(f"{url}/{word}", json={"why": "有误"}, headers=who))
        assert ended["state"] == state
        assert said(client.get(url, headers=first)) == ended
    assert said(client.get("/proposals", headers=first))["items"] == []
    states = "state=declined&state=withdrawn&size=1"
    page = said(client.get(f"/proposals?{states}", headers=first))
    assert [one["state"] for one in page["items"]] == ["declined"]
    rest = said(client.get(f"/proposals?{states}&cursor={page['next_cursor']}", headers=first))
    assert [one["state"] for one in rest["items"]] == ["withdrawn"]
    assert rest["next_cursor"] is None
    with world.engine.connect() as tx:
        assert tx.scalar(text("SELECT count(*) FROM adjustments")) == 0


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"amount_fen": 0}, 422, "1006"),
    ({"amount_fen": 1.5}, 422, "1006"),
    ({"cause": ""}, 422, "1004"),
    ({"treatment_area": "430000"}, 422, "1006"),
    ({"treatment_area": "990000"}, 422, "3001"),
    ({"settlement_id": "00000000-0000-4000-8000-000000000009"}, 404, "3013"),
    ({"fund": "cash"}, 422, "1006"),
    ({"amount_fen": -50_01}, 409, "5001"),
    ({"extra": 1}, 422, "1006"),
]


def test_what_cannot_be_booked_is_refused_by_name(world: World) -> None:  # noqa: F811
    for changes, status, code in WRONG:
        body = AN_ADJUSTMENT | changes
        answer = world.client.post("/ledger/adjustments", json=body, headers=world.as_("operator"))
        assert (answer.status_code, answer.json()["code"]) == (status, code), changes
    with world.engine.connect() as tx:
        assert tx.scalar(text("SELECT count(*) FROM proposals")) == 0


def test_a_violation_is_told_by_health_and_named_to_operators(
    world: World,  # noqa: F811 - the fixture itself
) -> None:
    with world.engine.begin() as tx:
        tx.execute(text("DELETE FROM outbox WHERE topic LIKE 'insured.430000%'"))
        watching.watch_new(tx, NOON)
    health = world.client.get("/health").json()
    assert health["violations"] == {"final_states_are_told": 1}
    found = said(world.client.get("/verification/violations", headers=world.as_("operator")))
    (violation,) = found["violations"]
    assert violation["row"]["settlement_id"] == ONE
    assert violation["zh"].startswith("每个终态")
    assert violation["gone_at"] is None
