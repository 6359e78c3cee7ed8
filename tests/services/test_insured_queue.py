"""The desk's queue, many decided at once, and changes that the desk asks for, over HTTP."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Channel, MaterialKind, RegistrationCategory
from contracts.ids import RegistrationId, new_id
from contracts.messages.registration import (
    Change,
    Material,
    RegistrationChangeRequested,
    RegistrationDecided,
    RegistrationStanding,
)
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
    person,
    review,
    row,
    told,
    wanted,
)
from tests.support.tables import rows

Row = dict[str, str]
ID = wanted().registration_id
OTHER_CITY = "320500"


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    found = InsuredArea(databases.fresh("insured", migrate))
    found.insure(row(1), row(2, division=OTHER_CITY))
    return found


@pytest.fixture
def desk(area: InsuredArea) -> Iterator[Client]:
    app = main.desk(AREA, area.engine, area.log, area.clock, Settings(), sealer=SEALER)
    with served(app) as client:
        yield client


def number(count: int) -> RegistrationId:
    return RegistrationId(UUID(int=count))


def chronic(id_: int, **fields: Any) -> dict[str, Any]:
    known = {
        "registration_id": number(id_),
        "category": RegistrationCategory.CHRONIC_DISEASE,
        "place": None,
        "disease_code": "M03900",
    }
    return known | fields


# Filed on these days of March 2026 (10 is a Tuesday); the desk looks on the 11th.
QUEUE = [
    review(registration_id=number(1), submitted_at=NOON),
    review(registration_id=number(2), submitted_at=NOON - timedelta(days=1), channel=Channel.APP),
    review(registration_id=number(3), submitted_at=NOON - timedelta(days=4), channel=Channel.WEB),
    review(**chronic(4), submitted_at=NOON + timedelta(days=1)),
    review(
        registration_id=number(5),
        submitted_at=NOON + timedelta(days=1),
        person_id=person(2),
        insured_division=OTHER_CITY,
        channel=Channel.HOSPITAL,
    ),
]
NEXT_DAY = NOON + timedelta(days=1)
FILTERS = """
    asked                              | found
    state=waiting                      | 3,2,1,4,5
    state=accepted                     | -
    category=chronic_disease           | 4
    category=referral                  | 3,2,1,5
    division=320500                    | 5
    channel=app                        | 2
    overdue=true                       | 3,2,1
    overdue=false                      | 4,5
    overdue=true&channel=window        | 1
    most=2                             | 3,2
    most=2&after={2}                   | 1,4
    most=2&after={4}                   | 5
    most=1&overdue=true&after={2}      | 1
"""


@pytest.mark.parametrize("case", rows(FILTERS), ids=lambda case: case["asked"])
def test_what_is_overdue_comes_first_and_filters_cut(
    area: InsuredArea, desk: Client, case: Row
) -> None:
    area.hear(*QUEUE)
    area.clock.at = NEXT_DAY
    query = case["asked"].replace("{2}", str(number(2))).replace("{4}", str(number(4)))
    page = _get(area, desk, f"/reviews?{query}").json()
    found = [UUID(one["registration_id"]).int for one in page["items"]]
    assert (",".join(map(str, found)) or "-") == case["found"]


def test_a_page_says_after_what_the_next_one_begins(area: InsuredArea, desk: Client) -> None:
    area.hear(*QUEUE)
    seen, after = [], None
    while True:
        query = "most=2" + (f"&after={after}" if after else "")
        page = _get(area, desk, f"/reviews?{query}").json()
        seen += [UUID(one["registration_id"]).int for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [3, 2, 1, 4, 5]


def test_a_review_shows_its_age_its_last_day_and_its_papers(
    area: InsuredArea, desk: Client
) -> None:
    area.hear(*QUEUE)
    area.clock.at = NEXT_DAY
    (first, *_) = _get(area, desk, "/reviews").json()["items"]
    assert (first["due_on"], first["overdue"], first["age_s"]) == ("2026-03-09", True, 432_000)
    assert first["materials"] == [{"kind": "referral_letter", "reference": ""}]
    assert (first["channel"], first["filed_by"]) == ("web", "上海市第一人民医院")


BAD_QUESTIONS = """
    query             | status | code
    most=0            | 422    | 1006
    most=201          | 422    | 1006
    channel=pigeon    | 422    | 1006
    division=12       | 422    | 1006
    overdue=maybe     | 422    | 1006
    nonsense=1        | 422    | 1006
    after=x           | 422    | 1006
    after={other}     | 404    | 4018
