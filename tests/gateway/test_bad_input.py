"""Wrong input: each gets its code in Chinese, changes nothing, and the next good request works."""

import json
from copy import deepcopy
from typing import Any

import pytest

from contracts.refusal import RefusalCode
from tests.gateway.cases import (
    PSN_NO,
    outpatient_bill,
    own_visit,
    registration,
    settled_outpatient,
    split,
)
from tests.gateway.street import Street, envelope
from tests.support.tables import rows

MALFORMED = [
    b"",
    b"{",
    b"[1, 2]",
    b'"text"',
    b"\xff\xfe{}",
    b'{"infno": NaN}',
    b'{"infno": Infinity}',
    b'{"infno": 1' + b"0" * 5_000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 40 + b"1" + b"}" * 40,
]

# What is changed in a good 2207, and what comes of it; « » stands for an empty text.
CHANGES = rows(
    """
    field              | value                 | code
    psn_no             | «»                    | FIELD_MISSING
    psn_no             | null                  | FIELD_MISSING
    psn_no             | NULL                  | FIELD_MISSING
    psn_no             | 1234567890123456789012345678901 | FIELD_TOO_LONG
    mdtrt_id           | 1234567890123456789012345678901 | FIELD_TOO_LONG
    insutype           | 777                   | FIELD_INVALID
    insutype           | 510                   | FIELD_INVALID
    med_type           | ZZ                    | FIELD_INVALID
    psn_setlway        | 03                    | FIELD_INVALID
    acct_used_flag     | 7                     | FIELD_INVALID
    begntime           | 2024-02-30            | FIELD_INVALID
    begntime           | 20240301              | FIELD_INVALID
    begntime           | 2999-01-01            | DATES_IMPOSSIBLE
    medfee_sumamt      | 1900.001              | AMOUNT_MALFORMED
    medfee_sumamt      | 1900.000              | AMOUNT_MALFORMED
    medfee_sumamt      | 1.9e3                 | AMOUNT_MALFORMED
    medfee_sumamt      | 1e999999999           | AMOUNT_MALFORMED
    medfee_sumamt      | 1,900.00              | AMOUNT_MALFORMED
    medfee_sumamt      | NaN                   | AMOUNT_MALFORMED
    medfee_sumamt      | １９００.00           | AMOUNT_MALFORMED
    medfee_sumamt      | -1900.00              | AMOUNT_NEGATIVE
    medfee_sumamt      | 99999999999999999.00  | FIELD_TOO_LONG
    medfee_sumamt      | 99999999999999.00     | FIELD_TOO_LONG
    medfee_sumamt      | «»                    | FIELD_MISSING
    inscp_scp_amt      | 1783.005              | AMOUNT_MALFORMED
    inscp_scp_amt      | -0.01                 | AMOUNT_NEGATIVE
    inscp_scp_amt      | 1783.01               | PARTS_DO_NOT_ADD_UP
    medfee_sumamt      | 1899.99               | PARTS_DO_NOT_ADD_UP
    mdtrt_id           | AAAAAAAAAAAAAAAAAAAAAAAAAA | UNKNOWN_VISIT
    """
)
ENVELOPE_CHANGES = rows(
    """
    field              | value                           | code
    infno              | 9999                            | UNKNOWN_TRANSACTION
    infno              | «»                              | FIELD_MISSING
    msgid              | «»                              | FIELD_MISSING
    msgid              | 1234567890123456789012345678901 | FIELD_TOO_LONG
    opter              | null                            | FIELD_MISSING
    opter_type         | 9                               | FIELD_INVALID
    inf_time           | yesterday                       | FIELD_INVALID
    fixmedins_code     | «»                              | FIELD_MISSING
    fixmedins_code     | H31019999999                    | UNKNOWN_INSTITUTION
    mdtrtarea_admvs    | 990000                          | UNKNOWN_AREA
    mdtrtarea_admvs    | 110100                          | AREA_NOT_CONNECTED
    insuplc_admdvs     | 990100                          | UNKNOWN_AREA
    insuplc_admdvs     | «»                              | FIELD_MISSING
    insuplc_admdvs     | 310115                          | NOT_OUT_OF_AREA
    input              | «»                              | FIELD_MISSING
    input              | {                               | NOT_JSON
    input              | [1]                             | FIELD_INVALID
    """
)


def good() -> dict[str, Any]:
    return outpatient_bill(own_visit(), "1900.00", **split("20.00", "5", 92, "1783.00"))


def assert_refused(street: Street, reply: dict[str, Any], code: str, names: str = "") -> None:
    assert reply["infcode"] == -1, reply
    assert reply["err_msg"].startswith(f"[{RefusalCode[code].value}] {RefusalCode[code].zh}")
    assert len(reply["err_msg"]) <= 200
    assert names in reply["err_msg"], reply


def test_every_wrong_field_is_refused_by_name_and_nothing_changes(street: Street) -> None:
    before = street.counts()
    for case in CHANGES:
        node = good() | {case["field"]: case["value"].replace("«»", "")}
        names = f"({case['field']})" if case["code"].startswith(("FIELD", "AMOUNT")) else ""
        assert_refused(street, street.call("2207", node), case["code"], names)
    made = street.counts()
    # Only what a rule of the business refused is remembered, by its message id.
    assert made[1:] == before[1:]
    assert made[0] - before[0] <= 5
    assert settled_outpatient(street)["medfee_sumamt"] == 2000


