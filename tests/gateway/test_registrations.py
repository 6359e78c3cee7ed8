"""Registrations that hospitals file and take back: 2501 to 2506, and what they are told."""

import json
from typing import Any

import pytest

from contracts.codes import Channel
from contracts.ids import id_of_short_text
from contracts.messages.registration import Wanted
from contracts.refusal import RefusalCode
from tests.gateway.cases import PSN_NO, chronic_disease, designation, referral
from tests.gateway.other_party import WANG
from tests.gateway.street import PERSON, Reply, Street, envelope, opened
from tests.support.databases import Databases
from tests.support.tables import rows

OTHER_HOSPITAL = "H31010100002"
INPUTS = {"2501": referral, "2503": chronic_disease, "2505": designation}
CANCELS = {"2501": "2502", "2503": "2504", "2505": "2506"}


def input_of(infno: str, **changes: Any) -> dict[str, Any]:
    return INPUTS[infno](**changes)


def filed(street: Street, infno: str, **changes: Any) -> str:
    """One that was accepted; its trt_dcla_detl_sn."""
    reply = street.call(infno, input_of(infno, **changes))
    assert reply["infcode"] == 0, reply
    number: str = reply["output"]["result"]["trt_dcla_detl_sn"]
    assert len(number) <= 30
    return number


def wanted(street: Street, number: str) -> Wanted:
    return street.other.filed[id_of_short_text(number)]


def content(reply: Reply) -> dict[str, Any]:
    own = {"inf_refmsgid", "refmsg_time", "respond_time"}
    return {name: value for name, value in reply.items() if name not in own}


def assert_refused(reply: Reply, code: str, names: str = "") -> None:
    assert reply["infcode"] == -1, reply
    assert reply["err_msg"].startswith(f"[{RefusalCode[code].value}]"), reply
    assert names in reply["err_msg"], reply


FILED = rows(
    """
    infno | biz | category          | place  | disease | ends       | materials
    2501  | -   | referral          | 440100 | -       | -          | credential,referral_letter
    2503  | -   | chronic_disease   | -      | M03900  | -          | credential,diagnosis_proof
    2505  | 08  | retired_resettled | 310000 | -       | -          | credential,commitment
    2505  | 07  | emergency         | 310000 | -       | 2024-09-30 | credential,emergency_proof
    """
)


def test_each_transaction_files_what_it_stands_for(street: Street) -> None:
    for case in FILED:
        changes = {} if case["biz"] == "-" else {"biz_appy_type": case["biz"]}
        if case["ends"] != "-":
            changes["enddate"] = case["ends"]
        one = wanted(street, filed(street, case["infno"], **changes))
        told = {
            "category": one.category.value,
            "place": one.place or "-",
            "disease": one.disease_code or "-",
            "ends": one.ends_on.isoformat() if one.ends_on else "-",
            "materials": ",".join(paper.kind.value for paper in one.materials),
        }
        assert told == {name: case[name] for name in told}
        assert (one.person_id, one.insured_division, one.insurance_kind.value) == (
            PSN_NO,
            "340100",
            "310",
        )
        assert (one.channel, one.begins_on.isoformat()) == (Channel.HOSPITAL, "2024-03-01")


def test_the_referral_letter_has_its_reference(street: Street) -> None:
    reply = envelope("2501", referral())
    number = street.said(reply)["output"]["result"]["trt_dcla_detl_sn"]
    assert wanted(street, number).materials[1].reference == reply["msgid"]
    number = filed(street, "2501", refl_old_mdtrt_id="ZY-77")
    assert wanted(street, number).materials[1].reference == "ZY-77"


def test_a_hospital_that_does_not_agree_sends_no_letter(street: Street) -> None:
    kinds = [
        one.kind for one in wanted(street, filed(street, "2501", hosp_agre_refl_flag="0")).materials
    ]
    assert [kind.value for kind in kinds] == ["credential"]


def test_the_proof_of_resettlement_may_be_named(street: Street) -> None:
    number = filed(street, "2505", exp_content='{"PROOF_NO": "户口簿 12"}')
    paper = wanted(street, number).materials[1]
    assert (paper.kind.value, paper.reference) == ("resettlement_proof", "户口簿 12")


def test_what_is_decided_at_once_is_told_without_a_warning(street: Street) -> None:
    reply = street.call("2505", designation())
    assert (reply["infcode"], reply["warn_msg"]) == (0, "")
    said = json.loads(reply["output"]["result"]["exp_content"])
    assert said["REG_STATE"] == "active"
    assert "exp_content" not in street.call("2501", referral())["output"]["result"]


