"""The hub over HTTP on a real database: what an answer says, to whom, and what it never says."""

# ruff: noqa: F811  # pytest's way: a fixture has the name of the argument

from uuid import uuid4

import pytest
from sqlalchemy import text

from contracts.person import person_id_of
from tests.support.hub_api import World, agree, code_of, world  # noqa: F401 - the fixture
from tests.support.hub_books import HUNAN, SHANGHAI, settlement_id


def test_health_needs_no_token_and_says_whether_work_moves(world: World) -> None:
    answer = world.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "moving")
    with world.engine.begin() as tx:
        tx.execute(
            text(
                "INSERT INTO outbox VALUES (gen_random_uuid(), 't', 'k', '{}', '2026-01-01');"
                "INSERT INTO outbox_unsent (message_id, queued_at)"
                " SELECT message_id, queued_at FROM outbox"
            )
        )
    answer = world.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "stalled")


def test_filing_twice_gives_one_answer_and_another_content_is_a_clash(world: World) -> None:
    key = str(uuid4())
    first, second = world.submit("hunan", key), world.submit("hunan", key)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    clash = world.submit("hunan", key, begins_on="2026-05-01")
    assert (clash.status_code, code_of(clash)) == (409, "1009")
    said = world.log.records("insured.430000.work")
    assert len(said) == 1
    assert world.submit("hunan", str(uuid4())).status_code == 201  # The next good one works.


def test_a_certificate_becomes_the_token_and_is_stored_nowhere(world: World) -> None:
    number = "43010219800101001x"
    answer = world.submit(
        "shanghai",
        str(uuid4()),
        person_id=None,
        certificate_kind="01",
        certificate_number=number,
    )
    assert answer.json()["person_id"] == person_id_of("01", number, b"not a secret of anybody")
    with world.engine.connect() as tx:
        stored = tx.execute(
            text("SELECT r::text FROM registrations r UNION ALL SELECT value FROM outbox")
        )
        assert all(number.upper() not in row[0].upper() for row in stored)


def test_an_area_sees_its_own_sides_and_lines_only(world: World) -> None:
    agree(world)
    operator, hunan = world.as_("operator"), world.as_("hunan")
    assert world.client.post("/clearing/2026-03", headers=operator).json()["payable_fen"] == 90_00
    whole = world.client.get("/clearing/2026-03", headers=operator).json()
    mine = world.client.get("/clearing/2026-03", headers=hunan).json()
    assert len(whole["lines"]) == 2
    assert whole["table"][0][0] == "清算期"
    # As insured agency Hunan sees what it pays; what it receives is its treatment agency's.
    assert [line["treatment_area"] for line in mine["lines"]] == [SHANGHAI]
    assert (mine["payable_fen"], mine["receivable_fen"]) == (50_00, 0)
    day = world.client.get("/reconciliation/2026-03-31", headers=hunan).json()
    assert [(side["role"], side["area"]) for side in day["sides"]] == [("insured", HUNAN)]
    watcher = world.client.get("/reconciliation/2026-03-31", headers=world.as_("watcher")).json()
    assert {side["role"] for side in watcher["sides"]} == {"insured", "treatment"}


def test_a_month_that_was_never_run_is_shown_as_such(world: World) -> None:
    shown = world.client.get("/clearing/2026-02", headers=world.as_("hunan")).json()
    assert (shown["state"], shown["lines"]) == (None, [])


def test_a_clearing_that_must_wait_says_why(world: World) -> None:
    answer = world.client.post("/clearing/2026-03", headers=world.as_("operator"))
    assert (answer.status_code, code_of(answer)) == (409, "5004")
    assert "尚有" in answer.json()["detail"]


def test_a_day_is_closed_once_whatever_is_repeated(world: World) -> None:
    body, operator = {"business_date": "2026-04-01"}, world.as_("operator")
    closed = world.client.post("/business-days/close", json=body, headers=operator)
    assert closed.json() == {"closed_date": "2026-04-01", "open_date": "2026-04-02"}
    again = world.client.post("/business-days/close", json=body, headers=operator)
    assert (again.status_code, code_of(again)) == (409, "5001")


def test_asking_again_reaches_the_sides(world: World) -> None:
    answer = world.client.post("/reconciliation/2026-03-31/ask", headers=world.as_("operator"))
    assert answer.json() == {"asked": 4}
    assert len(world.log.records("insured.340000.notices")) == 1


def test_a_settlement_is_shown_with_its_steps(world: World) -> None:
    path = f"/settlements/{settlement_id(1)}"
    shown = world.client.get(path, headers=world.as_("shanghai")).json()
    assert [step["to_state"] for step in shown["steps"]] == ["routed", "settled"]
    assert shown["shares"]["pool_fen"] == 50_00


def test_a_fault_of_ours_gives_no_detail(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with world.engine.begin() as tx:
        tx.execute(text("DROP TABLE reported_rows, breaks CASCADE"))
    answer = world.client.get("/reconciliation/2026-03-31", headers=world.as_("operator"))
    assert (answer.status_code, code_of(answer)) == (500, "2001")
    assert "breaks" not in answer.text
    assert "UndefinedTable" in caplog.text
    assert "SELECT" not in caplog.text


def test_the_document_shows_problems_for_every_operation(world: World) -> None:
    document = world.client.get("/openapi.json").json()
    for path in document["paths"].values():
        for operation in path.values():
            refused = operation["responses"]["500"]["content"]
            assert list(refused) == ["application/problem+json"]
            assert operation["summary"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
    submit = document["paths"]["/registrations"]["post"]["responses"]
    assert {"201", "400", "401", "403", "404", "409", "413", "422", "500", "503"} == set(submit)
