"""Reconciliation as a hospital sees it: 3201, 3202 with its files, 13203 and 3209A."""
# ruff: noqa: E501 - tables: a row stays a row

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts import topics
from contracts.codes import Role
from contracts.ids import MessageId, SettlementId, id_of_short_text, new_id, short_text_of
from contracts.message import Head, Message
from contracts.messages.reconciliation import BreaksTold, BreakTold, HospitalBreaksReported
from participants.treatment.services import hub_breaks, telling_breaks
from tests.gateway.cases import PSN_NO
from tests.gateway.statement_cases import (
    OFFICE,
    cancelled,
    downloaded,
    moved_to,
    refund,
    row,
    settled,
    today,
    uploaded,
)
from tests.gateway.street import AREA, Street, envelope


def amounts(count: int, total: str, fund: str, account: str) -> dict[str, Any]:
    return {
        "fixmedins_setl_cnt": count,
        "medfee_sumamt": total,
        "fund_pay_sumamt": fund,
        "acct_pay": account,
    }


def sums(**changes: Any) -> dict[str, Any]:
    """3201 of today's ordinary outpatients."""
    period = {"stmt_begndate": today(), "stmt_enddate": today()}
    codes = {"insutype": "310", "clr_type": "11", "setl_optins": OFFICE}
    return {**codes, **period, "fixmedins_refd_setl_flag": "0", **changes}


NET = amounts(3, "2000.00", "1200.00", "80.00")
# fmt: off
ANSWERS = [
    # what the hospital says                        of what                     0 equal
    (NET,                                           {},                         "0"),  # two and a refund
    (amounts(2, "3000.00", "1600.00", "140.00"),    {"refd_setl_flag": "0"},    "0"),  # settled rows only
    (NET,                                           {"refd_setl_flag": "0"},    "0"),  # the flag by habit
    (amounts(1, "-1000.00", "-400.00", "-60.00"),   {"refd_setl_flag": "1"},    "0"),  # refunds only
    (amounts(2, "2000.00", "1200.00", "80.00"),     {},                         "1"),  # a row is missing
    (amounts(3, "2000.01", "1200.00", "80.00"),     {},                         "1"),  # a fen too much
    (amounts(3, "2000.00", "1200.00", "80.01"),     {},                         "1"),  # in the account
    (NET,                                           {"insutype": "390"},        "1"),  # another insurance
    (NET,                                           {"clr_type": "21"},         "1"),  # another kind of care
    (amounts(0, "0", "0", "0"),                     {"clr_type": "21"},         "0"),  # nothing, and nothing
    (NET,                                           {"clr_type": "99952"},      "0"),  # Hunan's code for all
    (NET,                                           {"clr_type": "310112"},     "0"),  # a provincial platform's
    (NET,                                           {"insutype": "3101"},       "0"),  # a province's child code
    (NET,                                           {"setl_optins": "310199"},  "1"),  # another office
]
# fmt: on


def test_sums_are_compared_with_ours_and_both_are_kept(street: Street) -> None:
    first, _ = settled(street, 1, "1000.00"), settled(street, 2, "2000.00")
    assert (first["fund_pay_sumamt"], first["acct_pay"]) == (400, 60)
    cancelled(street, first)
    documents = [envelope("3201", sums(**said, **changes)) for said, changes, _ in ANSWERS]
    replies = street.at_once(documents)
    assert [reply["err_msg"] for reply in replies] == [""] * len(ANSWERS)
    found = [reply["output"]["stmtinfo"]["stmt_rslt"] for reply in replies]
    assert found == [result for _, _, result in ANSWERS], replies
    kept = street.rows("SELECT said_count, our_count, is_equal FROM hospital_statements")
    assert len(kept) == len(ANSWERS)


def test_an_unequal_sum_names_ours_and_theirs(street: Street) -> None:
    settled(street, 1, "1000.00")
    reply = street.call("3201", sums(**amounts(2, "2000.00", "800.00", "120.00")))
    info = reply["output"]["stmtinfo"]
    assert list(info) == ["setl_optins", "stmt_rslt", "stmt_rslt_dscr"]
    told = "不平：平台1笔、总额1000.00、基金400.00、个账60.00；医院2笔、总额2000.00、基金800.00、个账120.00"
    assert info["stmt_rslt_dscr"] == told


