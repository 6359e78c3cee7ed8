"""3101, 3102 and 3103 through the door: nested nodes in, findings out, and what was done kept."""

from copy import deepcopy
from typing import Any

import pytest

from contracts.refusal import RefusalCode
from participants.gateway.wire.fields import shapes
from tests.gateway.cases import PSN_NO, line, registration
from tests.gateway.street import HOSPITAL, Street, envelope
from tests.support.tables import rows

AMOXICILLIN, MEROPENEM = "XJ01CAA040E001010102699", "XJ01DHM066B001010100218"
DAY = "2024-03-01"


def order(number: int, code: str, amounts: str, **changes: Any) -> dict[str, Any]:
    """`amounts`: 'price × count = total'."""
    price, count, total = amounts.replace("×", " ").replace("=", " ").split()
    return {
        "rx_id": f"R{number}",
        "rxno": "CF1",
        "long_drord_flag": "0",
        "hilist_type": "101",
        "chrg_type": "09",
        "drord_bhvr": "0",
        "hilist_code": code,
        "hilist_name": "某药品",
        "hilist_lv": "01",
        "hilist_pric": price,
        "cnt": count,
        "pric": price,
        "sumamt": total,
        "ownpay_amt": "0",
        "selfpay_amt": "0",
        "spec_unt": "盒",
        "drord_begn_date": f"{DAY} 10:00:00",
        "drord_dept_codg": "A03",
        "drord_dr_codg": "D1",
        "drord_dr_profttl": "2",
        "curr_drord_flag": "1",
        **changes,
    }


