"""The hub over HTTP on a real database: who may, what is refused and how."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import Response
from pydantic import SecretStr
from sqlalchemy import Engine, text

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.delivery.engine import engine_of
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from contracts.person import person_id_of
from hub.api.app import ROUTERS, create_app
from hub.api.who_may import WHO_MAY
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
    settlement_id,
)
from tests.support.tables import rows

KEY_TEXT = "bm90IGEgc2VjcmV0IG9mIGFueWJvZHk="
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
    settings = Settings(person_token_key=SecretStr(KEY_TEXT), hub_body_max_bytes=4_096)
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


def _agree(world: World) -> None:
    with world.engine.begin() as tx:
        tx.execute(text("UPDATE reconciliation_sides SET state = 'agreed', agreed_at = now()"))


def _code(answer: Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["zh"]
    assert said["en"]
    assert said["code"] in said["detail"]
    return str(said["code"])


# Each operation for each holder; the person is whom the books and BODY are of, the other is not.
# 1012: no token; 1013: may not. Other numbers are HTTP statuses.
WHO = """
    operation               nobody operator hunan shanghai anhui watcher misfit channel person other
    submit_registration     1012   1013     201   201      1013  1013    1013   1013    201    1013
    change_registration     1012   1013     200   1013     1013  1013    1013   1013    200    1013
    find_registration       1012   200      200   200      1013  200     1013   1013    200    1013
    list_registrations      1012   200      200   200      200   200     1013   1013    200    1013
    list_area_registrations 1012   200      200   1013     1013  200     1013   1013    1013   1013
    find_settlement         1012   200      200   200      1013  200     1013   1013    200    1013
    list_costs              1012   200      200   200      200   200     1013   1013    200    1013
    show_cost_totals        1012   200      200   200      200   200     1013   1013    200    1013
    list_institutions       1012   200      200   200      200   200     1013   200     200    200
    list_agencies           1012   200      200   200      200   200     1013   200     200    200
    list_pooling_areas      1012   200      200   200      200   200     1013   200     200    200
    open_person_session     1012   1013     1013  1013     1013  1013    1013   201     1013   1013
    list_business_days      1012   200      200   200      200   200     1013   1013    1013   1013
    close_business_day      1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    show_reconciliation     1012   200      200   200      200   200     1013   1013    1013   1013
    list_breaks             1012   200      200   200      200   200     1013   1013    1013   1013
    ask_sides               1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    run_clearing            1012   200      1013  1013     1013  1013    1013   1013    1013   1013
    show_clearing           1012   200      200   200      200   200     1013   1013    1013   1013
    list_participants       1012   200      200   200      200   200     1013   200     200    200
    verify                  1012   200      1013  1013     1013  1013    1013   1013    1013   1013