def test_a_refund_belongs_to_its_own_day(street: Street) -> None:
    first = settled(street, 1, "1000.00")
    moved_to(street, date(2024, 3, 31))
    cancelled(street, first)
    march = {"stmt_begndate": "2024-03-01", "stmt_enddate": "2024-03-31"}
    said = amounts(1, "1000.00", "400.00", "60.00")
    assert street.call("3201", sums(**said, **march))["output"]["stmtinfo"]["stmt_rslt"] == "0"
    back = amounts(1, "-1000.00", "-400.00", "-60.00")
    assert street.call("3201", sums(**back))["output"]["stmtinfo"]["stmt_rslt"] == "0"


def test_the_time_that_a_hospital_is_told_stays_when_it_is_refunded(street: Street) -> None:
    info = settled(street, 1, "1000.00")
    moved_to(street, date(2024, 3, 31))
    cancelled(street, info)
    which = {"psn_no": PSN_NO, "setl_id": info["setl_id"], "mdtrt_id": info["mdtrt_id"]}
    shown = street.call("5203", which)["output"]["setlinfo"]
    assert (shown["setl_time"], shown["refd_setl_flag"]) == ("2024-03-31 10:00:00", "1")


def test_a_settlement_withdrawn_on_its_day_is_no_row_of_a_hospital_that_never_saw_it(
    street: Street,
) -> None:
    kept, lost = settled(street, 1, "1000.00"), settled(street, 2, "2000.00")
    undone = {"psn_no": PSN_NO, "omsgid": lost["medins_setl_id"], "oinfno": "2207"}
    assert street.call("2601", undone)["infcode"] == 0
    for said in (amounts(1, "1000", "400", "60"), amounts(3, "1000", "400", "60")):
        assert street.call("3201", sums(**said))["output"]["stmtinfo"]["stmt_rslt"] == "0"
    assert compared(street, [row(kept)])[1] == []
    assert compared(street, [row(kept), row(lost), refund(lost)])[1] == []
    [odd] = compared(street, [row(kept), row(lost)])[1]
    assert odd["memo"].startswith("状态不符")


@pytest.mark.parametrize(
    ("begins", "ends"),
    [("2024-03-02", "2024-03-01"), ("2020-01-01", "2024-01-01"), ("9999-12-31", "9999-12-31")],
)
def test_a_period_that_cannot_be_is_refused(street: Street, begins: str, ends: str) -> None:
    period = {"stmt_begndate": begins, "stmt_enddate": ends}
    reply = street.call("3201", sums(**NET, **period))
    assert reply["err_msg"].startswith("[3006]"), reply


