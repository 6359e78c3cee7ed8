"""A visit's life at the door: state by state and transaction by transaction, and whole stays."""

from collections.abc import Callable, Mapping

import pytest

from tests.gateway.cases import PSN_NO, TODAY, line
from tests.gateway.other_party import WANG
from tests.gateway.stays import (
    AMOXICILLIN,
    ONE,
    REFUND,
    Stay,
    admitted,
    assert_as_the_table_has_it,
    code_of,
    diagnosis,
    registered,
)
from tests.gateway.street import PERSON, Reply, Street, envelope
from tests.support.tables import rows

# What a visit has been through → how it gets there. Line 1 is 1840.00 yuan.
HISTORIES: Mapping[str, tuple[Callable[[Stay], Reply], ...]] = {
    "opened": (),
    "lines": (lambda stay: stay.lines(stay.line(1)),),
    "left": (lambda stay: stay.lines(stay.line(1)), lambda stay: stay.discharge()),
    "partly": (
        lambda stay: stay.lines(stay.line(1)),
        lambda stay: stay.settle("1840.00", mid="1"),
        lambda stay: stay.lines(stay.line(2)),
    ),
    "settled": (lambda stay: stay.lines(stay.line(1)), lambda stay: stay.settle("1840.00")),
    "reversed": (
        lambda stay: stay.lines(stay.line(1)),
        lambda stay: stay.settle("1840.00"),
        lambda stay: stay.cancel(),
    ),
    "undone": (lambda stay: stay.say("2404" if stay.is_inpatient else "2202", ipt_otp_no="1"),),
}
ACTS: Mapping[str, Callable[[Stay], Reply]] = {
    "2203": lambda stay: stay.diagnose(),
    "2403": lambda stay: stay.change(),
    "lines": lambda stay: stay.lines(stay.line(9)),
    "refund": lambda stay: stay.lines(stay.line(9, REFUND, init_feedetl_sn="1")),
    "line_1": lambda stay: stay.say("2302", feedetl_sn="1"),
    "all": lambda stay: (
        stay.say("2302", feedetl_sn="0000")
        if stay.is_inpatient
        else stay.say("2205", chrg_bchno="0000")
    ),
    "2402": lambda stay: stay.discharge(),
    "2405": lambda stay: stay.say("2405"),
    "2404": lambda stay: stay.say("2404"),
    "2202": lambda stay: stay.say("2202", ipt_otp_no="MZ0001"),
    "trial": lambda stay: stay.street.call(
        "2303" if stay.is_inpatient else "2206", stay.bill("1840.00")
    ),
    "settle": lambda stay: stay.settle("1840.00"),
}
INPATIENT = """
    visit     2203  2403  lines  refund  line_1  all   2402  2405  2404  2202  trial  settle
    opened    3019  ok    ok     3021    3021    ok    ok    3019  ok    3019  ok     ok
    lines     3019  ok    ok     ok      ok      ok    ok    3019  ok    3019  ok     ok
    left      3019  ok    ok     ok      ok      ok    ok    ok    3019  3019  ok     ok
    partly    3019  ok    ok     ok      3018    ok    ok    3019  3012  3019  ok     ok
    settled   3019  3012  3012   3012    3018    ok    3012  3012  3012  3019  3012   3012
    reversed  3019  ok    ok     ok      ok      ok    ok    3019  ok    3019  ok     ok
    undone    3019  3019  3019   3019    3019    3019  3019  3019  3019  3019  3019   3019
"""
OUTPATIENT = """
    visit     2203  2403  lines  refund  all   2402  2405  2404  2202  trial  settle
    opened    ok    3019  ok     3021    ok    3019  3019  3019  ok    ok     ok
    lines     ok    3019  ok     ok      ok    3019  3019  3019  ok    ok     ok
    settled   3012  3019  3012   3012    ok    3019  3019  3019  3012  3012   3012
    reversed  ok    3019  ok     ok      ok    3019  3019  3019  ok    ok     ok
    undone    3019  3019  3019   3019    3019  3019  3019  3019  3019  3019   3019
"""


def brought(stay: Stay, history: str) -> Stay:
    for step in HISTORIES[history]:
        reply = step(stay)
        assert reply["infcode"] == 0, reply
    return stay


@pytest.mark.parametrize("case", rows(INPATIENT), ids=lambda case: case["visit"])
def test_what_may_happen_to_an_inpatient(street: Street, case: dict[str, str]) -> None:
    expected = {act: code for act, code in case.items() if act != "visit"}
    found = {act: code_of(ACTS[act](brought(admitted(street), case["visit"]))) for act in expected}
    assert found == expected


@pytest.mark.parametrize("case", rows(OUTPATIENT), ids=lambda case: case["visit"])
def test_what_may_happen_to_an_outpatient(street: Street, case: dict[str, str]) -> None:
    expected = {act: code for act, code in case.items() if act != "visit"}
    found = {
        act: code_of(ACTS[act](brought(registered(street), case["visit"]))) for act in expected
    }
    assert found == expected


