"""A clerk asks what would be, and what the year is made of: with a person's real year."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.codes import VisitKind
from contracts.messages.settlement import SettlementCalculated
from participants.insured import main
from participants.insured.services import calculations
from participants.insured.settings import Settings
from participants.insured.store.db import migrate
from participants.policy.loader import library
from tests.support.databases import Databases
from tests.support.http import Client, served
from tests.support.insured import (
    AREA,
    HOME,
    NOON,
    SEALER,
    InsuredArea,
    bill,
    care,
    person,
    release,
    request,
    row,
    settlement,
)
from tests.support.insured_books import area_with, from_the_hub
from tests.support.tables import rows

Row = dict[str, str]
STAY: dict[str, Any] = {"hospital_level": 2, "total_fen": 12_000_00}
WHAT_IF, YEAR = f"/people/{person(1)}/what-if", f"/people/{person(1)}/year"


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


@pytest.fixture
def clerk(area: InsuredArea) -> dict[str, str]:
    principal = Principal("经办员 07", AccessRole.INSURED_AGENCY, AREA)
    with area.engine.begin() as tx:
        token = access.issue(tx, principal, valid_for=timedelta(days=1), now=area.clock.now())
    return {"Authorization": f"Bearer {token}"}


# 仪征 2010, the first stay of the year, level 2, in-scope 12,000.00 yuan.
FIRST = """
    elsewhere | paid_by  | deductible_fen | fund_fen | patient_fen
    -         | -        | 60000          | 967200   | 232800
    other     | other    | 100000         | 934000   | 266000
    long_term | -        | 60000          | 967200   | 232800