"""


@pytest.mark.parametrize("case", rows(BAD_QUESTIONS), ids=str)
def test_a_wrong_question_gets_a_plain_no(area: InsuredArea, desk: Client, case: Row) -> None:
    answer = _get(area, desk, "/reviews?" + case["query"].format(other=new_id()))
    assert (answer.status_code, answer.json()["code"]) == (int(case["status"]), case["code"])


def test_many_are_decided_each_on_its_own(area: InsuredArea, desk: Client) -> None:
    area.hear(*QUEUE)
    _post(area, desk, f"/reviews/{number(2)}/reject", {"reason": "缺转诊证明"})
    ids = [*map(number, (1, 2, 3)), number(99), number(1)]
    body = {"decision": "accept", "reason": "批量审核", "ids": list(map(str, ids))}
    said = _post(area, desk, "/decisions", body).json()
    assert (said["done"], said["left"]) == (2, False)
    told_ = [(UUID(one["registration_id"]).int, one["state"], one["code"]) for one in said["items"]]
    assert told_ == [
        (1, "accepted", None),
        (2, "rejected", "4017"),
        (3, "accepted", None),
        (99, None, "4018"),
    ]
    assert _decided(area) == {1: True, 2: False, 3: True}


def test_many_are_decided_by_a_filter_and_within_a_bound(area: InsuredArea, desk: Client) -> None:
    area.hear(*QUEUE)
    area.clock.at = NEXT_DAY
    body = {"decision": "reject", "reason": "逾期退回", "matching": {"overdue": True}, "most": 2}
    first = _post(area, desk, "/decisions", body).json()
    assert (first["done"], first["left"]) == (2, True)
    second = _post(area, desk, "/decisions", body).json()
    assert (second["done"], second["left"]) == (1, False)
    assert _decided(area) == {1: False, 2: False, 3: False}
    whole = _get(area, desk, f"/reviews/{number(3)}").json()
    assert [(one["step"], one["by"], one["why"]) for one in whole["steps"]] == [
        ("asked", "上海市第一人民医院", ""),
        ("rejected", "王芳", "逾期退回"),
    ]


BAD_DECISIONS: list[tuple[dict[str, Any], str]] = [
    ({"decision": "accept"}, "1006"),
    ({"decision": "accept", "ids": []}, "1006"),
    ({"decision": "accept", "ids": ["x"]}, "1006"),
    ({"decision": "accept", "ids": [str(ID)], "matching": {}}, "1006"),
    ({"decision": "reject", "ids": [str(ID)]}, "1006"),
    ({"decision": "perhaps", "ids": [str(ID)]}, "1006"),
    ({"decision": "accept", "matching": {"state": "accepted"}}, "1006"),
    ({"decision": "accept", "matching": {}, "most": 501}, "1006"),
    ({"decision": "accept", "ids": [str(ID)] * 501}, "1006"),
    ({"ids": [str(ID)]}, "1004"),
]


@pytest.mark.parametrize(("body", "code"), BAD_DECISIONS, ids=lambda one: str(one)[:60])
def test_a_wrong_decision_decides_nothing(
    area: InsuredArea, desk: Client, body: dict[str, Any], code: str
) -> None:
    area.hear(review())
    answer = _post(area, desk, "/decisions", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert area.rows("SELECT state FROM registration_reviews") == [("waiting",)]


_S = RegistrationStanding
CHANGES = """
    stands     | change     | status | code
    submitted  | suspend    | 409    | 5001
    submitted  | resume     | 409    | 5001
    submitted  | cancel     | 202    | -
    submitted  | supplement | 202    | -
    active     | suspend    | 202    | -
    active     | resume     | 409    | 5001
    active     | cancel     | 202    | -
    active     | supplement | 202    | -
    suspended  | suspend    | 409    | 5001
    suspended  | resume     | 202    | -
    suspended  | cancel     | 202    | -
    cancelled  | cancel     | 409    | 5001
    expired    | resume     | 409    | 5001
    superseded | supplement | 409    | 5001
    rejected   | cancel     | 409    | 5001