def test_an_outpatient_from_registration_to_refund(street: Street) -> None:
    stay = registered(street)
    assert stay.diagnose(rows=[diagnosis(1), diagnosis(2, "R50.900")])["output"] == {}
    assert stay.diagnose(rows=[diagnosis(2, "R50.900", vali_flag="0")])["infcode"] == 0
    told = stay.say("5202")["output"]
    assert_as_the_table_has_it("5202", told)
    assert [row["diag_code"] for row in told["diseinfo"]] == ["J18.900"]

    first = [stay.line(1, chrg_bchno="1"), stay.line(2, chrg_bchno="2")]
    assert stay.lines(*first)["infcode"] == 0
    assert code_of(stay.lines(first[0])) == "3016"
    torn = stay.lines(stay.line(3, chrg_bchno="2"))
    assert "一次传完" in torn["err_msg"]
    assert stay.say("2205", chrg_bchno="2")["output"] == {}
    assert stay.lines(stay.line(3, chrg_bchno="2"))["infcode"] == 0
    back = stay.lines(stay.line(4, REFUND, init_feedetl_sn="3"))
    assert_as_the_table_has_it("2204", back["output"])
    [row] = back["output"]["result"]
    assert (row["cnt"], row["pric"], row["det_item_fee_sumamt"]) == (-10, 36.8, -368)
    names = "fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt"
    assert [row[name] for name in names] == [0, 0, -18.4, -349.6]

    total = "3312.00"  # 1840.00 twice less 368.00
    assert code_of(stay.settle("3680.00")) == "3011"
    trial = street.call("2206", stay.bill(total))
    assert_as_the_table_has_it("2206", trial["output"])
    settled = stay.settle(total)
    assert_as_the_table_has_it("2207", settled["output"])
    which = {"setl_id": stay.setl_ids[0]}
    assert_as_the_table_has_it("5203", stay.say("5203", **which)["output"])
    lines = stay.say("5204", **which)["output"]
    assert_as_the_table_has_it("5204", lines)
    assert sum(row["det_item_fee_sumamt"] for row in lines) == 3312
    assert (lines[0]["medins_list_codg"], lines[0]["bilg_dr_name"]) == ("L1", "李医生")
    assert code_of(stay.say("2202", ipt_otp_no="MZ0001")) == "3012"

    undone = stay.cancel()
    assert_as_the_table_has_it("2208", undone["output"])
    assert stay.say("5204", **which)["output"] == []
    assert [row["setl_id"] for row in stay.say("5204")["output"]] == ["", "", ""]
    assert stay.say("2202", ipt_otp_no="MZ0001")["output"] == {}
    assert code_of(stay.say("5202")) == "ok"


def test_an_inpatient_from_admission_over_a_mid_stay_bill_to_discharge(street: Street) -> None:
    assert street.call("1101", {**PERSON, "psn_name": WANG.name})["infcode"] == 0
    stay = admitted(street)
    assert stay.lines(stay.line(1), stay.line(2))["infcode"] == 0
    assert stay.change(rows=[diagnosis(1, "J15.900")], adm_bed="14")["infcode"] == 0
    middle = stay.settle("3680.00", mid="1")
    assert_as_the_table_has_it("2304", middle["output"])
    assert code_of(stay.say("2302", feedetl_sn="1")) == "3018"
    # A refund of what is settled makes the next bill smaller.
    again = [stay.line(3), stay.line(4, REFUND, init_feedetl_sn="1")]
    assert stay.lines(*again)["infcode"] == 0
    assert code_of(stay.say("2404")) == "3012"

    told = street.call("5303", {"begntime": TODAY, "endtime": TODAY})["output"]
    assert_as_the_table_has_it("5303", told)
    [here] = told["data"]
    assert (here["mdtrt_id"], here["psn_name"], here["out_flag"]) == (stay.mdtrt_id, WANG.name, "1")
    assert stay.discharge()["output"] == {}
    assert stay.discharge(endtime="2024-03-06 10:00:00")["infcode"] == 0
    gone = street.call("5303", {"begntime": TODAY, "endtime": TODAY})["output"]["data"]
    assert gone == []
    said = stay.say("5202")["output"]["diseinfo"]
    assert [(row["inout_diag_type"], row["diag_code"]) for row in said] == [
        ("1", "J15.900"),
        ("2", "J18.900"),
    ]
    trial = street.call("2303", stay.bill("1472.00"))
    assert_as_the_table_has_it("2303", trial["output"])
    assert stay.settle("1472.00")["infcode"] == 0
    dates = street.rows("SELECT discharged_on::text FROM settlements WHERE NOT mid_stay")
    assert dates == [("2024-03-06",)]

    assert code_of(stay.say("2405")) == "3012"
    assert_as_the_table_has_it("2305", stay.cancel()["output"])
    assert stay.say("2405")["output"] == {}
    assert [row["inout_diag_type"] for row in stay.say("5202")["output"]["diseinfo"]] == ["1"]
    back = street.call("5303", {"begntime": TODAY, "endtime": TODAY})["output"]["data"]
    assert [row["mdtrt_id"] for row in back] == [stay.mdtrt_id]

    period = {"begntime": TODAY, "endtime": f"{TODAY} 23:59:59", "med_type": "21"}
    visits = street.call("5201", {"psn_no": PSN_NO, **period})["output"]
    assert_as_the_table_has_it("5201", visits)
    [visit] = visits["mdtrtinfo"]
    assert (visit["ipt_otp_no"], visit["adm_bed"]) == ("ZY0001", "14")
    assert (visit["begntime"], visit["certno"]) == (f"{TODAY} 09:00:00", WANG.certno)