"""


@pytest.mark.parametrize("case", rows(FIRST), ids=str)
def test_what_if_says_what_a_settlement_would_give(
    area: InsuredArea, desk: Client, clerk: dict[str, str], case: Row
) -> None:
    before = area.counts()
    elsewhere = None if case["elsewhere"] == "-" else case["elsewhere"]
    answer = desk.post(WHAT_IF, json=STAY | {"elsewhere": elsewhere}, headers=clerk)
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    assert (result["granted"], result["policy_id"]) == (True, "yizheng-employee-2010")
    assert result["paid_by"] == (None if case["paid_by"] == "-" else case["paid_by"])
    assert result["deductible_fen"] == int(case["deductible_fen"])
    assert result["fund_total_fen"] == int(case["fund_fen"])
    assert result["patient_fen"] == int(case["patient_fen"])
    assert result["adds"][0]["stays"] == 1
    assert any("起付线" in line for line in result["working"])
    assert area.counts() == before


def test_what_if_goes_on_where_the_year_stands_and_agrees_with_the_settlement(
    area: InsuredArea, desk: Client, clerk: dict[str, str]
) -> None:
    area.hear(request(1, care(treatment_division=HOME), bill(35_000_00)))
    result = desk.post(WHAT_IF, json=STAY, headers=clerk).json()["result"]
    assert result["used"][0]["in_scope_fen"] == 35_000_00
    (granted,) = area.hear(request(2, care(treatment_division=HOME)))
    assert isinstance(granted, SettlementCalculated)
    assert result["shares"] == granted.shares.model_dump()
    assert result["deductible_fen"] == granted.deductible_fen == 500_00


def test_a_second_variation_is_told_with_what_differs(desk: Client, clerk: dict[str, str]) -> None:
    body = STAY | {"instead": {"elsewhere": "referral", "hospital_level": 1}}
    answer = desk.post(WHAT_IF, json=body, headers=clerk).json()
    assert answer["instead"]["deductible_fen"] - answer["result"]["deductible_fen"] == 400_00
    told = {one["what"]: one["more_fen"] for one in answer["differences"] if not one["is_step"]}
    assert told["起付线"] == 400_00
    assert told["个人现金"] == -told["统筹基金"] == 332_00


def test_a_second_variation_may_be_another_policy(desk: Client, clerk: dict[str, str]) -> None:
    body = STAY | {"instead": {"policy_id": "xuzhou-employee-2004"}}
    answer = desk.post(WHAT_IF, json=body, headers=clerk).json()
    assert answer["instead"]["policy_id"] == "xuzhou-employee-2004"
    assert answer["differences"]


def test_a_variation_of_fewer_keys_keeps_the_others(desk: Client, clerk: dict[str, str]) -> None:
    body = STAY | {"flags": ["cancer_chemo_radio"], "instead": {"total_fen": 6_000_00}}
    answer = desk.post(WHAT_IF, json=body, headers=clerk).json()
    assert [answer[one]["deductible_fen"] for one in ("result", "instead")] == [0, 0]


def test_a_refusal_is_an_answer_with_its_code(
    area: InsuredArea, desk: Client, clerk: dict[str, str]
) -> None:
    area.insure(row(arrears_since=date(2026, 1, 1)))
    answer = desk.post(WHAT_IF, json=STAY, headers=clerk).json()["result"]
    assert (answer["granted"], answer["code"]) == (False, "4019")
    assert "欠费" in answer["detail"]
    body = STAY | {"insurance_kind": "390"}
    assert desk.post(WHAT_IF, json=body, headers=clerk).json()["result"]["code"] == "4006"


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "negative": ({"total_fen": -1}, 422, "1006"),
    "not-whole": ({"total_fen": 0.5}, 422, "1006"),
    "more-in-scope": ({"in_scope_fen": 12_000_01}, 422, "1006"),
    "unknown-key": ({"person_type": "retired"}, 422, "1006"),
    "level": ({"hospital_level": 5}, 422, "1006"),
    "policy": ({"policy_id": "atlantis"}, 422, "1006"),
    "instead-key": ({"instead": {"person_type": "retired"}}, 422, "1006"),
    "instead-value": ({"instead": {"hospital_level": "high"}}, 422, "1006"),
    "instead-nested": ({"instead": {"instead": {}}}, 422, "1006"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_malformed_question_is_refused_by_name(
    desk: Client, clerk: dict[str, str], what: str
) -> None:
    body, status, code = WRONG[what]
    answer = desk.post(WHAT_IF, json=STAY | body, headers=clerk)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("path", ["what-if", "year"])
def test_who_is_unknown_is_not_found_and_who_has_no_token_learns_nothing(
    desk: Client, clerk: dict[str, str], path: str
) -> None:
    method = "POST" if path == "what-if" else "GET"
    options: dict[str, Any] = {"json": STAY} if path == "what-if" else {}
    unknown = desk.request(method, f"/people/{person(9)}/{path}", headers=clerk, **options)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "4010")
    nobody = desk.request(method, f"/people/{person(1)}/{path}", **options)
    assert (nobody.status_code, nobody.json()["code"]) == (401, "1012")


def test_a_year_is_told_with_the_grants_that_made_it(
    area: InsuredArea, desk: Client, clerk: dict[str, str]
) -> None:
    area.recognise("M01600")
    chronic = care(visit_kind=VisitKind.CHRONIC, disease_code="M01600")
    area.hear(request(1), request(2, chronic, bill(3_000_00)), request(3), release(3))
    told = desk.get(f"{YEAR}?year=2026", headers=clerk).json()
    assert told["person"]["name"].endswith("*") or "*" in told["person"]["name"]
    (insurance,) = told["insurances"]
    assert [one["settlement_id"] for one in insurance["grants"]] == [
        str(settlement(1)),
        str(settlement(2)),
    ]
    for name in ("in_scope_fen", "pool_fen", "chronic_pool_fen", "deductible_fen", "stays"):
        parts = [one["added"][name] for one in insurance["grants"]]
        assert insurance["used"][name] == sum(parts) > 0
    (empty,) = desk.get(f"{YEAR}?year=2025", headers=clerk).json()["insurances"]
    assert (empty["used"]["in_scope_fen"], empty["grants"]) == (0, [])
    assert desk.get(YEAR, headers=clerk).json() == told, "this year when none is named"


def test_a_split_stay_is_told_in_both_years(
    area: InsuredArea, desk: Client, clerk: dict[str, str]
) -> None:
    over = care(hospital_level=1, admitted_on=date(2025, 12, 20), discharged_on=date(2026, 1, 5))
    rules = area_with(library()["henan-employee-2001"])
    with area.engine.begin() as tx:
        asked = from_the_hub(request(1, over, bill(17_000_00)))
        calculations.calculate(rules, tx, [asked], NOON)
    for year, in_scope_fen in ((2025, 12_000_00), (2026, 5_000_00)):
        (told,) = desk.get(f"{YEAR}?year={year}", headers=clerk).json()["insurances"]
        assert told["used"]["in_scope_fen"] == in_scope_fen
        assert [one["added"]["in_scope_fen"] for one in told["grants"]] == [in_scope_fen]
        assert [one["total_fen"] for one in told["grants"]] == [17_000_00]


def test_what_if_over_new_year_tells_both_years(desk: Client, clerk: dict[str, str]) -> None:
    body = STAY | {
        "admitted_on": "2025-12-20",
        "discharged_on": "2026-01-05",
        "policy_id": "henan-employee-2001",
    }
    result = desk.post(WHAT_IF, json=body, headers=clerk).json()["result"]
    assert [one["year"] for one in result["adds"]] == [2026, 2025]
    assert [one["stays"] for one in result["adds"]] == [1, 1]
    assert sum(one["in_scope_fen"] for one in result["adds"]) == 12_000_00
