"""The envelope by itself: its paths, its types, its names, and how numbers are written."""

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from participants.gateway.wire import jsontext
from participants.gateway.wire.jsontext import Number, yuan
from participants.gateway.wire.profiles import AmountType, InfcodeType, Profiles
from participants.gateway.wire.profiles_file import load_profiles
from tests.gateway.cases import PSN_NO, outpatient_bill, own_visit, settled_outpatient, split
from tests.gateway.street import AREA, HOSPITAL, Street, envelope

SETL = """
mdtrt_id setl_id psn_no psn_name psn_cert_type certno gend naty brdy age insutype psn_type
cvlserv_flag setl_time mdtrt_cert_type med_type medfee_sumamt fulamt_ownpay_amt overlmt_selfpay
preselfpay_amt inscp_scp_amt act_pay_dedc hifp_pay pool_prop_selfpay cvlserv_pay hifes_pay hifmi_pay
hifob_pay hifdm_pay maf_pay oth_pay fund_pay_sumamt psn_part_amt acct_pay psn_cash_pay hosp_part_amt
balc acct_mulaid_pay medins_setl_id clr_optins clr_way clr_type exp_content
"""
DETAIL = """
fund_pay_type inscp_scp_amt crt_payb_lmt_amt fund_payamt fund_pay_type_name setl_proc_info
"""
OF_5203 = """
setl_id mdtrt_id psn_no psn_name psn_cert_type certno gend naty brdy age insutype psn_type
cvlserv_flag flxempe_flag nwb_flag insu_optins emp_name pay_loc fixmedins_code fixmedins_name
hosp_lv fixmedins_poolarea lmtpric_hosp_lv dedc_hosp_lv begndate enddate setl_time mdtrt_cert_type
med_type clr_type clr_way clr_optins medfee_sumamt fulamt_ownpay_amt overlmt_selfpay preselfpay_amt
inscp_scp_amt act_pay_dedc hifp_pay pool_prop_selfpay cvlserv_pay hifes_pay hifmi_pay hifob_pay
maf_pay oth_pay fund_pay_sumamt psn_pay acct_pay cash_payamt balc acct_mulaid_pay medins_setl_id
refd_setl_flag year dise_codg dise_name invono opter_id opter_name opt_time pref_fund_pay
"""


def bill(**changes: Any) -> dict[str, Any]:
    return outpatient_bill(own_visit(), "2000.00", **split(0, 0, 0, "2000.00")) | changes


def test_a_settlement_is_told_in_exactly_the_names_of_the_interface(street: Street) -> None:
    names = SETL.split()
    assert len(names) == 43
    output = street.call("2207", bill())["output"]
    assert list(output["setlinfo"]) == names
    assert all(list(row) == DETAIL.split() for row in output["setldetail"])
    which = {name: output["setlinfo"][name] for name in ("psn_no", "setl_id", "mdtrt_id")}
    assert set(street.call("5203", which)["output"]["setlinfo"]) == set(OF_5203.split())
    trial = street.call("2206", bill())["output"]["setlinfo"]
    assert set(names) - set(trial) == {"setl_id"}
    cancelled = street.call("2208", which)["output"]["setlinfo"]
    assert set(cancelled) == {*names, "pdn_cash_pay"}


def test_the_reply_carries_everything_a_client_reads(street: Street) -> None:
    reply = street.call("2207", bill())
    assert list(reply) == [
        "infcode", "inf_refmsgid", "refmsg_time", "respond_time", "err_msg", "warn_msg",
        "cainfo", "signtype", "output",
    ]  # fmt: skip
    assert (reply["infcode"], reply["err_msg"], reply["cainfo"]) == (0, "", "")
    assert re.fullmatch(r"310000\d{14}\d{10}", reply["inf_refmsgid"])
    assert re.fullmatch(r"\d{17}", reply["refmsg_time"])
    assert reply["refmsg_time"] <= reply["respond_time"]
    assert "output" not in street.call("9999")


def test_amounts_are_json_numbers_with_two_decimals(street: Street) -> None:
    text = street.post(json.dumps(envelope("2207", bill()))).text
    for told in ('"medfee_sumamt":2000.00', '"oth_pay":0.00', '"pool_prop_selfpay":0.6000'):
        assert told in text
    assert '"setl_id":"' in text