"""
CALLS: dict[str, tuple[str, str, Any]] = {
    "submit_registration": ("POST", "/registrations", BODY),
    "change_registration": (
        "POST",
        "/registrations/{filed}/changes",
        {"change": "supplement", "reason": "补证明", "materials": [{"kind": "residence_proof"}]},
    ),
    "find_registration": ("GET", "/registrations/{filed}", None),
    "list_area_registrations": ("GET", "/registrations/of-area/insured/430000", None),
    "list_registrations": ("GET", f"/registrations?person_id={PERSON}", None),
    "find_settlement": ("GET", f"/settlements/{settlement_id(1)}", None),
    "list_costs": ("GET", f"/costs?person_id={PERSON}", None),
    "show_cost_totals": ("GET", f"/costs/totals?person_id={PERSON}", None),
    "list_institutions": ("GET", "/institutions?area=310000", None),
    "list_agencies": ("GET", "/agencies", None),
    "list_pooling_areas": ("GET", "/pooling-areas", None),
    "open_person_session": (
        "POST",
        "/person-sessions",
        {"certificate_kind": "01", "certificate_number": "43010219800101001X"},
    ),
    "list_business_days": ("GET", "/business-days", None),
    "close_business_day": ("POST", "/business-days/close", {"business_date": "2026-04-01"}),
    "show_reconciliation": ("GET", "/reconciliation/2026-03-31", None),
    "list_breaks": ("GET", "/reconciliation/2026-03-31/breaks", None),
    "ask_sides": ("POST", "/reconciliation/2026-03-31/ask", None),
    "run_clearing": ("POST", "/clearing/2026-03", None),
    "show_clearing": ("GET", "/clearing/2026-03", None),
    "list_participants": ("GET", "/participants", None),
    "verify": ("GET", "/verification", None),
}


@pytest.mark.parametrize("case", rows(WHO), ids=lambda c: c["operation"])
def test_who_may_do_what(world: World, case: dict[str, str]) -> None:
    _agree(world)
    filed = str(uuid4())
    assert world.submit("hunan", filed).status_code == 201
    method, path, body = CALLS[case["operation"]]
    for who, expected in list(case.items())[1:]:
        headers = world.as_(who) | {"Idempotency-Key": str(uuid4())}
        url = path.format(filed=filed)
        answer = world.client.request(method, url, json=body, headers=headers)
        said = str(answer.status_code) if answer.status_code < 400 else _code(answer)
        assert (who, said) == (who, expected)


@pytest.mark.parametrize("name", CALLS)
def test_an_institutions_token_is_the_gateways_and_opens_nothing_here(
    world: World, name: str
) -> None:
    method, path, body = CALLS[name]
    headers = world.as_("hospital") | {"Idempotency-Key": str(uuid4())}
    url = path.format(filed=uuid4())
    assert _code(world.client.request(method, url, json=body, headers=headers)) == "1013"


def test_the_table_holds_every_route_but_health() -> None:
    names = {route.name for router in ROUTERS for route in router.routes}  # type: ignore[attr-defined]  # all are APIRoute
    assert names - {"health"} == set(WHO_MAY) == {case["operation"] for case in rows(WHO)}
    assert names - {"health"} == set(CALLS)


def test_without_a_valid_token_the_answer_names_the_scheme(world: World) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
        answer = world.client.get("/participants", headers=headers)
        assert (answer.status_code, _code(answer)) == (401, "1012")
        assert answer.headers["www-authenticate"].startswith("Bearer")


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
    assert (clash.status_code, _code(clash)) == (409, "1009")
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


SECRET = "张三丰的病"
BAD = {
    "not JSON": (b"{", 400, "1001"),
    "not UTF-8": (b"\xff\xfe{}", 400, "1001"),
    "a huge number": (b'{"begins_on": ' + b"9" * 4_000 + b"}", 422, "1004"),
    "deep nesting": (b"[" * 3_000, 400, "1001"),
    "too large": (b" " * 4_097, 413, "1002"),
    "a list": (b"[]", 422, "1006"),
    "null": (b"null", 422, None),
    "nothing": (b"", 422, None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_body_is_answered_and_changes_nothing(world: World, name: str) -> None:
    content, status, code = BAD[name]
    headers = world.as_("hunan") | {
        "Idempotency-Key": str(uuid4()),
        "Content-Type": "application/json",
    }
    answer = world.client.post("/registrations", content=content, headers=headers)
    assert answer.status_code == status
    assert _code(answer) == (code or _code(answer))
    assert world.submit("hunan", str(uuid4())).status_code == 201


def test_a_body_without_a_declared_length_is_cut_off_too(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    headers = world.as_("hunan") | {"Idempotency-Key": str(uuid4())}
    answer = world.client.post("/registrations", content=endless(), headers=headers)
    assert (answer.status_code, _code(answer)) == (413, "1002")


FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown area": ({"insured_division": "430100", "place": "990000"}, "3001"),
    "the same area": ({"place": "430200"}, "3002"),
    "ends first": ({"ends_on": "2026-03-01"}, "3006"),
    "too short": ({"category": "referral", "ends_on": "2026-04-02"}, "4015"),
    "unknown kind": ({"insurance_kind": SECRET}, "1006"),
    "no such date": ({"begins_on": "2026-02-30"}, "1006"),
    "year 9999": ({"begins_on": "9999-12-31"}, "1006"),
    "no person": ({"person_id": None}, "1004"),
    "two persons": ({"certificate_kind": "01", "certificate_number": "1"}, "1006"),
    "half a certificate": ({"person_id": None, "certificate_kind": "01"}, "1006"),
    "bad token": ({"person_id": "A\x00" + "A" * 27}, "1006"),
    "NUL": ({"materials": [{"kind": "other", "reference": "a\x00b"}]}, "1006"),
    "long material": ({"materials": [{"kind": "other", "reference": "长" * 201}]}, "1005"),
    "many materials": ({"materials": [{"kind": "other"}] * 21}, "1005"),
    "another field": ({SECRET: SECRET}, "1006"),
    "division of letters": ({"insured_division": "43O100"}, "1006"),
    "full-width digits": ({"insured_division": "４３０１００"}, "1006"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_bad_field_is_named_in_chinese_and_never_said_back(world: World, name: str) -> None:
    changes, code = FIELDS[name]
    answer = world.submit("hunan", str(uuid4()), **changes)
    assert _code(answer) == code
    assert SECRET not in answer.text
    with world.engine.connect() as tx:
        assert tx.execute(text("SELECT count(*) FROM registrations")).scalar() == 0


def test_a_lone_surrogate_is_refused(world: World) -> None:
    headers = world.as_("hunan") | {"Idempotency-Key": str(uuid4())}
    content = b'{"materials": ["\\ud800"], "person_id": "\\ud800"}'
    headers["Content-Type"] = "application/json"
    answer = world.client.post("/registrations", content=content, headers=headers)
    assert answer.status_code == 422


ODD = {
    "/settlements/x": "1006",
    f"/settlements/{UUID(int=0)}": "3013",
    f"/registrations/{UUID(int=0)}": "4018",
    "/registrations": "1004",
    "/registrations?person_id=%00": "1006",
    "/reconciliation/2026-02-30": "1006",
    "/reconciliation/0001-01-01": "1006",
    "/clearing/2026-13": "1006",
    "/clearing/%00": "1006",
    "/business-days?count_max=0": "1006",
    "/business-days?count_max=99999999999999999999": "1006",
    "/nothing": "1003",
    "/business-days/close": "1003",
}


@pytest.mark.parametrize("path", ODD)
def test_an_odd_address_has_its_code(world: World, path: str) -> None:
    assert _code(world.client.get(path, headers=world.as_("operator"))) == ODD[path]


def test_a_key_that_is_no_id_or_is_missing_is_refused(world: World) -> None:
    assert _code(world.submit("hunan", "x")) == "1006"
    answer = world.client.post("/registrations", json=BODY, headers=world.as_("hunan"))
    assert _code(answer) == "1004"


def test_an_area_sees_its_own_sides_and_lines_only(world: World) -> None:
    _agree(world)
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
    assert (answer.status_code, _code(answer)) == (409, "5004")
    assert "尚有" in answer.json()["detail"]


def test_a_day_is_closed_once_whatever_is_repeated(world: World) -> None:
    body, operator = {"business_date": "2026-04-01"}, world.as_("operator")
    closed = world.client.post("/business-days/close", json=body, headers=operator)
    assert closed.json() == {"closed_date": "2026-04-01", "open_date": "2026-04-02"}
    again = world.client.post("/business-days/close", json=body, headers=operator)
    assert (again.status_code, _code(again)) == (409, "5001")


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
        tx.execute(text("DROP TABLE reported_rows, breaks"))
    answer = world.client.get("/reconciliation/2026-03-31", headers=world.as_("operator"))
    assert (answer.status_code, _code(answer)) == (500, "2001")
    assert "breaks" not in answer.text
    assert "UndefinedTable" in caplog.text
    assert "SELECT" not in caplog.text


def test_a_request_never_holds_two_connections(world: World) -> None:
    """With a pool of one a second would never come, and the answer would be a 503."""
    url = world.engine.url.render_as_string(hide_password=False)
    engine = engine_of(url, name="one", pool_max=1)
    outbox = Outbox(engine, world.log.sender("one"), At())
    app = create_app(engine, outbox, At(), Settings())
    with served(app) as client:
        for method, path, body in CALLS.values():
            headers = world.as_("hunan" if body is BODY else "operator")
            headers |= {"Idempotency-Key": str(uuid4())}
            url = path.format(filed=uuid4())
            answer = client.request(method, url, json=body, headers=headers)
            assert (path, answer.status_code < 500) == (path, True)
    engine.dispose()


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