"""


@pytest.mark.parametrize("case", rows(CHANGES), ids=str)
def test_the_desk_asks_the_hub_for_what_can_still_be_changed(
    area: InsuredArea, desk: Client, case: Row
) -> None:
    area.hear(review(), told(_S(case["stands"])))
    answer = _change(area, desk, case["change"])
    assert answer.status_code == int(case["status"]), answer.text
    asked = _asked(area)
    if case["status"] != "202":
        assert (answer.json()["code"], asked) == (case["code"], [])
        return
    (said,) = asked
    assert (said.change, said.reason, said.by) == (Change(case["change"]), "本人申请", "王芳")
    assert said.materials == (Material(kind=MaterialKind.RESIDENCE_PROOF, reference="A-1"),)
    assert str(said.change_id) == answer.json()["change_id"]


def test_the_same_wish_twice_is_one_and_another_under_its_id_is_refused(
    area: InsuredArea, desk: Client
) -> None:
    area.hear(review(), told(_S.ACTIVE))
    key = str(new_id())
    first, again = (_change(area, desk, "suspend", key=key) for _ in range(2))
    assert first.json() == again.json()
    assert len(_asked(area)) == 1
    other = _change(area, desk, "cancel", key=key)
    assert (other.status_code, other.json()["code"]) == (409, "1009")


def test_a_change_of_nothing_or_without_papers_is_refused(area: InsuredArea, desk: Client) -> None:
    assert _change(area, desk, "suspend").json()["code"] == "4018"
    area.hear(review(), told(_S.ACTIVE))
    bare = _post(area, desk, f"/reviews/{ID}/changes/supplement", {"reason": "补材料"})
    assert (bare.status_code, bare.json()["code"]) == (409, "4016")
    unknown = _post(area, desk, f"/reviews/{ID}/changes/improve", {"reason": "?"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "1006")


def test_every_step_is_kept_with_who_and_why(area: InsuredArea, desk: Client) -> None:
    area.hear(review())
    _post(area, desk, f"/reviews/{ID}/accept", {"reason": "材料齐全"})
    at = [NOON + timedelta(minutes=minutes) for minutes in range(4)]
    area.hear(told(_S.ACTIVE, at=at[1], by="王芳", detail="材料齐全"))
    change_id = _change(area, desk, "cancel").json()["change_id"]
    refusal = {"change_id": change_id, "code": "4014", "detail": "锁定期内"}
    area.hear(told(_S.ACTIVE, at=at[2], by="hub", **refusal))
    area.hear(told(_S.EXPIRED, at=at[3], by="hub", ended_on=date(2026, 12, 31)))
    whole = _get(area, desk, f"/reviews/{ID}").json()
    assert [(one["step"], one["standing"], one["by"], one["why"]) for one in whole["steps"]] == [
        ("asked", None, "上海市第一人民医院", ""),
        ("accepted", None, "王芳", "材料齐全"),
        ("told", "active", "王芳", "材料齐全"),
        ("change_asked", None, "王芳", "本人申请"),
        ("change_refused", "active", "hub", "锁定期内"),
        ("told", "expired", "hub", ""),
    ]
    assert (whole["review"]["standing"], whole["review"]["ended_on"]) == ("expired", "2026-12-31")
    assert whole["review"]["person"]["name"] == "张*1"
    assert "张某1" not in str(whole)


ROUTES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", f"/reviews/{ID}", None),
    ("POST", "/decisions", {"decision": "accept", "matching": {}}),
    ("POST", f"/reviews/{ID}/changes/cancel", {"reason": "本人申请"}),
    ("GET", f"/people/{person(1)}/eligibilities", None),
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route[1][:20])
@pytest.mark.parametrize(("holder", "of"), [("insured_agency", "310000"), ("watcher", AREA)])
def test_nobody_else_may(
    area: InsuredArea,
    desk: Client,
    route: tuple[str, str, dict[str, Any] | None],
    holder: str,
    of: str,
) -> None:
    area.hear(review())
    method, path, body = route
    headers = _headers(area, AccessRole(holder), AreaCode(of))
    assert desk.request(method, path, json=body).status_code == 401
    assert desk.request(method, path, json=body, headers=headers).status_code == 403
    assert area.rows("SELECT state FROM registration_reviews") == [("waiting",)]
    assert desk.request(method, path, json=body, headers=_headers(area)).is_success


def test_the_desk_sees_what_a_person_is_entitled_for(area: InsuredArea, desk: Client) -> None:
    area.recognise("M01600")
    (found,) = _get(area, desk, f"/people/{person(1)}/eligibilities").json()
    assert (found["disease"], found["valid_to"], found["source"]) == ("糖尿病", None, "file")
    assert _get(area, desk, f"/people/{person(3)}/eligibilities").json() == []


def test_an_area_sets_who_decides(databases: Databases) -> None:
    """What the shipped rules leave to the desk waits; HOME's own division is nobody else's."""
    area = InsuredArea(databases.fresh("insured", migrate))
    area.insure(row(division=HOME))
    area.hear(review(**chronic(4)))
    assert area.rows("SELECT state, due_on FROM registration_reviews") == [
        ("waiting", date(2026, 3, 10))
    ]


def _change(area: InsuredArea, desk: Client, change: str, key: str | None = None) -> Response:
    body = {
        "reason": "本人申请",
        "materials": [{"kind": "residence_proof", "reference": "A-1"}],
    }
    headers = _headers(area) | ({} if key is None else {"Idempotency-Key": key})
    return desk.post(f"/reviews/{ID}/changes/{change}", headers=headers, json=body)


def _asked(area: InsuredArea) -> list[RegistrationChangeRequested]:
    return [body for body in area.said() if isinstance(body, RegistrationChangeRequested)]


def _decided(area: InsuredArea) -> dict[int, bool]:
    return {
        body.registration_id.int: body.accepted
        for body in area.said()
        if isinstance(body, RegistrationDecided)
    }


def _get(area: InsuredArea, desk: Client, path: str) -> Response:
    return desk.get(path, headers=_headers(area))


def _post(area: InsuredArea, desk: Client, path: str, body: dict[str, Any]) -> Response:
    return desk.post(path, headers=_headers(area), json=body)


def _headers(
    area: InsuredArea, role: AccessRole = AccessRole.INSURED_AGENCY, of: AreaCode = AREA
) -> dict[str, str]:
    now: datetime = area.clock.now()
    with area.engine.begin() as tx:
        token = access.issue(tx, Principal("王芳", role, of), valid_for=timedelta(days=1), now=now)
    return {"Authorization": f"Bearer {token}"}
