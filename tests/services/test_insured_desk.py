"""Registrations are reviewed, enquiries answered, and the desk decides: who may, what is said."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, InsuranceKind, PersonType, RegistrationCategory
from contracts.ids import EnquiryId, new_id
from contracts.messages.enquiry import PersonAnswered, PersonEnquired
from contracts.messages.registration import RegistrationDecided
from contracts.refusal import RefusalCode
from participants.insured import main
from participants.insured.settings import Settings
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.http import Client, served
from tests.support.insured import (
    AREA,
    HOME,
    NOON,
    SEALER,
    InsuredArea,
    care,
    person,
    request,
    review,
    row,
    settlement,
    wanted,
)
from tests.support.tables import rows

Row = dict[str, str]
ID = wanted().registration_id
STATES = "SELECT state, decided_by FROM registration_reviews"


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    found = InsuredArea(databases.fresh("insured", migrate))
    found.insure()
    return found


@pytest.fixture
def desk(area: InsuredArea) -> Iterator[Client]:
    app = main.desk(AREA, area.engine, area.log, area.clock, Settings(), sealer=SEALER)
    with served(app) as client:
        yield client


HANDLING = """
    category           | state    | by
    retired_resettled  | accepted | 自助备案
    long_term_resident | accepted | 自助备案
    posted_worker      | accepted | 自助备案
    emergency          | accepted | 自助备案
    other_temporary    | accepted | 自助备案
    referral           | waiting  | -
    chronic_disease    | waiting  | -
"""


@pytest.mark.parametrize("case", rows(HANDLING), ids=str)
def test_the_areas_rules_decide_or_leave_it_to_the_desk(area: InsuredArea, case: Row) -> None:
    category = RegistrationCategory(case["category"])
    chronic = category is RegistrationCategory.CHRONIC_DISEASE
    what: dict[str, Any] = {"place": None, "disease_code": "M03900"} if chronic else {}
    said = area.hear(review(category=category, **what))
    by = None if case["by"] == "-" else case["by"]
    assert area.rows(STATES) == [(case["state"], by)]
    decided = case["state"] != "waiting"
    assert [body.accepted for body in said if isinstance(body, RegistrationDecided)] == [
        True
    ] * decided


REJECTIONS = """
    what                   | code
    unknown-person         | 4010
    not-insured-so         | 4006
    insured-elsewhere      | 4005
    insurance-begins-later | 4011
"""
REJECTED: dict[str, dict[str, Any]] = {
    "unknown-person": {"person_id": person(9)},
    "not-insured-so": {"insurance_kind": InsuranceKind.RESIDENT},
    "insured-elsewhere": {"insured_division": "320500"},
    "insurance-begins-later": {"begins_on": date(2009, 12, 31)},
}


@pytest.mark.parametrize("case", rows(REJECTIONS), ids=lambda case: case["what"])
@pytest.mark.parametrize("category", ["referral", "emergency"])
def test_who_is_not_insured_here_is_rejected_at_once(
    area: InsuredArea, case: Row, category: str
) -> None:
    asked = review(category=RegistrationCategory(category), **REJECTED[case["what"]])
    (said,) = area.hear(asked)
    assert isinstance(said, RegistrationDecided)
    assert (said.accepted, said.code) == (False, case["code"])
    assert area.hear(asked) == [said], "asked again, the same answer"


def test_a_registration_asked_again_waits_once(area: InsuredArea) -> None:
    assert area.hear(review(), review(), review(place="110000")) == []
    assert area.rows(STATES) == [("waiting", None)]
    assert area.rows("SELECT kind FROM anomalies") == [("asked_differently",)]


def test_a_person_is_known_by_a_card_whose_identity_stays_sealed(area: InsuredArea) -> None:
    area.insure(
        row(1),
        row(
            1,
            insurance_kind=InsuranceKind.RESIDENT,
            person_type=PersonType.RESIDENT_ADULT,
            in_force_until=date(2026, 3, 9),
            account_balance_fen=0,
        ),
    )
    (said,) = area.hear(_enquiry(1))
    assert isinstance(said, PersonAnswered)
    assert said.card is not None
    assert "张某1" not in said.model_dump_json()
    assert "张某1" in SEALER.open(said.card.sealed_identity)
    insured = {one.insurance_kind: one.in_force for one in said.card.insurances}
    assert insured == {InsuranceKind.EMPLOYEE: True, InsuranceKind.RESIDENT: False}


def test_an_unknown_person_has_no_card(area: InsuredArea) -> None:
    (said,) = area.hear(_enquiry(9))
    assert isinstance(said, PersonAnswered)
    assert (said.card, said.code) == (None, RefusalCode.PERSON_UNKNOWN)


WHO_MAY = """
    holder           | of     | status | code
    nobody           | -      | 401    | 1012
    stranger         | -      | 401    | 1012
    insured_agency   | 310000 | 403    | 1013
    treatment_agency | 320000 | 403    | 1013
    watcher          | 320000 | 403    | 1013
    operator         | -      | 403    | 1013
    insured_agency   | 320000 | 200    | -