def compared(
    street: Street, rows: list[dict[str, str]], **changes: Any
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """3202 over today's rows: the reply, and the rows of its result."""
    total = sum(float(one["medfee_sumamt"]) for one in rows)
    fund = sum(float(one["fund_pay_sumamt"]) for one in rows)
    node = {
        "setl_optins": OFFICE,
        "file_qury_no": uploaded(street, rows),
        "stmt_begndate": today(),
        "stmt_enddate": today(),
        "medfee_sumamt": f"{total:.2f}",
        "fund_pay_sumamt": f"{fund:.2f}",
        "cash_payamt": "0",
        "fixmedins_setl_cnt": len(rows),
        "clr_type": "11",
        "fixmedins_refd_setl_flag": "0",
        **changes,
    }
    reply = street.call("3202", node)
    assert reply["infcode"] == 0, reply
    info = reply["output"]["fileinfo"]
    assert list(info) == ["file_qury_no", "filename", "dld_endtime"]
    return reply, downloaded(street, info["file_qury_no"])


def test_every_kind_of_difference_is_found_and_nothing_else(street: Street) -> None:
    same, dear, lacking, unaware, twice = (settled(street, n, "1000.00") for n in range(5))
    cancelled(street, unaware)
    stranger = row(same, setl_id=short_text_of(new_id()))
    rows = [
        row(same),
        row(dear, medfee_sumamt="1000.01"),
        row(unaware),
        row(twice),
        row(twice),
        stranger,
    ]
    reply, found = compared(street, rows)
    assert reply["warn_msg"] == ""
    by_id = {one["setl_id"]: one for one in found}
    assert len(found) == 5
    told = {one["memo"].partition("：")[0]: one for one in found}
    assert told["金额不符"]["setl_id"] == dear["setl_id"]
    assert told["金额不符"]["memo"] == "金额不符：医疗费总额医院1000.01平台1000.00"
    assert told["单边账（仅医院有）"]["setl_id"] == stranger["setl_id"]
    assert told["重复"]["setl_id"] == twice["setl_id"]
    assert told["状态不符"]["memo"] == f"状态不符：平台已于{today()}退费，医院无退费记录"
    # What the hospital lacks comes without ids of ours: by its message it can be withdrawn.
    orphan = told["单边账（仅平台有）"]
    assert (orphan["setl_id"], orphan["mdtrt_id"]) == ("", "")
    assert (orphan["msgid"], orphan["psn_no"]) == (lacking["medins_setl_id"], PSN_NO)
    assert {one["stmt_rslt"] for one in found} == {"1"}
    assert by_id[unaware["setl_id"]]["refd_setl_flag"] == "1"

    classes = "SELECT class FROM hospital_breaks WHERE resolved_at IS NULL ORDER BY class"
    names = ["amount", "duplicate", "only_hospital", "only_platform", "status"]
    assert [one for (one,) in street.rows(classes)] == names
    assert sorted(told_the_hub(street)) == [
        ("amount", False),
        ("duplicate", False),
        ("only_at_hospital", False),
        ("only_at_treatment", False),
        ("status", False),
    ]
    assert told_the_hub(street) == []

    # Compared again with what was right, every difference is resolved and kept.
    right = [row(one) for one in (same, dear, lacking, unaware, twice)] + [refund(unaware)]
    assert compared(street, right)[1] == []
    assert street.rows(classes) == []
    assert street.rows("SELECT count(*) FROM hospital_breaks") == [(5,)]
    assert [is_gone for _, is_gone in told_the_hub(street)] == [True] * 5


def told_the_hub(street: Street) -> list[tuple[str, bool]]:
    """What the area's job says: (class, whether it is gone)."""
    with street.engine.begin() as tx:
        said = telling_breaks.tell(tx, AREA, datetime.now(UTC))
    return [
        (one.break_class, one.resolved_at is not None)
        for message in said
        if isinstance(message.message.body, HospitalBreaksReported)
        for one in message.message.body.breaks
    ]


def test_a_file_that_is_not_as_declared_is_compared_with_a_warning(street: Street) -> None:
    info = settled(street, 1, "1000.00")
    reply, found = compared(street, [row(info)], fixmedins_setl_cnt=9)
    assert reply["warn_msg"] == "文件共1行，其笔数或合计与申报不一致，已按文件比对"
    assert found == []


def test_a_file_that_is_wrong_is_refused_with_its_line_and_changes_nothing(street: Street) -> None:
    info = settled(street, 1, "1000.00")
    rows = [row(info), row(info, medfee_sumamt="1.234")]
    node = {
        **sums(medfee_sumamt="0", fund_pay_sumamt="0", fixmedins_setl_cnt="0"),
        "file_qury_no": uploaded(street, rows),
        "cash_payamt": "0",
    }
    reply = street.call("3202", node)
    assert reply["err_msg"] == "[1021] 文件格式不合规：第2行medfee_sumamt应为金额，最多两位小数"
    unknown = street.call("3202", node | {"file_qury_no": "nothing"})
    assert unknown["err_msg"].startswith("[1020]")
    assert street.rows("SELECT count(*) FROM hospital_statements") == [(0,)]


def test_a_replayed_comparison_names_the_same_file(street: Street) -> None:
    info = settled(street, 1, "1000.00")
    node = {
        **sums(medfee_sumamt="0", fund_pay_sumamt="0", fixmedins_setl_cnt="0"),
        "file_qury_no": uploaded(street, [row(info)]),
        "cash_payamt": "0",
    }
    document = envelope("3202", node)
    first, second = street.said(document), street.said(document)
    assert first["output"] == second["output"]
    assert first["inf_refmsgid"] == second["inf_refmsgid"]


def day(street: Street, **changes: Any) -> list[dict[str, Any]]:
    reply = street.call("13203", {"stmt_date": today(), **changes})
    assert reply["infcode"] == 0, reply
    found: list[dict[str, Any]] = reply["output"]["data"]
    return found


def test_a_days_rows_say_what_the_comparisons_found(street: Street) -> None:
    same, lacking = settled(street, 1, "1000.00"), settled(street, 2, "2000.00")
    assert [one["stmt_rslt"] for one in day(street)] == ["0", "0"]
    stranger = row(same, setl_id=short_text_of(new_id()))
    compared(street, [row(same), stranger])
    rows = day(street)
    assert [(one["setl_id"], one["stmt_rslt"]) for one in rows] == [
        (same["setl_id"], "0"),
        (lacking["setl_id"], "1"),
        (stranger["setl_id"], "1"),
    ]
    assert list(rows[0]) == [
        "refd_setl_flag", "psn_no", "mdtrt_id", "setl_id", "psn_name", "stmt_rslt",
        "medfee_sumamt", "clr_optins", "msg_id",
    ]  # fmt: skip
    assert (rows[0]["mdtrt_id"], rows[0]["psn_name"]) == ("MZ0001", "王秀英")
    assert [one["setl_id"] for one in day(street, stmt_rslt="0")] == [same["setl_id"]]
    unequal = [lacking["setl_id"], stranger["setl_id"]]
    assert [one["setl_id"] for one in day(street, stmt_rslt="1")] == unequal
    pages = [day(street, page_num=n, page_size=2) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 1, 0]
    assert day(street, clr_pay_loc="2") == day(street, clr_optins="310199") == []


def test_what_the_hub_finds_broken_shows_until_it_is_repaired(street: Street) -> None:
    info = settled(street, 1, "1000.00")
    settled(street, 2, "1000.00")
    period = {"clr_type": "11", "begndate": today(), "enddate": today(), "clr_optins": OFFICE}
    assert street.call("3209A", period)["output"] == {"data": []}
    now = datetime.now(UTC)
    hear(street, told_of(info["setl_id"], now, is_repaired=False))
    found = [{"setlId": info["setl_id"], "insuAdmdvs": "340100"}]
    assert street.call("3209A", period)["output"] == {"data": found}
    assert [one["setl_id"] for one in day(street, stmt_rslt="1")] == [info["setl_id"]]
    hear(street, told_of(info["setl_id"], now - timedelta(seconds=9), is_repaired=True))
    assert street.call("3209A", period)["output"] == {"data": found}, "an older word came late"
    hear(street, told_of(info["setl_id"], now + timedelta(seconds=9), is_repaired=True))
    assert street.call("3209A", period)["output"] == {"data": []}


def told_of(setl_id: str, at: datetime, *, is_repaired: bool) -> BreaksTold:
    one = BreakTold(
        settlement_id=SettlementId(id_of_short_text(setl_id)),
        sign=1,
        break_class="only_at_hub",
        hub_fen=100_000,
        side_fen=None,
        is_repaired=is_repaired,
    )
    return BreaksTold(
        business_date=date(2024, 3, 2), role=Role.INSURED, area="340000", at=at, breaks=(one,)
    )


def hear(street: Street, body: BreaksTold, sender: str = topics.HUB) -> None:
    now = datetime.now(UTC)
    head = Head(
        message_id=MessageId(new_id()), cause_id=None, kind=body.KIND, sender=sender, sent_at=now
    )
    with street.engine.begin() as tx:
        assert hub_breaks.record(tx, [Message(head, body)], now) == []