def request(*orders: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The input of 3101 and 3102; `changes` are of the patient."""
    encounter = {
        "mdtrt_id": "MZ1",
        "medins_id": HOSPITAL,
        "medins_name": "上海市第一示范医院",
        "medins_admdvs": "310101",
        "medins_type": "A1",
        "medins_lv": "05",
        "adm_date": f"{DAY} 09:00:00",
        "dscg_date": f"{DAY} 12:00:00",
        "dscg_main_dise_codg": "J18.900",
        "dscg_main_dise_name": "肺炎",
        "med_mdtrt_type": "1",
        "med_type": "11",
        "matn_stas": "0",
        "medfee_sumamt": "100.00",
        "insutype": "310",
        "reim_flag": "1",
        "out_setl_flag": "4",
        "fsi_diagnose_dtos": [
            {"dise_id": "1", "inout_dise_type": "1", "dise_codg": "J18.900", "dise_name": "肺炎"}
        ],
        "fsi_order_dtos": list(orders),
        "fsi_operation_dtos": "",
    }
    patient = {
        "patn_id": "BR0001",
        "patn_name": "王秀英",
        "gend": "2",
        "brdy": "1958-03-12",
        "poolarea": "340100",
        "curr_mdtrt_id": "MZ1",
        "fsi_encounter_dtos": [encounter],
        "fsi_his_data_dto": "",
        **changes,
    }
    return {"patient_dtos": [patient], "rule_ids": None, "trig_scen": "2"}


def found(street: Street, node: dict[str, Any], infno: str = "3101") -> list[dict[str, Any]]:
    told = street.call(infno, node)
    assert told["infcode"] == 0, told
    rows_: list[dict[str, Any]] = told["output"]["result"]
    return rows_


def test_an_order_over_its_ceiling_is_told_with_everything_the_table_has(street: Street) -> None:
    node = request(order(1, AMOXICILLIN, "0.40 × 10 = 4.00"))
    [one] = found(street, node | {"task_id": "T1"})
    [shape] = shapes()["3101"].out
    [details] = shape.nodes
    assert set(one) == {field.name for field in shape.fields} | {details.name}
    assert one | {"jr_id": "", "judge_result_detail_dtos": []} == {
        "jr_id": "", "rule_id": "YD0201", "rule_name": "超限价收费",
        "vola_cont": "【某药品】单价0.40元，超过限价0.35元", "patn_id": "BR0001", "mdtrt_id": "MZ1",
        "judge_result_detail_dtos": [], "vola_amt": 0.5, "vola_amt_stas": "1", "sev_deg": "1",
        "vola_evid": "超标准收费：就医地目录限价", "vola_bhvr_type": "2", "task_id": "T1",
    }  # fmt: skip
    [detail] = one["judge_result_detail_dtos"]
    assert list(detail) == [field.name for field in details.fields]
    assert (detail["rx_id"], detail["vola_item_type"], detail["vola_amt"]) == ("R1", "1", 0.5)


def test_sound_orders_give_an_empty_list(street: Street) -> None:
    assert found(street, request(order(1, AMOXICILLIN, "0.35 × 10 = 3.50"))) == []


SHAPES = rows(
    """
    patients | encounters | orders
    list     | list       | list
    object   | object     | object
    """
)


@pytest.mark.parametrize("row", SHAPES, ids=lambda row: row["patients"])
def test_one_row_may_come_as_an_object(street: Street, row: dict[str, str]) -> None:
    node = deepcopy(request(order(1, AMOXICILLIN, "0.40 × 10 = 4.00")))
    if row["patients"] == "object":
        [patient] = node["patient_dtos"]
        [encounter] = patient["fsi_encounter_dtos"]
        encounter["fsi_order_dtos"] = encounter["fsi_order_dtos"][0]
        node["patient_dtos"] = patient | {"fsi_encounter_dtos": encounter}
    assert len(found(street, node)) == 1


def test_a_wrong_field_deep_inside_is_named_with_where_it_stands(street: Street) -> None:
    wrong = order(2, AMOXICILLIN, "0.40 × 10 = 4.00", hilist_code="")
    told = street.call("3101", request(order(1, AMOXICILLIN, "0.40 × 1 = 0.40"), wrong))
    assert told["err_msg"].startswith(f"[{RefusalCode.FIELD_MISSING}]"), told
    assert "就诊信息第1条 处方(医嘱)信息第2条" in told["err_msg"]
    assert "hilist_code" in told["err_msg"]
    missing = street.call("3101", {"patient_dtos": [], "trig_scen": "2"})
    assert missing["err_msg"].startswith(f"[{RefusalCode.FIELD_MISSING}]"), missing


def test_rules_may_be_asked_for_by_name(street: Street) -> None:
    node = request(
        order(1, AMOXICILLIN, "0.40 × 10 = 4.00"), order(2, MEROPENEM, "128 × 1 = 128.00")
    )
    assert [one["rule_id"] for one in found(street, node)] == ["YD0201", "YD0202"]
    assert [one["rule_id"] for one in found(street, node | {"rule_ids": ["YD0202"]})] == ["YD0202"]
    assert len(found(street, node | {"rule_ids": ["3101"]})) == 2


def test_a_drug_of_another_visit_is_known_from_our_own_fee_lines(street: Street) -> None:
    mdtrt_id = street.call("2201", registration())["output"]["data"]["mdtrt_id"]
    uploaded = line(mdtrt_id, 1, AMOXICILLIN, "0.35 × 10 = 3.50")
    assert street.call("2204", {"feedetail": [uploaded]})["infcode"] == 0
    with street.engine.begin() as tx:  # History is that of the last months.
        tx.exec_driver_sql("UPDATE fee_lines SET fee_date = current_date - 2")
    day = str(street.rows("SELECT current_date")[0][0])
    again = order(1, AMOXICILLIN, "0.35 × 10 = 3.50", drord_begn_date=f"{day} 09:30:00")
    node = request(again, patn_id=PSN_NO)
    node["patient_dtos"][0]["fsi_encounter_dtos"][0] |= {
        "adm_date": f"{day} 09:00:00",
        "dscg_date": "",
    }
    assert [one["rule_id"] for one in found(street, node)] == ["YD0103"]
    # A visit that is ours says whose it is, where the hospital sends a number of its own.
    here = street.call("2201", registration(ipt_otp_no="MZ2"))["output"]["data"]["mdtrt_id"]
    theirs = deepcopy(node)
    theirs["patient_dtos"][0] |= {"patn_id": "BR0001", "curr_mdtrt_id": here}
    theirs["patient_dtos"][0]["fsi_encounter_dtos"][0]["mdtrt_id"] = here
    assert [one["rule_id"] for one in found(street, theirs)] == ["YD0103"]
    strangers = street.call("3101", theirs, fixmedins_code="H31010100002")
    assert strangers["output"]["result"] == []


def test_what_was_done_about_a_finding_is_kept_and_nothing_is_overwritten(street: Street) -> None:
    [one] = found(street, request(order(1, AMOXICILLIN, "0.40 × 10 = 4.00")), "3102")
    finding = {"warn_rslt_id": one["jr_id"]}
    way = {"dspo_way": "1", "dspo_way_rea": "病情需要"}
    done = street.call("3103", {"warn_type": "2", "warns": [finding | way]})
    assert (done["infcode"], done["output"]) == (0, {}), done
    changed = {"warn_type": "2", "warns": [finding | {"dspo_way": "2"}]}
    assert street.call("3103", changed)["infcode"] == 0
    kept = street.rows("SELECT way, reason, by FROM finding_answers ORDER BY answer_id")
    assert kept == [("1", "病情需要", "0001 收费员"), ("2", "", "0001 收费员")]
    stored = street.rows("SELECT stage, rule_id, amount_fen, items FROM findings")
    assert stored[0][:3] == ("during", "YD0201", 50)
    assert stored[0][3][0]["order_no"] == "R1"


FEEDBACK = rows(
    """
    warn_type | id      | way | reason | hospital     | code
    1         | known   | 1   | -      | H31010100001 | FIELD_MISSING
    2         | known   | 2   | -      | H31010100001 | UNKNOWN_FINDING
    1         | known   | 2   | -      | H31010100002 | UNKNOWN_FINDING
    1         | unknown | 2   | -      | H31010100001 | UNKNOWN_FINDING
    1         | known   | 3   | -      | H31010100001 | FIELD_INVALID
    3         | known   | 2   | -      | H31010100001 | FIELD_INVALID
    """
)


@pytest.mark.parametrize("row", FEEDBACK, ids=lambda row: f"{row['code']} {row['way']}")
def test_feedback_that_is_refused_keeps_nothing(street: Street, row: dict[str, str]) -> None:
    [one] = found(street, request(order(1, AMOXICILLIN, "0.40 × 10 = 4.00")))
    number = one["jr_id"] if row["id"] == "known" else "A" * 26
    warn = {"warn_rslt_id": number, "dspo_way": row["way"], "dspo_way_rea": ""}
    node = {"warn_type": row["warn_type"], "warns": [warn]}
    told = street.call("3103", node, fixmedins_code=row["hospital"])
    assert told["err_msg"].startswith(f"[{RefusalCode[row['code']]}]"), told
    assert street.rows("SELECT count(*) FROM finding_answers") == [(0,)]


def test_the_same_message_again_gets_the_same_findings_and_finds_nothing_twice(
    street: Street,
) -> None:
    document = envelope("3101", request(order(1, AMOXICILLIN, "0.40 × 10 = 4.00")))
    first, again = street.said(document), street.said(document)
    assert first["output"] == again["output"]
    assert street.rows("SELECT count(*) FROM findings") == [(1,)]
    document["input"]["data"]["patient_dtos"][0]["gend"] = "1"
    other = street.said(document)
    assert other["err_msg"].startswith(f"[{RefusalCode.CONFLICTING_REPLAY}]"), other


def test_findings_are_forgotten_after_their_time_with_what_was_said_about_them(
    street: Street,
) -> None:
    node = request(order(1, AMOXICILLIN, "0.40 × 10 = 4.00"))
    [one] = found(street, node)
    warn = {"warn_rslt_id": one["jr_id"], "dspo_way": "2"}
    assert street.call("3103", {"warn_type": "1", "warns": [warn]})["infcode"] == 0
    with street.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE findings SET found_at = found_at - interval '4 years'")
    found(street, node)
    assert street.rows("SELECT count(*) FROM findings") == [(1,)]
    assert street.rows("SELECT count(*) FROM finding_answers") == [(0,)]


def test_no_name_is_stored_with_a_finding(street: Street) -> None:
    found(street, request(order(1, AMOXICILLIN, "0.40 × 10 = 4.00")))
    [(text,)] = street.rows("SELECT findings::text FROM findings")
    assert "王秀英" not in text
    assert "BR0001" not in text
