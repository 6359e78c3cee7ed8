"""Whole cases as a hospital goes through them, against a real database and over messages."""

from tests.gateway.cases import (
    PSN_NO,
    admission,
    inpatient_bill,
    line,
    outpatient_bill,
    registration,
    split,
)
from tests.gateway.other_party import WANG
from tests.gateway.street import PERSON, Street

AMOXICILLIN, LEVOFLOXACIN = "XJ01CAA040E001010102699", "XJ01MAZ089B002010201305"


def test_an_outpatient_registers_pays_and_gets_the_money_back(street: Street) -> None:
    card = street.call("1101", {**PERSON, "psn_name": WANG.name})
    assert card["infcode"] == 0, card
    base = card["output"]["baseinfo"]
    assert (base["psn_no"], base["psn_name"], base["gend"]) == (PSN_NO, WANG.name, "2")
    assert (base["brdy"], base["certno"]) == ("1958-03-12", WANG.certno)
    assert card["output"]["insuinfo"][0] | {"emp_name": ""} == {
        "balc": 1234.5, "insutype": "310", "psn_type": "12", "psn_insu_stas": "1",
        "psn_insu_date": "", "paus_insu_date": "", "cvlserv_flag": "0",
        "insuplc_admdvs": "340100", "emp_name": "",
    }  # fmt: skip
    assert card["output"]["idetinfo"] == []

    visit = street.call("2201", registration())["output"]["data"]
    assert (visit["psn_no"], visit["ipt_otp_no"]) == (PSN_NO, "MZ0001")
    mdtrt_id = visit["mdtrt_id"]
    assert len(mdtrt_id) == 26

    lines = [
        line(mdtrt_id, 1, AMOXICILLIN, "0.40 × 100 = 40.00"),
        line(mdtrt_id, 2, LEVOFLOXACIN, "36.80 × 50 = 1840.00"),
        line(mdtrt_id, 3, "X-NOT-IN-THE-CATALOGUE", "10 × 2 = 20.00"),
    ]
    results = street.call("2204", {"feedetail": lines})["output"]["result"]
    names = "fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt"
    assert [[one[name] for name in names] for one in results] == [
        [0, 5, 0, 35],
        [0, 0, 92, 1748],
        [20, 0, 0, 0],
    ]

    trial = street.call("2206", outpatient_bill(mdtrt_id, "1900.00"))
    assert trial["infcode"] == 0, trial
    assert trial["warn_msg"] == ""
    assert "setl_id" not in trial["output"]["setlinfo"]

    parts = split("20.00", "5.00", "92.00", "1783.00")
    bill = outpatient_bill(mdtrt_id, "1900.00", **parts)
    settled = street.call("2207", bill)
    assert settled["infcode"] == 0, settled
    info = settled["output"]["setlinfo"]
    assert (info["hifp_pay"], info["acct_pay"], info["psn_cash_pay"]) == (1026.4, 87.36, 786.24)
    assert (info["act_pay_dedc"], info["psn_name"], info["age"] >= 67) == (500, WANG.name, True)
    assert info["medfee_sumamt"] == trial["output"]["setlinfo"]["medfee_sumamt"] == 1900
    assert [row["fund_pay_type"] for row in settled["output"]["setldetail"]] == [
        "310100",
        "310200",
    ]

    which = {"psn_no": PSN_NO, "setl_id": info["setl_id"], "mdtrt_id": mdtrt_id}
    shown = street.call("5203", which)["output"]["setlinfo"]
    assert (shown["psn_pay"], shown["cash_payamt"], shown["refd_setl_flag"]) == (873.6, 786.24, "0")
    assert (shown["pay_loc"], shown["fixmedins_name"]) == ("4", "上海市第一示范医院")
    assert (shown["psn_name"], shown["certno"]) == (WANG.name, WANG.certno)

    back = street.call("2208", which)
    assert back["infcode"] == 0, back
    undone = back["output"]["setlinfo"]
    assert (undone["psn_cash_pay"], undone["pdn_cash_pay"]) == (-786.24, -786.24)
    assert (undone["medfee_sumamt"], undone["setl_id"]) == (-1900, info["setl_id"])
    assert street.call("5203", which)["output"]["setlinfo"]["refd_setl_flag"] == "1"