def test_a_chronic_visit_is_one_by_2203_and_its_drugs_are_told(street: Street) -> None:
    stay = registered(street)
    assert stay.diagnose(med_type="14", dise_codg="M03900")["infcode"] == 0
    stay.lines(stay.line(1), line(stay.mdtrt_id, 2, AMOXICILLIN, "0.40 × 100 = 40.00"))
    period = {"psn_no": PSN_NO, "begntime": TODAY, "endtime": TODAY}
    told = street.call("5205", period)["output"]
    assert_as_the_table_has_it("5205", told)
    assert [row["feedetl_sn"] for row in told["feedetail"]] == ["1", "2"]
    assert {row["med_type"] for row in told["feedetail"]} == {"14"}
    bill = stay.bill("1880.00") | {"med_type": "14"}
    assert street.call("2207", bill)["infcode"] == 0
    found = street.rows("SELECT visit_kind, disease_code FROM settlements")
    assert found == [("chronic", "M03900")]


def test_flags_said_at_any_step_count_for_the_settlement(street: Street) -> None:
    stay = admitted(street, exp_content='{"IPT_TYPE":"2"}')
    trauma = '{"TRUM_FLAG":"1"}'
    assert code_of(stay.change(med_type="22", exp_content=trauma)) == "4024"
    assert code_of(stay.change(med_type="22")) == "1004"
    declared = '{"TRUM_FLAG":"1","REL_TTP_FLAG":"1"}'
    assert stay.change(med_type="22", exp_content=declared)["infcode"] == 0
    corrected = '{"TRUM_FLAG":"1","REL_TTP_FLAG":"0"}'
    assert stay.change(med_type="22", exp_content=corrected)["infcode"] == 0
    stay.lines(stay.line(1))
    assert stay.settle("1840.00")["infcode"] == 0
    [(flags,)] = street.rows("SELECT flags FROM settlements")
    assert sorted(flags) == ["emergency", "no_third_party", "trauma"]


def test_what_is_another_hospitals_is_not_told_and_not_changed(street: Street) -> None:
    stay = admitted(street)
    stay.lines(stay.line(1))
    theirs = {"fixmedins_code": "H31010100002"}
    for infno, more in (
        ("2404", {}),
        ("2302", {"feedetl_sn": "0000"}),
        ("5202", {}),
        ("5204", {}),
    ):
        reply = street.call(infno, stay.which | more, **theirs)
        assert code_of(reply) == "3010", infno
    period = {"begntime": TODAY, "endtime": TODAY}
    assert street.call("5303", period, **theirs)["output"]["data"] == []
    whose = {"psn_no": PSN_NO, "med_type": "21", **period}
    assert street.call("5201", whose, **theirs)["output"]["mdtrtinfo"] == []


def test_wrong_words_about_a_visit_are_refused_and_change_nothing(street: Street) -> None:
    stay = admitted(street)
    twice = [diagnosis(1), diagnosis(1, "R50.900")]
    other = [diagnosis(1, mdtrt_id="A" * 26)]
    assert "重复" in stay.change(rows=twice)["err_msg"]
    assert code_of(stay.change(rows=other)) == "1006"
    assert code_of(stay.change(med_type="11")) == "1006"
    assert code_of(stay.discharge(endtime="2024-02-01")) == "3006"
    assert code_of(stay.discharge(dscg_way="7")) == "1006"
    backwards = {"begntime": "2024-03-02", "endtime": "2024-03-01"}
    assert code_of(street.call("5303", backwards)) == "3006"
    assert street.rows("SELECT count(*) FROM diagnoses") == [(0,)]
    assert street.rows("SELECT state FROM visits") == [("in_care",)]


def test_of_two_bills_for_the_same_lines_at_once_one_settles(street: Street) -> None:
    stay = admitted(street)
    stay.lines(stay.line(1))
    for mid in ("0", "1"):
        bills = [envelope("2304", stay.bill("1840.00", mid)) for _ in range(4)]
        replies = street.at_once(bills)
        assert sorted(code_of(reply) == "ok" for reply in replies).count(True) == (mid == "0")
    assert street.rows("SELECT count(*) FROM settlements") == [(1,)]


def test_a_repeated_word_gets_the_same_answer_and_acts_once(street: Street) -> None:
    stay = admitted(street)
    said = envelope("2301", {"feedetail": [stay.line(1, ONE)]})
    assert street.said(said)["output"] == street.said(said)["output"]
    gone = envelope("2302", stay.which | {"feedetl_sn": "1"})
    assert street.said(gone)["infcode"] == street.said(gone)["infcode"] == 0
    assert code_of(street.call("2302", stay.which | {"feedetl_sn": "1"})) == "3021"