def test_every_wrong_envelope_is_refused_and_nothing_changes(street: Street) -> None:
    before = street.counts()
    for case in ENVELOPE_CHANGES:
        changes = {case["field"]: case["value"].replace("«»", "")}
        names = f"({case['field']})" if case["code"] == "FIELD_MISSING" else ""
        assert_refused(street, street.said(envelope("2207", good()) | changes), case["code"], names)
    assert street.counts()[1:] == before[1:]
    assert settled_outpatient(street)["medfee_sumamt"] == 2000


def test_what_is_not_json_is_refused(street: Street) -> None:
    before = street.counts()
    for body in MALFORMED:
        response = street.post(body)
        assert response.status_code == 200
        assert_refused(street, json.loads(response.text), "NOT_JSON")
    assert street.counts() == before
    assert settled_outpatient(street)["medfee_sumamt"] == 2000


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\\udc00x"])
def test_text_that_no_database_holds_is_refused(street: Street, text: str) -> None:
    for field in ("mdtrt_id", "mdtrt_cert_no", "a field nobody knows"):
        body = json.dumps(envelope("2207", good() | {field: "@@"})).replace("@@", text)
        assert_refused(street, json.loads(street.post(body).text), "FIELD_INVALID")
    assert settled_outpatient(street)["medfee_sumamt"] == 2000


def test_values_of_the_wrong_kind_are_refused(street: Street) -> None:
    values: list[Any] = [True, {"a": 1}, ["1"], [[]]]
    for value in values:
        for field in ("psn_no", "medfee_sumamt", "begntime"):
            reply = street.call("2207", good() | {field: value})
            assert_refused(street, reply, "FIELD_INVALID", f"({field})")
    for wrong in ([1, 2], 7, True, "text"):
        document = envelope("2207")
        document["input"] = {"data": wrong}
        assert_refused(street, street.said(document), "FIELD_INVALID")


def test_one_field_in_two_spellings_is_refused(street: Street) -> None:
    """Who is let in by the one must not act by the other."""
    sound = envelope("2207", outpatient_bill(own_visit(), 1900, **split(0, 0, 0, 1900)))
    node = sound["input"]["data"]
    for twice in (
        sound | {"FIXMEDINS_CODE": "H31010100002"},
        sound | {"input": {"data": node, "Data": node}},
        sound | {"input": {"data": node | {"Mdtrt_ID": own_visit()}}},
    ):
        reply = street.said(twice)
        assert reply["err_msg"].startswith("[1006]"), reply
        assert "不同大小写" in reply["err_msg"]
    assert street.rows("SELECT count(*) FROM settlements") == [(0,)]


def test_an_oversize_body_is_refused_before_it_is_read(street: Street) -> None:
    document = envelope("2207", good() | {"memo": "x" * 1_100_000})
    assert_refused(street, street.said(document), "BODY_TOO_LARGE")
    assert settled_outpatient(street)["medfee_sumamt"] == 2000


def test_a_missing_node_names_all_that_is_missing(street: Street) -> None:
    reply = street.said(envelope("5203", {}))
    told = "人员编号(psn_no)、结算ID(setl_id)、就诊ID(mdtrt_id)"
    assert_refused(street, reply, "FIELD_MISSING", told)
    assert_refused(street, street.call("2204", {"feedetail": []}), "FIELD_MISSING", "feedetail")
    empties: list[Any] = [None, "", [None], {}, []]
    for empty in empties:
        reply = street.call("2401", {"mdtrtinfo": empty})
        code = "FIELD_INVALID" if empty == [] else "FIELD_MISSING"
        assert_refused(street, reply, code)


def test_a_bill_of_nothing_is_refused(street: Street) -> None:
    node = outpatient_bill("MZ0001", 0, **split(0, 0, 0, 0))
    assert_refused(street, street.call("2207", node), "AMOUNT_IS_ZERO")


def test_a_person_nobody_knows_and_a_wrong_name_are_refused_alike(street: Street) -> None:
    stranger = {
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": "340104195803121201",
        "psn_cert_type": "01",
    }
    assert_refused(street, street.call("1101", stranger), "PERSON_UNKNOWN")
    wrong = deepcopy(registration(psn_name="李四"))
    reply = street.call("1101", wrong)
    assert_refused(street, reply, "PERSON_UNKNOWN")
    assert "王秀英" not in reply["err_msg"]


def test_what_the_insured_area_refuses_comes_back_with_its_code(street: Street) -> None:
    for code in ("REGISTRATION_NOT_FOUND", "OUTSIDE_VALIDITY", "PERSON_UNKNOWN"):
        street.other.refuses = RefusalCode[code]
        assert_refused(street, street.call("2206", good()), code)
        assert_refused(street, street.call("2207", good()), code)
    street.other.refuses = None
    assert settled_outpatient(street)["medfee_sumamt"] == 2000


def test_a_settlement_of_somebody_else_is_not_known(street: Street) -> None:
    info = settled_outpatient(street)
    which = {"psn_no": PSN_NO, "setl_id": info["setl_id"], "mdtrt_id": info["mdtrt_id"]}
    for infno in ("5203", "2208"):
        reply = street.call(infno, which, fixmedins_code="H31010100002")
        assert_refused(street, reply, "UNKNOWN_SETTLEMENT")
        other = which | {"psn_no": "A" * 29}
        assert_refused(street, street.call(infno, other), "UNKNOWN_SETTLEMENT")
        none = which | {"setl_id": "AAAAAAAAAAAAAAAAAAAAAAAAAA"}
        assert_refused(street, street.call(infno, none), "UNKNOWN_SETTLEMENT")
