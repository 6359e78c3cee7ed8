"""2507 意外伤害备案: once a message, sealed, and its word on third parties for a visit."""

from datetime import date
from typing import Any

import pytest

from contracts.refusal import RefusalCode
from tests.gateway.cases import PSN_NO, TODAY, admission, outpatient_bill, split
from tests.gateway.other_party import WANG
from tests.gateway.street import Street, envelope
from tests.support.tables import rows


def accident(**changes: Any) -> dict[str, Any]:
    return {
        "dcla_souc": "01",
        "psn_no": PSN_NO,
        "psn_cert_type": "01",
        "certno": WANG.certno,
        "psn_name": WANG.name,
        "insu_admdvs": "340100",
        "trum_time": TODAY,
        "trum_site": "南京西路",
        "trum_rea": "摔倒",
        "chk_pay_flag": "1",
        "begndate": TODAY,
        "enddate": "2999-12-31",
        **changes,
    }


def test_an_accident_gets_its_number_once_and_is_sealed(street: Street) -> None:
    document = envelope("2507", accident())
    first, again = street.said(document), street.said(document)
    assert first["infcode"] == 0, first
    assert list(first["output"]["result"]) == ["trt_dcla_detl_sn"]
    assert len(first["output"]["result"]["trt_dcla_detl_sn"]) == 26
    assert again["output"] == first["output"]
    [(stored,)] = street.rows("SELECT accidents::text FROM accidents")
    assert not any(text in stored for text in (WANG.name, WANG.certno, "南京西路", "摔倒"))


WRONG = rows(
    """
    field        | value      | code
    psn_no       | 12345      | FIELD_INVALID
    insu_admdvs  | 990000     | UNKNOWN_AREA
    trum_time    | 2999-01-01 | DATES_IMPOSSIBLE
    trum_time    | 2024-03-02 | DATES_IMPOSSIBLE
    enddate      | 2024-02-29 | DATES_IMPOSSIBLE
    chk_pay_flag | 2          | FIELD_INVALID
    dcla_souc    | 77         | FIELD_INVALID
    """
)


@pytest.mark.parametrize("row", WRONG, ids=lambda row: f"{row['field']} {row['value']}")
def test_a_wrong_accident_is_refused_and_not_kept(street: Street, row: dict[str, str]) -> None:
    told = street.call("2507", accident(**{row["field"]: row["value"]}))
    assert told["err_msg"].startswith(f"[{RefusalCode[row['code']]}]"), told
    assert street.rows("SELECT count(*) FROM accidents") == [(0,)]


# `said`: what the visit says itself; `flags`: what the hub is told, or the refusal.
TRAUMA = rows(
    """
    accident | med_type | said                                | flags
    none     | 22       | -                                   | FIELD_MISSING
    pays     | 22       | -                                   | no_third_party+trauma
    liable   | 22       | -                                   | third_party+trauma
    none     | 21       | {"TRUM_FLAG":"1"}                   | TRAUMA_NOT_DECLARED
    pays     | 21       | {"TRUM_FLAG":"1"}                   | no_third_party+trauma
    pays     | 21       | {"TRUM_FLAG":"1","REL_TTP_FLAG":"1"} | third_party+trauma
    pays     | 21       | -                                   | -
    over     | 21       | {"TRUM_FLAG":"1"}                   | TRAUMA_NOT_DECLARED
    """
)
ACCIDENTS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "pays": accident(),
    "liable": accident(chk_pay_flag="0"),
    "over": accident(trum_time="", begndate="2024-01-01", enddate="2024-02-29"),
}


@pytest.mark.parametrize("row", TRAUMA, ids=lambda row: f"{row['accident']} {row['said']}")
def test_an_accident_declares_for_a_visit_that_comes_of_it(
    street: Street, row: dict[str, str]
) -> None:
    registered = ACCIDENTS[row["accident"]]
    if registered is not None:
        assert street.call("2507", registered)["infcode"] == 0
    said = row["said"].replace("-", "")
    told = street.call("2401", admission(med_type=row["med_type"], exp_content=said))
    if row["flags"] in RefusalCode.__members__:
        assert told["err_msg"].startswith(f"[{RefusalCode[row['flags']]}]"), told
        return
    assert told["infcode"] == 0, told
    [(flags,)] = street.rows("SELECT flags FROM visits")
    assert flags == [one for one in row["flags"].split("+") if one != "-"]


def test_an_accident_declares_for_a_bill_without_a_visit(street: Street) -> None:
    today = f"{date.today():%Y-%m-%d}"  # noqa: DTZ011 - the machine's own day
    street.call("2507", accident(trum_time="", begndate=today))
    bill = outpatient_bill("MZ1", "100.00", **split(0, 0, 0, "100.00"), med_type="9903")
    told = street.call("2207", bill)
    assert told["infcode"] == 0, told
    [(flags,)] = street.rows("SELECT flags FROM settlements")
    assert flags == ["no_third_party", "trauma"]