@pytest.mark.parametrize(
    "path",
    [
        "/fsi/api/rsfComIfsService/callService",
        "/mbs/fmi/fsi/api/callFsiService/callService",
        "/mbs-fsi/web/api/fsi/callService",
        "/hb/fsi/callService",
        "/fsi/api/2207",
        "/2207",
        "/",
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
def test_every_known_path_takes_json_and_text(street: Street, path: str, media_type: str) -> None:
    document = envelope("2207", bill())
    if path.endswith("2207"):
        document.pop("infno")
    response = street.post(json.dumps(document), path, **{"content-type": media_type})
    assert response.json()["infcode"] == 0
    assert response.headers["content-type"].startswith("application/json")


def test_the_input_may_be_text_and_its_node_may_be_left_out(street: Street) -> None:
    for inputs in (json.dumps({"data": bill()}), bill(), {"DATA": bill()}, {"data": [bill()]}):
        assert street.said(envelope("2207") | {"input": inputs})["infcode"] == 0, inputs


def test_names_are_read_in_any_case_and_empty_is_said_in_four_ways(street: Street) -> None:
    for empty in ("", None, "null", "NULL"):
        upper = {name.upper(): value for name, value in bill().items()}
        document = envelope("2207", upper | {"CARD_SN": empty, "INVONO": empty})
        document = {name.upper(): value for name, value in document.items()}
        document["SIGN_NO"] = empty
        document["INPUT"] = {"data": document["INPUT"]["data"]}
        assert street.said(document)["infcode"] == 0


def test_numbers_come_as_numbers_or_as_text(street: Street) -> None:
    for total in (2000, 2000.5, "2000", "2000.5", "2000.50", " 2000.50 "):
        info = settled_outpatient(street, total)
        assert info["medfee_sumamt"] == float(str(total))


def test_characters_are_counted_and_not_bytes(street: Street) -> None:
    name = "欧" * 20
    node = bill(psn_name=name)
    assert street.call("2206", node)["output"]["setlinfo"]["psn_name"] == name
    reply = street.call("2206", bill(psn_name="欧" * 21))
    assert reply["err_msg"] == "[1005] 字段超长：人员姓名(psn_name)最多20个字符"


def test_a_profile_may_want_infcode_as_text(street: Street) -> None:
    default = load_profiles().default
    assert default.infcode is InfcodeType.NUMBER
    text = replace(default, infcode=InfcodeType.TEXT)
    street.app.state.gateway._profiles = Profiles(default, {HOSPITAL: [(date.min, text)]})
    assert street.call("2207", bill())["infcode"] == "0"
    assert street.call("9999")["infcode"] == "-1"
    assert street.call("2207", bill(), fixmedins_code="H31010100002")["infcode"] == 0


def test_a_profile_may_want_amounts_as_text(street: Street) -> None:
    default = load_profiles().default
    text = replace(default, amounts=AmountType.TEXT)
    street.app.state.gateway._profiles = Profiles(default, {HOSPITAL: [(date.min, text)]})
    written = street.post(json.dumps(envelope("2207", bill()))).text
    assert '"infcode":0' in written
    assert '"medfee_sumamt":"2000.00"' in written
    assert '"pool_prop_selfpay":"0.6000"' in written


def test_health_says_how_many_and_nothing_else(street: Street) -> None:
    street.call("2207", bill())
    found = street.run(street.client.get("/health")).json()
    assert found["ok"] is True
    assert found["areas"][AREA]["requests"] == 1
    assert PSN_NO not in str(found)


def test_the_treatment_place_comes_from_the_institution_where_it_is_empty(street: Street) -> None:
    assert street.call("2207", bill(), mdtrtarea_admvs="")["infcode"] == 0


def test_numbers_are_spliced_as_they_stand() -> None:
    tree = {
        "a": yuan(-1),
        "b": [yuan(10**12), Number("0.5000")],
        "c": None,
        "d": "“1.5”",
        "e": True,
    }
    assert jsontext.encode(tree) == (
        '{"a":-0.01,"b":[10000000000.00,0.5000],"c":null,"d":"“1.5”","e":true}'
    )
    again = jsontext.loads(jsontext.encode(tree))
    assert again == tree
    assert isinstance(again["a"], Number)