def test_what_waits_for_a_clerk_is_filed_and_says_so(databases: Databases) -> None:
    with opened(databases, decision_within_s=0.3) as street:
        street.other.has_clerk = False
        reply = street.call("2503", chronic_disease())
        assert reply["infcode"] == 0, reply
        assert reply["warn_msg"] == "已提交，待参保地经办机构审核"
        said = json.loads(reply["output"]["result"]["exp_content"])
        assert said == {"REG_STATE": "submitted", "REG_STATE_NAME": reply["warn_msg"]}


def test_no_word_of_the_hub_is_unknown_until_the_same_message_asks_again(
    databases: Databases,
) -> None:
    with opened(databases, decision_within_s=0.3) as street:
        street.other.silent = True
        document = envelope("2501", referral())
        first = street.said(document)
        assert_refused(first, "OUTCOME_UNKNOWN", "原报文ID")
        number = first["output"]["result"]["trt_dcla_detl_sn"]
        street.other.silent = False
        again = filed(street, "2501")  # Another wish under its own id is another registration.
        assert again != number
        assert_refused(street.said(document), "OUTCOME_UNKNOWN")
        assert street.rows("SELECT count(*) FROM registrations") == [(2,)]


def test_a_no_comes_back_with_its_code_and_its_words(street: Street) -> None:
    for code in ("REGISTRATION_OVERLAPS", "MATERIALS_MISSING", "IN_ARREARS", "REJECTED_BY_DESK"):
        street.other.rejects = RefusalCode[code]
        for infno in INPUTS:
            assert_refused(street.call(infno, input_of(infno)), code, "请核对")


def test_a_reason_that_repeats_its_code_is_told_once(street: Street) -> None:
    street.other.rejects, street.other.reason = RefusalCode.IN_ARREARS, RefusalCode.IN_ARREARS.zh
    reply = street.call("2501", referral())
    assert reply["err_msg"] == RefusalCode.IN_ARREARS.told()


def test_a_person_nobody_knows_is_refused(street: Street) -> None:
    for infno in INPUTS:
        assert_refused(street.call(infno, input_of(infno, psn_no="A" * 29)), "PERSON_UNKNOWN")
        assert_refused(
            street.call(infno, input_of(infno, psn_no="12345")), "FIELD_INVALID", "psn_no"
        )


BAD = rows(
    """
    infno | field            | value        | code            | names
    2501  | psn_no           | «»           | FIELD_MISSING   | (psn_no)
    2501  | refl_date        | «»           | FIELD_MISSING   | (refl_date)
    2501  | mdtrtarea_admdvs | «»           | FIELD_MISSING   | (mdtrtarea_admdvs)
    2501  | mdtrtarea_admdvs | 990100       | UNKNOWN_AREA    | (mdtrtarea_admdvs)
    2501  | refl_type        | 9            | FIELD_INVALID   | (refl_type)
    2501  | refl_type        | 1            | NOT_OUT_OF_AREA | (refl_type)
    2501  | refl_type        | 2            | NOT_OUT_OF_AREA | (refl_type)
    2501  | refl_date        | 2024-02-30   | FIELD_INVALID   | (refl_date)
    2501  | refl_rea         | LONG         | FIELD_TOO_LONG  | (refl_rea)
    2501  | insutype         | 510          | FIELD_INVALID   | (insutype)
    2501  | insu_optins      | 990100       | UNKNOWN_AREA    | (insu_optins)
    2503  | insutype         | «»           | FIELD_MISSING   | (insutype)
    2503  | insu_optins      | «»           | FIELD_MISSING   | (insu_optins)
    2503  | opsp_dise_code   | «»           | FIELD_MISSING   | (opsp_dise_code)
    2503  | begndate         | «»           | FIELD_MISSING   | (begndate)
    2505  | biz_appy_type    | «»           | FIELD_MISSING   | (biz_appy_type)
    2505  | biz_appy_type    | 77           | FIELD_INVALID   | (biz_appy_type)
    2505  | biz_appy_type    | 03           | FIELD_INVALID   | 定点医药机构
    2505  | biz_appy_type    | 06           | FIELD_INVALID   | 转诊转院
    2505  | biz_appy_type    | 99           | FIELD_INVALID   | 其他
    2505  | fixmedins_code   | X99          | UNKNOWN_AREA    | (fixmedins_code)
    2505  | begndate         | «»           | FIELD_MISSING   | (begndate)
    """
)