def test_an_inpatient_is_admitted_discharged_cancelled_and_withdrawn(street: Street) -> None:
    mdtrt_id = street.call("2401", admission())["output"]["result"]["mdtrt_id"]
    one = line(mdtrt_id, 1, LEVOFLOXACIN, "36.80 × 50 = 1840.00")
    assert street.call("2301", {"feedetail": [one]})["infcode"] == 0
    bill = inpatient_bill(mdtrt_id, "1840.00", dscgTime="2024-03-02")

    trial = street.call("2303", bill)
    assert (trial["infcode"], trial["warn_msg"]) == (0, ""), trial
    settled = street.call("2304", bill)
    assert settled["infcode"] == 0, settled
    info = settled["output"]["setlinfo"]
    assert (info["med_type"], info["clr_type"], info["psn_type"]) == ("21", "21", "12")

    which = {"psn_no": PSN_NO, "setl_id": info["setl_id"], "mdtrt_id": mdtrt_id}
    undone = street.call("2305", which)["output"]["setlinfo"]
    assert undone["medfee_sumamt"] == -1840
    assert {"psn_name", "certno", "clr_type", "clr_way"}.isdisjoint(undone)
    assert (undone["begndate"], undone["enddate"]) == ("2024-03-01", "2024-03-02")
    assert (undone["crt_dedc"], undone["insu_admdvs"]) == (-500, "340100")

    again = street.call("2304", bill, msgid="H3101010000120240302235959A001")
    assert again["infcode"] == 0, again
    withdrawal = {"psn_no": PSN_NO, "omsgid": "H3101010000120240302235959A001", "oinfno": "2304"}
    assert street.call("2601", withdrawal)["infcode"] == 0
    assert street.call("2601", withdrawal)["infcode"] == 0
    states = street.rows("SELECT state, count(*) FROM settlements GROUP BY state")
    assert states == [("reversed", 2)]


def test_a_hospital_that_only_settles_needs_no_visit(street: Street) -> None:
    node = outpatient_bill("MZ2024030200017", 1900, **split(20, 5, 92, 1783))
    info = street.call("2207", node)["output"]["setlinfo"]
    assert (info["mdtrt_id"], info["inscp_scp_amt"]) == ("MZ2024030200017", 1783)
    which = {"psn_no": PSN_NO, "setl_id": info["setl_id"], "mdtrt_id": info["mdtrt_id"]}
    assert street.call("5203", which)["output"]["setlinfo"]["mdtrt_id"] == "MZ2024030200017"
    assert street.call("2208", which)["output"]["setlinfo"]["medfee_sumamt"] == -1900


def test_lines_beside_a_bill_are_split_by_the_catalogue(street: Street) -> None:
    rows = [
        line("", 1, LEVOFLOXACIN, "36.80 × 50 = 1840.00"),
        line("", 2, "X-NOT-IN-THE-CATALOGUE", "10 × 2 = 20.00"),
    ]
    for infno, bill in (("2207", outpatient_bill), ("2304", inpatient_bill)):
        node = {"data": bill(f"{infno}-1", "1860.00"), "feedetail": rows}
        info = street.call(infno, node)["output"]["setlinfo"]
        names = "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"
        assert [info[name] for name in names] == [20, 0, 92, 1748]


def test_a_trial_without_lines_and_split_counts_all_and_says_so(street: Street) -> None:
    opened = street.call("2201", registration())["output"]["data"]["mdtrt_id"]
    for mdtrt_id in ("MZ0002", opened):
        trial = street.call("2206", outpatient_bill(mdtrt_id, "1900.00"))
        assert trial["output"]["setlinfo"]["inscp_scp_amt"] == 1900
        assert "全部按符合政策范围" in trial["warn_msg"]


def test_names_and_numbers_are_nowhere_in_clear(street: Street) -> None:
    test_an_outpatient_registers_pays_and_gets_the_money_back(street)
    for table in ("attempts", "visits", "settlements", "trials", "enquiries", "outbox", "inbox"):
        everything = str(street.rows(f"SELECT * FROM {table}"))  # noqa: S608 - our own names
        assert WANG.certno not in everything, table
        assert WANG.name not in everything, table
