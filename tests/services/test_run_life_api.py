"""Clearing over HTTP: areas see their own lines only, answer for themselves, pay and receive."""

from datetime import timedelta
from typing import Any

import pytest

from contracts import access
from contracts.access import AccessRole, Principal
from tests.support.hub_api import World, agree, code_of, world  # noqa: F401 - a fixture
from tests.support.hub_bodies import A_SLIP, AN_ANSWER
from tests.support.hub_books import HUNAN, NOON
from tests.support.tables import rows


@pytest.fixture
def run_id(world: World) -> str:  # noqa: F811 - pytest's way
    """March is issued: Hunan owes Shanghai 50.00, Anhui owes Hunan 40.00."""
    agree(world)
    with world.engine.begin() as tx:
        world.tokens["hunan treats"] = access.issue(
            tx,
            Principal("hunan treats", AccessRole.TREATMENT_AGENCY, HUNAN),
            valid_for=timedelta(days=1),
            now=NOON,
        )
    answer = world.client.post("/clearing/2026-03", headers=world.as_("operator"))
    assert answer.json()["state"] == "issued", answer.text
    return str(answer.json()["run_id"])


def _get(world: World, who: str, path: str) -> Any:  # noqa: F811 - the same
    answer = world.client.get(path, headers=world.as_(who))
    assert answer.status_code == 200, answer.text
    return answer.json()


def _post(world: World, who: str, path: str, body: Any = None) -> str:  # noqa: F811 - the same
    """'200', or the code of a refusal."""
    answer = world.client.post(path, json=body, headers=world.as_(who))
    return "200" if answer.status_code == 200 else code_of(answer)


# Whom a line concerns: its two areas, each in its own role; and the hub's people.
SEEN = """
    who           | lines total_fen
    operator      | 2     9000
    hunan         | 1     5000
    shanghai      | 1     5000
    anhui         | 1     4000
    watcher       | 2     9000
"""


def test_an_area_sees_its_own_lines_and_no_sums_of_the_country(world: World, run_id: str) -> None:  # noqa: F811 - the same
    for case in rows(SEEN):
        shown = _get(world, case["who"], f"/clearing-runs/{run_id}/lines")
        assert (case["who"], str(len(shown["lines"])), str(shown["total_fen"])) == (
            case["who"],
            case["lines"],
            case["total_fen"],
        )
    detail = _get(world, "hunan", f"/clearing-runs/{run_id}")
    assert (detail["payable_fen"], detail["steps"][0]["by"]) == (None, None)
    detail = _get(world, "operator", f"/clearing-runs/{run_id}")
    assert (detail["payable_fen"], detail["unconfirmed"]) == (90_00, 4)
    assert [step["to_state_zh"] for step in detail["steps"]] == ["已冻结", "已核平", "待确认"]


def test_what_is_not_issued_is_not_shown_to_areas(world: World) -> None:  # noqa: F811 - the same
    agree(world)
    opened = world.client.post(
        "/clearing-runs", json={"cycle": "2026-03"}, headers=world.as_("operator")
    ).json()
    path = f"/clearing-runs/{opened['run_id']}"
    assert _post(world, "operator", f"{path}/freeze", {}) == "200"
    answer = world.client.get(f"{path}/lines", headers=world.as_("hunan"))
    assert code_of(answer) == "5020"
    assert len(_get(world, "operator", f"{path}/lines")["lines"]) == 2
    assert _get(world, "hunan", "/clearing/2026-03")["lines"] == []
    assert _post(world, "hunan", f"{path}/answers", AN_ANSWER) == "5001"


def _of(one: dict[str, Any], **changes: Any) -> dict[str, Any]:
    line = AN_ANSWER["answers"][0] | changes
    return AN_ANSWER | {"answers": [line], "total_fen": line["payable_fen"]} | one


def test_areas_confirm_pay_and_receive_over_http(world: World, run_id: str) -> None:  # noqa: F811 - the same
    path = f"/clearing-runs/{run_id}"
    anhui = {"insured_area": "340000", "treatment_area": "430000", "payable_fen": 40_00}
    # Who says what, and what it is told.
    for who, body, expected in (
        ("anhui", AN_ANSWER, "1013"),
        ("hunan", _of({"total_fen": 50_01}), "5014"),
        ("hunan", _of({}, payable_fen=50_01), "5014"),
        ("hunan", _of({"version": 2}), "5001"),
        ("hunan", _of({}, verdict="contested"), "1004"),
        ("hunan", _of({}, verdict="maybe"), "1006"),
        ("hunan", AN_ANSWER | {"answers": []}, "1006"),
        ("hunan", AN_ANSWER, "200"),
        ("hunan", AN_ANSWER, "200"),
        ("shanghai", AN_ANSWER, "200"),
        ("anhui", _of({}, **anhui), "200"),
        ("hunan treats", _of({}, **anhui), "200"),
    ):
        assert (who, body, _post(world, who, f"{path}/answers", body)) == (who, body, expected)
    assert _post(world, "operator", f"{path}/confirm") == "200"
    owed = _get(world, "hunan", f"{path}/obligations")
    assert {(one["from_area"], one["to_area"]) for one in owed} == {
        ("430000", "310000"),
        ("340000", "430000"),
    }
    [mine] = _get(world, "shanghai", f"{path}/obligations")
    pay = f"/obligations/{mine['obligation_id']}"
    assert world.client.get(pay, headers=world.as_("anhui")).status_code == 403
    for who, body, expected in (
        ("shanghai", A_SLIP, "1013"),
        ("hunan", A_SLIP | {"amount_fen": 50_01}, "5017"),
        ("hunan", A_SLIP | {"amount_fen": 0}, "1006"),
        ("hunan", A_SLIP | {"bank_name": ""}, "1004"),
        ("hunan", A_SLIP | {"on": "2026-04-02"}, "1006"),
        ("hunan", A_SLIP, "200"),
        ("hunan", A_SLIP, "200"),
        ("hunan", A_SLIP | {"amount_fen": 49_00}, "5018"),
    ):
        assert (who, body, _post(world, who, f"{pay}/payments", body)) == (who, body, expected)
    [paid] = _get(world, "shanghai", pay)["payments"]
    receipt = f"/payments/{paid['payment_id']}/receipt"
    got = A_SLIP | {"bank_name": "建设银行上海分行", "serial": "R1"}
    assert _post(world, "hunan", receipt, got) == "1013"
    assert _post(world, "shanghai", receipt, got) == "200"
    assert _get(world, "hunan", pay)["is_settled"]
    assert _post(world, "operator", f"{path}/close") == "5001"  # Anhui still owes.
