"""The monthly split: 3260 page by page, 3261 row by row, 3262 one confirmation or all of them."""

import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from contracts.delivery import bulk
from tests.gateway.other_party import WANG
from tests.gateway.statement_cases import cancelled, moved_to, settled
from tests.gateway.street import Street, envelope

MONTH = {"trt_year": "2024", "trt_month": "03"}


@pytest.fixture
def march(street: Street) -> Street:
    settled(street, 1, "1000.00")
    cancelled(street, settled(street, 2, "2000.00"))
    moved_to(street, date(2024, 3, 31))
    return street


def extracted(street: Street, start: int = 1) -> list[dict[str, Any]]:
    reply = street.call("3260", {**MONTH, "startrow": start})
    assert reply["infcode"] == 0, reply
    found: list[dict[str, Any]] = reply["output"]["data"]
    return found


def confirmation(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    names = (
        "certno", "mdtrt_id", "mdtrt_setl_time", "setl_sn", "medfee_sumamt", "optins_pay_sumamt",
    )  # fmt: skip
    detail = [{name: one[name] for name in names} | {"cnfm_flag": "1"} for one in rows]
    return {"data": {**MONTH, "totalrow": len(rows), **changes}, "detail": detail}


def live(street: Street) -> list[tuple[int, bool]]:
    query = "SELECT seqno, is_included FROM split_decisions WHERE undone_at IS NULL ORDER BY seqno"
    return [(seqno, is_included) for seqno, is_included in street.rows(query)]


def test_a_month_is_extracted_in_an_order_that_stays(march: Street) -> None:
    rows = extracted(march)
    assert [row["seqno"] for row in rows] == [1, 2, 3]
    assert sorted(row["medfee_sumamt"] for row in rows) == [-2000, 1000, 2000]
    first = next(row for row in rows if row["medfee_sumamt"] == 1000)
    assert list(first) == [
        "seqno", "mdtrtarea", "medins_no", "certno", "mdtrt_id", "mdtrt_setl_time", "setl_sn",
        "fulamt_advpay_flag", "medfee_sumamt", "optins_pay_sumamt",
    ]  # fmt: skip
    # The fund's 400.00 and the account's 60.00.
    assert (first["optins_pay_sumamt"], first["certno"]) == (460, WANG.certno)
    assert re.fullmatch(r"S340100240331\d{7}", first["mdtrt_id"])
    assert len(first["setl_sn"]) <= 30
    twice = [row for row in rows if row is not first]
    assert len({row["mdtrt_id"] for row in twice}) == len({row["setl_sn"] for row in twice}) == 1
    assert extracted(march, 3) == rows[2:]
    assert extracted(march, 0) == rows
    assert extracted(march, 4) == []


def test_a_page_has_a_hundred_rows_and_pages_are_the_whole(march: Street) -> None:
    more = """
        INSERT INTO settlements SELECT (jsonb_populate_record(settlements,
            jsonb_build_object('settlement_id', gen_random_uuid(), 'msgid', 'more' || n))).*
        FROM settlements, generate_series(1, 230) AS n WHERE state = 'settled'
    """
    march_rows = "UPDATE settlements SET mid_stay = true"
    with march.engine.begin() as tx:
        bulk.run(tx, march_rows)
        bulk.run(tx, more)
    pages = [extracted(march, start) for start in (1, 101, 201)]
    assert [len(page) for page in pages] == [100, 100, 33]
    whole = [row["seqno"] for page in pages for row in page]
    assert whole == list(range(1, 234))


@pytest.mark.parametrize(
    ("month", "code"),
    [
        ({"trt_year": "2999", "trt_month": "03"}, "5003"),
        ({"trt_year": "2024", "trt_month": "13"}, "3006"),
        ({"trt_year": "abcd", "trt_month": "03"}, "3006"),
    ],
)
def test_a_month_that_still_runs_or_never_was_is_refused(
    street: Street, month: dict[str, str], code: str
) -> None:
    for infno, node in (
        ("3260", {**month, "startrow": 1}),
        ("3261", confirmation([]) | {"data": {**month, "totalrow": 1}, "detail": [ROW]}),
    ):
        reply = street.call(infno, node)
        assert reply["err_msg"][1:5] == code, reply
    assert street.rows("SELECT count(*) FROM splits") == [(0,)]


ROW = {
    "setl_sn": "AGRAEIRAKJ76ZONFWTJCA6S5CY",
    "medfee_sumamt": "1.00",
    "optins_pay_sumamt": "1.00",
    "cnfm_flag": "1",
}


def test_rows_are_included_or_excluded_and_taken_back_by_the_replys_reference(
    march: Street,
) -> None:
    rows = extracted(march)
    node = confirmation(rows[:2])
    node["detail"][1]["cnfm_flag"] = "0"
    document = envelope("3261", node)
    reply = march.said(document)
    assert (reply["infcode"], reply["output"]) == (0, {})
    assert live(march) == [(1, True), (2, False)]
    again = march.call("3261", confirmation(rows))
    assert again["err_msg"] == "[5001] 当前状态不允许此操作：第1行已确认，请先用3262回退"
    # Whoever lost the reply and sends the message again hears the same reference.
    replay = march.said(document)
    assert replay["inf_refmsgid"] == reply["inf_refmsgid"]
    other = march.call("3261", confirmation(rows[2:]))
    back = {**MONTH, "otransid": replay["inf_refmsgid"]}
    assert march.call("3262", back)["infcode"] == 0
    assert live(march) == [(3, True)]
    assert march.call("3262", back)["infcode"] == 0
    assert march.call("3261", confirmation(rows[:2]))["infcode"] == 0
    assert march.call("3262", {**MONTH, "otransid": "0"})["infcode"] == 0
    assert live(march) == []
    april = {"trt_year": "2024", "trt_month": "04", "otransid": other["inf_refmsgid"]}
    for wrong in ({**MONTH, "otransid": "nothing"}, april):
        assert march.call("3262", wrong)["err_msg"].startswith("[3017]")


# fmt: off
WRONG = [
    # the second of three rows                       total   told
    ({"medfee_sumamt": "0.01"},                      3,      "第2行"),
    ({"optins_pay_sumamt": "0.01"},                  3,      "第2行经办机构支付0.01与平台"),
    ({"setl_sn": "AGRAEIRAKJ76ZONFWTJCA6S5CY"},      3,      "第2行结算流水号"),
    ({"setl_sn": "unknown"},                         3,      "第2行结算流水号"),
    ({"mdtrt_id": "S3401002403319999999"},           3,      "第2行就诊登记号"),
    ({},                                             2,      "总行数2，实有3行"),
]
# fmt: on


@pytest.mark.parametrize(("changes", "total", "told"), WRONG)
def test_a_row_that_is_not_ours_refuses_all_of_them_and_is_named(
    march: Street, changes: dict[str, str], total: int, told: str
) -> None:
    node = confirmation(extracted(march), totalrow=total)
    node["detail"][1] |= changes
    reply = march.call("3261", node)
    assert reply["err_msg"].startswith("[3026]"), reply
    assert told in reply["err_msg"]
    assert live(march) == []


def test_the_same_row_twice_is_refused(march: Street) -> None:
    rows = extracted(march)
    reply = march.call("3261", confirmation([rows[0], rows[0]]))
    assert "第2行与前面重复" in reply["err_msg"]


def test_after_the_months_clearing_nothing_is_confirmed_or_taken_back(march: Street) -> None:
    rows = extracted(march)
    assert march.call("3261", confirmation(rows[:1]))["infcode"] == 0
    cleared = """
        INSERT INTO statements_received (run_id, month, issued_at, payable_fen, receivable_fen,
            lines, received_at) VALUES (%s, '2024-03', now(), 0, 0, '[]', now())
    """
    with march.engine.begin() as tx:
        bulk.run(tx, cleared, (UUID(int=1),))
    for infno, node in (
        ("3261", confirmation(rows[1:])),
        ("3262", {**MONTH, "otransid": "0"}),
    ):
        assert march.call(infno, node)["err_msg"].startswith("[3025]")
    assert live(march) == [(1, True)]


def test_fields_may_lie_directly_under_input(march: Street) -> None:
    document = envelope("3260") | {"input": {**MONTH, "startrow": 1}}
    assert len(march.said(document)["output"]["data"]) == 3
