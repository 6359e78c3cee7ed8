"""Will it settle? 2001 and POST /preflight, in time whatever the other parties do."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.clock import SystemClock
from contracts.messages.enquiry import CheckName
from contracts.refusal import RefusalCode
from participants.gateway.settings import GatewaySettings
from tests.gateway.cases import PSN_NO, TODAY, outpatient_bill, own_visit, split
from tests.gateway.street import AREA, HOSPITAL, Street, opened
from tests.support.databases import Databases
from tests.support.tables import rows

# How long a test waits for what comes, and for what does not come; the machine may be busy.
PATIENT_S, HASTY_S = 20.0, 1.5
HUB = ("institution", "areas", "request", "registration")
ALL = (*HUB, "insurance", "policy", "route")


@pytest.fixture
def street(databases: Databases) -> Iterator[Street]:
    with opened(databases, preflight_within_s=PATIENT_S) as street:
        yield street


@pytest.fixture
def hasty(databases: Databases) -> Iterator[Street]:
    with opened(databases, preflight_within_s=HASTY_S, preflight_last_look_s=5) as street:
        yield street


def question(**changes: Any) -> dict[str, Any]:
    return {
        "psn_no": PSN_NO,
        "insutype": "310",
        "insuplc_admdvs": "340100",
        "institution": HOSPITAL,
        "visit_kind": "outpatient",
        "admitted_on": TODAY,
        **changes,
    }


def asked(street: Street, **changes: Any) -> dict[str, Any]:
    status, document = street.preflight(**question(**changes))
    assert status == 200, document
    found: dict[str, Any] = document
    return found


def failed(document: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["code"] for one in document["checks"] if not one["passed"]}


def named(document: dict[str, Any]) -> tuple[str, ...]:
    return tuple(one["name"] for one in document["checks"])


def of_2001(**changes: Any) -> dict[str, Any]:
    return {
        "psn_no": PSN_NO,
        "insutype": "310",
        "fixmedins_code": HOSPITAL,
        "med_type": "11",
        "begntime": f"{TODAY} 09:00:00",
        **changes,
    }


def test_yes_is_final_and_shows_every_check_in_order(street: Street) -> None:
    before = street.counts()[:-1]
    document = asked(street)
    assert (document["will_settle"], document["final"]) == (True, True)
    assert document["answered_by"] == "insured"
    assert named(document) == ALL
    assert [one["code"] for one in document["checks"]] == [None] * len(ALL)
    assert street.counts()[:-1] == before


def test_no_says_which_check_and_why(street: Street) -> None:
    street.other.lacks = {CheckName.REGISTRATION: RefusalCode.REGISTRATION_NOT_FOUND}
    document = asked(street)
    assert not document["will_settle"]
    [row] = [one for one in document["checks"] if not one["passed"]]
    assert (row["name"], row["code"], row["zh"]) == ("registration", "4001", "未办理异地就医备案")


WITHOUT_THE_HUB = rows(
    """
    field          | value        | failed
    institution    | H31019999999 | institution:1010
    insuplc_admdvs | 310115       | areas:3002
    insuplc_admdvs | 990100       | areas:3001
    admitted_on    | 2999-01-01   | request:3006
    discharged_on  | 2024-02-01   | request:3006
    """
)


def test_what_is_wrong_here_is_told_without_asking_anybody(street: Street) -> None:
    for case in WITHOUT_THE_HUB:
        if case["failed"] == "areas:3001":
            # No such area: there is nobody to ask about, and 2207 refuses it before anything else.
            status, document = street.preflight(**question(insuplc_admdvs="990100"))
            assert (status, document["code"]) == (422, "3001")
            continue
        document = asked(street, **{case["field"]: case["value"]})
        told = ",".join(f"{name}:{code}" for name, code in failed(document).items())
        assert (told, document["final"]) == (case["failed"], True), case
        assert document["answered_by"] == "treatment"
        assert all(one["fix"] for one in document["checks"] if not one["passed"])
    assert "preflight_asked" not in street.other.asked


def test_a_closed_institution_is_a_no_whatever_the_hub_says(street: Street) -> None:
    document = asked(street, visit_kind="pharmacy")
    assert (document["will_settle"], failed(document)) == (False, {"institution": "3007"})
    assert named(document) == ALL
    settled = street.call("2207", bill() | {"med_type": "41"})
    assert settled["err_msg"].startswith("[3007]")


def test_without_the_insured_area_it_tells_what_the_hub_knows_and_the_way_round(
    hasty: Street,
) -> None:
    hasty.other.area_answers = False
    document = asked(hasty)
    assert (document["will_settle"], document["final"]) == (False, False)
    assert document["answered_by"] == "hub"
    assert named(document) == (*HUB, "route")
    [row] = [one for one in document["checks"] if not one["passed"]]
    assert (row["name"], row["code"]) == ("route", "2003")
    assert "手工报销" in row["fix"]


def test_without_the_hub_it_tells_what_this_area_knows(hasty: Street) -> None:
    hasty.other.silent = True
    document = asked(hasty)
    assert (document["will_settle"], document["final"]) == (False, False)
    assert (document["answered_by"], failed(document)) == ("treatment", {"route": "2003"})


def test_both_waits_together_are_under_half_a_second() -> None:
    told = GatewaySettings()
    assert told.preflight_within_s + told.preflight_last_look_s < 0.5


def test_many_at_once_share_transactions(street: Street) -> None:
    body = json.dumps(question())

    async def ask() -> list[Any]:
        return await asyncio.gather(
            *(street.client.post("/preflight", content=body) for _ in range(40))
        )

    assert [one.status_code for one in street.run(ask())] == [200] * 40


WRONG = rows(
    """
    field          | value                           | status | code
    psn_no         | «»                              | 422    | FIELD_MISSING
    insutype       | «»                              | 422    | FIELD_MISSING
    insutype       | 510                             | 422    | FIELD_INVALID
    insuplc_admdvs | «»                              | 422    | FIELD_MISSING
    institution    | «»                              | 422    | FIELD_MISSING
    institution    | H11010100001                    | 422    | AREA_NOT_CONNECTED
    institution    | X                               | 422    | UNKNOWN_AREA
    visit_kind     | «»                              | 422    | FIELD_MISSING
    visit_kind     | dental                          | 422    | FIELD_INVALID
    med_type       | ZZ                              | 422    | FIELD_INVALID
    med_type       | 13                              | 422    | FIELD_MISSING
    admitted_on    | 2024-02-30                      | 422    | FIELD_INVALID
    disease_code   | 1234567890123456789012345678901 | 422    | FIELD_TOO_LONG
    flags          | trauma                          | 422    | FIELD_INVALID
    psn_no         | short                           | 422    | FIELD_INVALID
    """
)


def test_every_wrong_field_is_refused_and_asks_nobody(street: Street) -> None:
    asked_before = len(street.other.asked)
    for case in WRONG:
        status, document = street.preflight(
            **question(**{case["field"]: case["value"].replace("«»", "")})
        )
        told = (status, document.get("code"))
        assert told == (int(case["status"]), RefusalCode[case["code"]].value), (case, document)
    for flags in (["nonsense"], [1], {"a": 1}, [["trauma"]]):
        assert street.preflight(**question(flags=flags))[1]["code"] == "1006"
    assert len(street.other.asked) == asked_before
    assert asked(street, flags=["emergency", "emergency"], med_type="13")["will_settle"]


def test_what_is_not_an_object_is_refused(street: Street) -> None:
    for body in (b"", b"{", b"[1]", b'"x"', b"\xff", b"[" * 100_000):
        response = street.post(body, "/preflight")
        assert (response.status_code, response.json()["code"]) == (400, "1001")
    long = json.dumps(question(memo="x" * 1_100_000))
    assert street.post(long, "/preflight").status_code == 413


def bill() -> dict[str, Any]:
    return outpatient_bill(own_visit(), 1900, **split(0, 0, 0, 1900))


AGREES = rows(
    """
    field          | of_preflight | of_2207
    admitted_on    | 2999-01-01   | begntime
    insuplc_admdvs | 310115       | -
    insuplc_admdvs | 340100       | -
    institution    | H31019999999 | -
    institution    | H31010100002 | -
    """
)


def test_it_agrees_with_the_settlement_sent_right_after(street: Street) -> None:
    for case in AGREES:
        document = asked(street, **{case["field"]: case["of_preflight"]})
        outside = {"insuplc_admdvs": "insuplc_admdvs", "institution": "fixmedins_code"}
        envelope_changes, node = {}, bill()
        if case["field"] in outside:
            envelope_changes = {outside[case["field"]]: case["of_preflight"]}
        else:
            node |= {case["of_2207"]: case["of_preflight"]}
        settled = street.call("2207", node, **envelope_changes)
        assert (settled["infcode"] == 0) == document["will_settle"], case
        if not document["will_settle"]:
            assert settled["err_msg"][1:5] in failed(document).values()


def test_2001_has_a_row_a_check_with_its_reason(street: Street) -> None:
    street.other.lacks = {CheckName.INSURANCE: RefusalCode.IN_ARREARS}
    reply = street.call("2001", of_2001())
    assert reply["infcode"] == 0, reply
    found = reply["output"]["trtinfo"]
    assert [json.loads(one["exp_content"])["CHECK"] for one in found] == list(ALL)
    assert [one["trt_enjymnt_flag"] for one in found] == ["1", "1", "1", "1", "0", "1", "1"]
    assert found[4]["trt_chk_rslt"] == "[4019] 医保费欠缴，补缴后方可办理"
    assert found[3]["trt_chk_rslt"] == "异地就医备案：通过"
    fixed = {"psn_no": PSN_NO, "fund_pay_type": "310100", "begndate": TODAY, "enddate": ""}
    assert all({name: one[name] for name in fixed} == fixed for one in found)
    assert {one["trt_chk_type"] for one in found} == {"01", "99"}


def test_2001_is_told_in_time_without_the_insured_area(hasty: Street) -> None:
    hasty.other.area_answers = False
    found = hasty.call("2001", of_2001())["output"]["trtinfo"]
    assert found[-1]["trt_enjymnt_flag"] == "0"
    assert found[-1]["trt_chk_rslt"].startswith("[2003]")
    assert json.loads(found[-1]["exp_content"])["FINAL"] == "0"


def test_2001_refuses_what_2207_refuses(street: Street) -> None:
    cases = (
        ({"psn_no": ""}, "FIELD_MISSING"),
        ({"med_type": "13"}, "FIELD_MISSING"),
        ({"med_type": "ZZ"}, "FIELD_INVALID"),
        ({"exp_content": '{"TRUM_FLAG": "1"}'}, "TRAUMA_NOT_DECLARED"),
        ({"fixmedins_code": "H31010100002"}, "FIELD_INVALID"),
        ({"begntime": "yesterday"}, "FIELD_INVALID"),
    )
    for changes, code in cases:
        reply = street.call("2001", of_2001(**changes))
        assert reply["err_msg"].startswith(f"[{RefusalCode[code].value}]"), reply


def test_a_hospital_asks_with_its_own_token_only(databases: Databases) -> None:
    with opened(databases, bearer_required=True, token_kept_for=timedelta(0)) as street:
        principal = Principal(HOSPITAL, AccessRole.INSTITUTION, AREA)
        other = Principal("H31010100002", AccessRole.INSTITUTION, AREA)
        now, day = SystemClock().now(), timedelta(days=1)
        with street.engine.begin() as tx:
            own = access.issue(tx, principal, valid_for=day, now=now)
            theirs = access.issue(tx, other, valid_for=day, now=now)
        body = json.dumps(question())
        told = [
            street.post(body, "/preflight", **({"authorization": f"Bearer {one}"} if one else {}))
            for one in (None, "nonsense", theirs, own)
        ]
        assert [one.status_code for one in told] == [401, 401, 403, 200]
        # Whatever it is spelt like, who is let in is who asks.
        shouted = {name.upper(): value for name, value in question().items()}
        both = question() | {"INSTITUTION": other.subject}
        shown = {"authorization": f"Bearer {own}"}
        assert street.post(json.dumps(shouted), "/preflight", **shown).status_code == 200
        reply = street.post(json.dumps(both), "/preflight", **shown)
        assert (reply.status_code, reply.json()["code"]) == (422, "1006")
        as_other = json.dumps(
            {name: value for name, value in both.items() if name != "institution"}
        )
        assert street.post(as_other, "/preflight", **shown).status_code == 403