"""
ROUTES = [
    ("GET", "/reviews"),
    ("POST", f"/reviews/{ID}/accept"),
    ("POST", f"/reviews/{ID}/reject"),
    ("GET", f"/people/{person(1)}/grants/{settlement(1)}"),
]


@pytest.mark.parametrize("who", rows(WHO_MAY), ids=str)
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_only_the_agency_of_this_area_may(
    area: InsuredArea, desk: Client, who: Row, route: tuple[str, str]
) -> None:
    area.hear(review(), request(1))
    body = {"reason": "材料齐全"} if route[0] == "POST" else None
    headers = _headers(area, who["holder"], who["of"])
    answer = desk.request(*route, headers=headers, json=body)
    assert answer.status_code == int(who["status"])
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == who["code"]
        assert area.rows(STATES) == [("waiting", None)]


def test_an_expired_token_is_no_token(area: InsuredArea, desk: Client) -> None:
    headers = _headers(area)
    area.clock.at = NOON + timedelta(days=2)
    assert desk.get("/reviews", headers=headers).status_code == 401


def test_the_desk_sees_who_waits_and_for_how_long(area: InsuredArea, desk: Client) -> None:
    area.hear(review())
    area.clock.at = NOON + timedelta(hours=2)
    (found,) = desk.get("/reviews?state=waiting", headers=_headers(area)).json()["items"]
    assert found["age_s"] == 7_200
    assert found["person"] == {"name": "张*1", "certificate_number": "321************01X"}
    accepted = desk.get("/reviews?state=accepted", headers=_headers(area)).json()
    assert accepted == {"items": [], "next": None}


@pytest.mark.parametrize(("what", "accepted"), [("accept", True), ("reject", False)])
def test_the_clerks_word_is_said_to_the_hub(
    area: InsuredArea, desk: Client, what: str, accepted: bool
) -> None:
    area.hear(review())
    answer = _decide(area, desk, what)
    assert answer.status_code == 200, answer.text
    (said,) = _decisions(area)
    assert (said.accepted, said.reason, said.decided_by) == (accepted, "已核对", "王芳")
    assert said.code is (None if accepted else RefusalCode.REJECTED_BY_DESK)


def test_a_decision_is_made_once(area: InsuredArea, desk: Client) -> None:
    area.hear(review())
    _decide(area, desk, "accept")
    again = _decide(area, desk, "reject")
    assert (again.status_code, again.json()["code"]) == (409, "4017")
    assert area.rows(STATES) == [("accepted", "王芳")]
    (said,) = area.hear(review())
    assert isinstance(said, RegistrationDecided)
    assert said.accepted, "the hub asks again and hears the clerk's decision"


def test_the_working_can_be_read_line_by_line(area: InsuredArea, desk: Client) -> None:
    area.hear(request(1, care(treatment_division=HOME)))
    path = f"/people/{person(1)}/grants/{settlement(1)}"
    found = desk.get(path, headers=_headers(area)).json()
    assert found["shares"]["pool_fen"] == 9_672_00
    assert found["person"]["name"] == "张*1"
    assert len(found["working"]) == 4
    assert "4400.00 × 83% = 3652.00 元" in found["working"][1]
    assert "张某1" not in str(found)


BAD_REQUESTS = """
    method | path                  | status | code
    GET    | /reviews?state=lost   | 422    | 1006
    GET    | /nowhere              | 404    | 1003
    DELETE | /reviews              | 405    | 1003
    POST   | /reviews/x/accept     | 422    | 1006
    POST   | /reviews/{other}/accept | 404  | 4018
    GET    | /people/{me}/grants/{other} | 404 | 5002
    GET    | /people/{other}/grants/{other} | 422 | 1006
    GET    | /people/{you}/grants/{mine} | 404 | 5002
