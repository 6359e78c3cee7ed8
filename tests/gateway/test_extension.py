"""exp_content of the out-of-area extension: flags, and what a med_type must come with."""

import json

import pytest

from contracts.refusal import RefusalCode, Refused
from participants.gateway.wire.extension import assert_fits, flags_of
from tests.gateway.cases import admission, inpatient_bill, outpatient_bill, registration, split
from tests.gateway.street import Reply, Street
from tests.support.tables import rows

FLAGS = rows(
    """
    exp_content                                   | flags
    «»                                            | -
    text                                          | -
    {"IPT_TYPE":"1"}                              | -
    {"IPT_TYPE":"2"}                              | emergency
    {"ipt_type":"3"}                              | transfer
    {"OTP_ER_REFL_FLAG":"2"}                      | referral
    {"OTP_ER_REFL_FLAG":3}                        | emergency
    {"TRUM_FLAG":"1","REL_TTP_FLAG":"0"}          | no_third_party,trauma
    {"TRUM_FLAG":"1","REL_TTP_FLAG":"1"}          | third_party,trauma
    {"TRUM_FLAG":"0"}                             | -
    {"TRUM_FLAG":"1"}                             | TRAUMA_NOT_DECLARED
    {"TRUM_FLAG":"1","REL_TTP_FLAG":""}           | TRAUMA_NOT_DECLARED
    {"TRUM_FLAG":"1","REL_TTP_FLAG":"7"}          | TRAUMA_NOT_DECLARED
    {"TRUM_FLAG":                                 | -
    """
)


@pytest.mark.parametrize("case", FLAGS, ids=lambda case: case["exp_content"])
def test_what_an_exp_content_says(case: dict[str, str]) -> None:
    text = case["exp_content"].replace("«»", "")
    if case["flags"] == "TRAUMA_NOT_DECLARED":
        with pytest.raises(Refused, match="REL_TTP_FLAG") as refused:
            flags_of(text)
        assert refused.value.code is RefusalCode.TRAUMA_NOT_DECLARED
    else:
        assert (",".join(flags_of(text)) or "-") == case["flags"]


FITS = rows(
    """
    med_type | flags                 | fits
    11       | -                     | yes
    13       | -                     | no
    13       | emergency             | yes
    1301     | referral              | no
    1301     | emergency             | yes
    21       | -                     | yes
    21       | emergency             | yes
    21       | trauma,no_third_party | yes
    22       | -                     | no
    22       | trauma,no_third_party | yes
    9903     | emergency             | no
    9903     | trauma,third_party    | yes
    """
)


@pytest.mark.parametrize("case", FITS, ids=lambda case: f"{case['med_type']} {case['flags']}")
def test_what_a_med_type_must_come_with(case: dict[str, str]) -> None:
    flags = set() if case["flags"] == "-" else set(case["flags"].split(","))
    if case["fits"] == "no":
        with pytest.raises(Refused, match=RefusalCode.FIELD_MISSING.value):
            assert_fits(case["med_type"], flags)
    else:
        assert_fits(case["med_type"], flags)


def extended(**keys: str) -> dict[str, str]:
    return {"exp_content": json.dumps(keys)}


def assert_missing(reply: Reply, name: str, code: str = "1004") -> None:
    assert reply["err_msg"].startswith(f"[{code}]"), reply
    assert name in reply["err_msg"]


def test_trauma_without_a_word_on_third_parties_is_refused_wherever_it_is_told(
    street: Street,
) -> None:
    trauma = extended(TRUM_FLAG="1")
    before = street.counts()[1:]
    bill = outpatient_bill("MZ0001", 100, **split(0, 0, 0, 100))
    stay = inpatient_bill("ZY0001", 100)
    for infno, node in (
        ("2201", registration(**trauma)),
        ("2401", admission(**trauma)),
        ("2206", bill | trauma),
        ("2207", bill | trauma),
        ("2303", stay | trauma),
        ("2304", stay | trauma),
    ):
        assert_missing(street.call(infno, node), "REL_TTP_FLAG", "4024")
    assert street.counts()[1:] == before


def test_declared_trauma_travels_with_the_settlement(street: Street) -> None:
    bill = outpatient_bill("MZ0001", 100, **split(0, 0, 0, 100), med_type="9903")
    assert_missing(street.call("2207", bill), "TRUM_FLAG")
    settled = street.call("2207", bill | extended(TRUM_FLAG="1", REL_TTP_FLAG="0"))
    assert settled["infcode"] == 0, settled
    assert street.rows("SELECT flags FROM settlements") == [(["no_third_party", "trauma"],)]


def test_an_emergency_that_was_told_at_admission_need_not_be_told_again(street: Street) -> None:
    assert_missing(street.call("2401", admission(med_type="13")), "IPT_TYPE")
    opened = street.call("2401", admission(med_type="1301") | {})
    assert_missing(opened, "IPT_TYPE")
    node = admission(med_type="22", **extended(TRUM_FLAG="1", REL_TTP_FLAG="0", IPT_TYPE="2"))
    mdtrt_id = street.call("2401", node)["output"]["result"]["mdtrt_id"]
    settled = street.call("2304", inpatient_bill(mdtrt_id, 100) | {"med_type": "22"})
    assert settled["infcode"] == 0, settled
    flags = street.rows("SELECT flags FROM settlements")[0][0]
    assert sorted(flags) == ["emergency", "no_third_party", "trauma"]