def test_every_wrong_field_is_refused_by_name_and_nothing_is_filed(street: Street) -> None:
    before = street.counts()
    for case in BAD:
        value = case["value"].replace("«»", "").replace("LONG", "长" * 101)
        reply = street.call(case["infno"], input_of(case["infno"], **{case["field"]: value}))
        assert_refused(reply, case["code"], case["names"])
    assert street.counts()[1:] == before[1:]
    filed(street, "2501")


def test_where_and_how_somebody_is_insured_comes_from_the_last_card(street: Street) -> None:
    node = designation(insutype="", insu_optins="")
    assert_refused(street.call("2505", node, insuplc_admdvs=""), "FIELD_MISSING", "(insu_optins)")
    assert_refused(street.call("2505", node), "FIELD_MISSING", "(insutype)")
    assert street.call("1101", {**PERSON, "psn_name": WANG.name})["infcode"] == 0
    number = street.call("2505", node, insuplc_admdvs="")["output"]["result"]["trt_dcla_detl_sn"]
    one = wanted(street, number)
    assert (one.insured_division, one.insurance_kind.value) == ("340100", "310")


@pytest.mark.parametrize("infno", list(INPUTS))
def test_the_same_message_gets_the_same_answer_and_another_content_none(
    street: Street, infno: str
) -> None:
    document = envelope(infno, input_of(infno))
    first, second = street.said(document), street.said(document)
    assert content(first) == content(second)
    assert all(content(one) == content(first) for one in street.at_once([document] * 3))
    assert street.rows("SELECT count(*) FROM registrations") == [(1,)]
    clash = street.call(infno, input_of(infno, begndate="2024-03-02"), msgid=document["msgid"])
    assert_refused(clash, "CONFLICTING_REPLAY")


@pytest.mark.parametrize("infno", list(INPUTS))
def test_a_hospital_takes_back_what_it_filed_itself_and_nothing_else(
    street: Street, infno: str
) -> None:
    number, cancel = filed(street, infno), CANCELS[infno]
    which = {"trt_dcla_detl_sn": number, "psn_no": PSN_NO, "memo": "患者要求撤销"}
    others = {
        "another hospital": street.call(cancel, which, fixmedins_code=OTHER_HOSPITAL),
        "another person": street.call(cancel, which | {"psn_no": "A" * 29}),
        "no such number": street.call(cancel, which | {"trt_dcla_detl_sn": "A" * 26}),
        "not a number of ours": street.call(cancel, which | {"trt_dcla_detl_sn": "7"}),
        "another transaction": street.call(_another(cancel), which),
    }
    for what, reply in others.items():
        assert reply["err_msg"].startswith(f"[{RefusalCode.UNKNOWN_REGISTRATION.value}]"), what
    assert street.rows("SELECT count(*) FROM registration_cancellations") == [(0,)]
    document = envelope(cancel, which)
    done = street.said(document)
    assert (done["infcode"], done["output"]) == (0, {})
    assert content(street.said(document)) == content(done)
    assert street.call(cancel, which)["infcode"] == 0
    assert street.rows("SELECT count(*) FROM registration_cancellations") == [(1,)]
    assert street.rows("SELECT state FROM registrations") == [("cancelled",)]


def _another(cancel: str) -> str:
    return next(one for one in CANCELS.values() if one != cancel)


def test_a_cancellation_that_is_refused_may_be_tried_again(street: Street) -> None:
    which = {"trt_dcla_detl_sn": filed(street, "2501"), "psn_no": PSN_NO}
    street.other.keeps = True
    assert_refused(street.call("2502", which), "LOCKED_IN")
    street.other.keeps = False
    assert street.call("2502", which)["infcode"] == 0


def test_what_was_rejected_cannot_be_taken_back(databases: Databases) -> None:
    with opened(databases, decision_within_s=0.3) as street:
        street.other.silent = True
        reply = street.call("2501", referral())
        number = reply["output"]["result"]["trt_dcla_detl_sn"]
        street.rows("UPDATE registrations SET state = 'rejected', told_at = now() RETURNING 1")
        which = {"trt_dcla_detl_sn": number, "psn_no": PSN_NO}
        assert_refused(street.call("2502", which), "OUT_OF_STEP")


def test_two_wishes_to_cancel_that_come_together_are_one(street: Street) -> None:
    which = {"trt_dcla_detl_sn": filed(street, "2501"), "psn_no": PSN_NO}
    replies = street.at_once([envelope("2502", which) for _ in range(4)])
    assert [one["infcode"] for one in replies] == [0] * 4
    assert street.rows("SELECT count(*) FROM registration_cancellations") == [(1,)]