"""


@pytest.mark.parametrize("case", rows(BAD_REQUESTS), ids=str)
def test_what_is_asked_wrongly_gets_a_plain_no(area: InsuredArea, desk: Client, case: Row) -> None:
    area.hear(request(1))
    names = {"other": new_id(), "me": person(1), "you": person(2), "mine": settlement(1)}
    path = case["path"].format(**names)
    answer = desk.request(case["method"], path, headers=_headers(area))
    assert (answer.status_code, answer.json()["code"]) == (int(case["status"]), case["code"])


BAD_BODIES: list[tuple[bytes, int, str]] = [
    (b"{", 400, "1001"),
    (b"", 422, "1004"),
    (b"[]", 422, "1006"),
    (b"{}", 422, "1004"),
    (b'{"reason": ""}', 422, "1006"),
    (b'{"reason": 7}', 422, "1006"),
    (b'{"reason": "\\u0000"}', 422, "1006"),
    (b'{"reason": "\\ud800"}', 422, "1006"),
    (b'{"reason": "ok", "force": true}', 422, "1006"),
    (b'{"reason": "' + b"x" * 201 + b'"}', 422, "1005"),
    (b"\xff\xfe", 400, "1001"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES, ids=repr)
def test_a_wrong_body_changes_nothing(
    area: InsuredArea, desk: Client, body: bytes, status: int, code: str
) -> None:
    area.hear(review())
    headers = _headers(area) | {"content-type": "application/json"}
    answer = desk.post(f"/reviews/{ID}/reject", headers=headers, content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert area.rows(STATES) == [("waiting", None)]


def test_health_needs_no_token(desk: Client) -> None:
    found = desk.get("/health")
    assert found.status_code == 200
    assert (found.json()["status"], found.json()["area"]) == ("ok", AREA)


def _decide(area: InsuredArea, desk: Client, what: str) -> Response:
    path = f"/reviews/{ID}/{what}"
    return desk.post(path, headers=_headers(area), json={"reason": "已核对"})


def _decisions(area: InsuredArea) -> list[RegistrationDecided]:
    return [body for body in area.said() if isinstance(body, RegistrationDecided)]


def _enquiry(number: int) -> PersonEnquired:
    return PersonEnquired(
        enquiry_id=EnquiryId(UUID(int=3)),
        treatment_area="310000",
        insured_division=HOME,
        person_id=person(number),
    )


def _headers(area: InsuredArea, holder: str = "insured_agency", of: str = AREA) -> dict[str, str]:
    if holder == "nobody":
        return {}
    if holder == "stranger":
        return {"Authorization": "Bearer no-such-token"}
    code = None if of == "-" else AreaCode(of)
    principal = Principal("王芳", AccessRole(holder), code)
    with area.engine.begin() as tx:
        token = access.issue(tx, principal, valid_for=timedelta(days=1), now=area.clock.now())
    return {"Authorization": f"Bearer {token}"}
