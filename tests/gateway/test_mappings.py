"""3301, 3302 and 1317: what a hospital calls the items of the catalogue, now and before."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from participants.gateway.wire import jsontext
from participants.gateway.wire.conformity import departures
from participants.gateway.wire.fields import shapes
from tests.gateway.street import HOSPITAL, Street, envelope
from tests.support.tables import rows

AMOXICILLIN, METFORMIN = "XJ01CAA040E001010102699", "XA10BAE054A001010100367"
CT, STENT, ASTRAGALUS = "002103000010000", "C02011001000010061270000003", "T001700512"


def mapping(item: str = "YP01", code: str = AMOXICILLIN, **changes: Any) -> dict[str, Any]:
    return {
        "fixmedins_hilist_id": item,
        "fixmedins_hilist_name": "阿莫西林",
        "list_type": "101",
        "med_list_codg": code,
        "begndate": "2024-01-01",
        "enddate": "2099-12-31",
        "spec": "0.25g*24粒",
        **changes,
    }


def upload(street: Street, *said: Any, **changes: Any) -> Any:
    return street.call("3301", mapping(*said, **changes))


def withdraw(street: Street, item: str = "YP01", code: str = AMOXICILLIN, **changes: Any) -> Any:
    node = {
        "fixmedins_code": HOSPITAL,
        "fixmedins_hilist_id": item,
        "list_type": "101",
        "med_list_codg": code,
        **changes,
    }
    return street.call("3302", node)


def asked(street: Street, **changes: Any) -> dict[str, Any]:
    node = {"updt_time": "2000-01-01", "page_num": 1, "page_size": 100, **changes}
    reply = street.call("1317", node)
    assert reply["infcode"] == 0, reply
    tree = jsontext.loads(jsontext.encode(_numbers(reply["output"])))
    assert departures(shapes()["1317"], tree) == []
    found: dict[str, Any] = reply["output"]
    return found


def test_a_mapping_is_uploaded_read_and_withdrawn(street: Street) -> None:
    assert upload(street)["output"] == {}
    [row] = asked(street)["data"]
    assert row["fixmedins_code"] == HOSPITAL
    assert (row["medins_list_codg"], row["medins_list_name"]) == ("YP01", "阿莫西林")
    assert (row["med_list_codg"], row["spec"], row["vali_flag"]) == (AMOXICILLIN, "0.25g*24粒", "1")
    assert withdraw(street)["infcode"] == 0
    assert [one["vali_flag"] for one in asked(street)["data"]] == ["0"]
    assert asked(street, vali_flag="1")["data"] == []


def test_what_was_said_before_stays_as_history(street: Street) -> None:
    upload(street)
    upload(street, spec="0.5g*24粒")
    rows_ = asked(street)["data"]
    assert [(one["spec"], one["vali_flag"]) for one in rows_] == [
        ("0.25g*24粒", "0"),
        ("0.5g*24粒", "1"),
    ]
    assert len({one["rid"] for one in rows_}) == 2


def test_an_item_stands_for_one_national_code_until_that_is_withdrawn(street: Street) -> None:
    upload(street)
    refused = upload(street, "YP01", METFORMIN)
    assert refused["err_msg"].startswith("[5001]")
    assert AMOXICILLIN in refused["err_msg"]
    assert withdraw(street)["infcode"] == 0
    assert upload(street, "YP01", METFORMIN)["infcode"] == 0


def test_two_at_once_for_one_item_are_one_in_force(street: Street) -> None:
    documents = [envelope("3301", mapping(spec=str(n))) for n in range(8)]
    assert {one["infcode"] for one in street.at_once(documents)} == {0}
    in_force = "SELECT count(*) FROM item_mappings WHERE ended_at IS NULL"
    assert street.rows(in_force) == [(1,)]


def test_the_same_message_again_is_the_same_mapping(street: Street) -> None:
    document = envelope("3301", mapping())
    assert [street.said(document)["infcode"] for _ in range(2)] == [0, 0]
    assert street.rows("SELECT count(*) FROM item_mappings") == [(1,)]


REFUSED = """
    change                          | code | says
    med_list_codg=XZ99              | 3022 | XZ99不在目录中
    list_type=301                   | 1006 | 与医疗目录编码不符
    list_type=999                   | 1006 | 目录类别(list_type)
    list_type=                      | 1004 | 目录类别(list_type)
    enddate=2023-12-31              | 3006 | 早于开始日期
    enddate=                        | 1004 | 结束日期(enddate)
    begndate=2024-13-01             | 1006 | 开始日期(begndate)
    fixmedins_hilist_id=            | 1004 | fixmedins_hilist_id
    fixmedins_hilist_name=          | 1004 | fixmedins_hilist_name
    med_list_codg=                  | 1004 | med_list_codg
    aprvno=1234567890123456789012345678901 | 1005 | 批准文号(aprvno)
"""


@pytest.mark.parametrize("case", rows(REFUSED), ids=lambda case: case["change"])
def test_what_is_no_mapping_is_refused(street: Street, case: dict[str, str]) -> None:
    name, _, value = case["change"].partition("=")
    before = street.rows("SELECT count(*) FROM item_mappings")
    reply = upload(street, **{name: value})
    assert reply["err_msg"].startswith(f"[{case['code']}]"), reply
    assert case["says"] in reply["err_msg"]
    assert street.rows("SELECT count(*) FROM item_mappings") == before


LISTED = f"""
    code          list_type  stands
    {AMOXICILLIN} 101        yes
    {AMOXICILLIN} 104        yes
    {AMOXICILLIN} 201        no
    {ASTRAGALUS}  102        yes
    {ASTRAGALUS}  101        no
    {CT}          201        yes
    {CT}          301        no
    {STENT}       301        yes
    {STENT}       201        no
"""


@pytest.mark.parametrize(
    "case", rows(LISTED), ids=lambda case: f"{case['code']} {case['list_type']}"
)
def test_the_list_must_fit_the_code(street: Street, case: dict[str, str]) -> None:
    item = f"{case['code']}{case['list_type']}"[-30:]
    reply = upload(street, item, case["code"], list_type=case["list_type"])
    assert (reply["infcode"] == 0) == (case["stands"] == "yes"), reply


WITHDRAWALS = """
    change                       | code
    fixmedins_hilist_id=YP99     | 3023
    med_list_codg=T001700512     | 3023
    list_type=104                | 3023
    list_type=888                | 1006
    fixmedins_code=H31010100002  | 1013
    fixmedins_code=              | 1004
"""


@pytest.mark.parametrize("case", rows(WITHDRAWALS), ids=lambda case: case["change"])
def test_what_is_not_there_is_not_withdrawn(street: Street, case: dict[str, str]) -> None:
    upload(street)
    name, _, value = case["change"].partition("=")
    reply = withdraw(street, **{name: value})
    assert reply["err_msg"].startswith(f"[{case['code']}]"), reply
    assert [one["vali_flag"] for one in asked(street)["data"]] == ["1"]


QUERIES = """
    asked                        | items
    -                            | A1 B1 B2
    medins_list_codg=B1          | B1
    medins_list_name=双胍        | B2
    list_type=201                | A1
    med_list_codg=002103000010000 | A1
    query_date=2023-06-01        | A1
    begndate=2024-01-01          | B1 B2
    insu_admdvs=310101           | A1 B1 B2
    insu_admdvs=340100           | -
    fixmedins_code=H31010100001  | A1 B1 B2
    updt_time=2099-01-01         | -
    vali_flag=0                  | -
    vali_flag=1                  | A1 B1 B2
"""


def test_the_conditions_of_a_query_hold(street: Street) -> None:
    upload(street, "B1", AMOXICILLIN)
    upload(street, "B2", METFORMIN, fixmedins_hilist_name="二甲双胍")
    upload(street, "A1", CT, list_type="201", begndate="2023-01-01")
    for case in (line.split("|") for line in QUERIES.strip().splitlines()[1:]):
        name, _, value = case[0].strip().partition("=")
        found = asked(street, **({name: value} if value else {}))["data"]
        wanted = case[1].replace("-", "").split()
        assert [one["medins_list_codg"] for one in found] == wanted, case


def test_pages_follow_one_another(street: Street) -> None:
    for number in range(5):
        upload(street, f"YP{number}")
    pages = [asked(street, page_num=n, page_size=2) for n in (1, 2, 3, 4)]
    found = [[one["medins_list_codg"] for one in page["data"]] for page in pages]
    assert found == [["YP0", "YP1"], ["YP2", "YP3"], ["YP4"], []]
    assert {(page["recordCounts"], page["pages"]) for page in pages} == {(5, 3)}
    assert [page["lastPage"] for page in pages] == [False, False, True, True]
    assert [page["firstPage"] for page in pages] == [True, False, False, False]


def test_another_hospitals_mappings_are_nobody_elses(street: Street) -> None:
    upload(street)
    other = {"updt_time": "2000-01-01", "page_num": 1, "page_size": 10}
    reply = street.call("1317", other, fixmedins_code="H31010100002")
    assert reply["output"]["recordCounts"] == 0
    reply = street.call("1317", {**other, "fixmedins_code": "H31010100002"})
    assert reply["err_msg"].startswith("[1013]")


KEPT_OUT = """
    constraint             change
    item_mappings_dates    valid_to='2020-01-01'
    item_mappings_ending   ending='lost',ended_at=uploaded_at
    item_mappings_ended    ended_at=uploaded_at
    item_mappings_ended    ending='withdrawn'
"""


@pytest.mark.parametrize("case", rows(KEPT_OUT), ids=lambda case: case["change"])
def test_the_database_keeps_out_what_cannot_be(street: Street, case: dict[str, str]) -> None:
    upload(street)
    with pytest.raises(IntegrityError, match=case["constraint"]), street.engine.begin() as tx:
        tx.execute(text(f"UPDATE item_mappings SET {case['change']}"))  # noqa: S608 - a test's own


def _numbers(tree: Any) -> Any:
    """What a test's own JSON read as whole numbers, as the text that it was."""
    if isinstance(tree, dict):
        return {name: _numbers(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_numbers(one) for one in tree]
    return jsontext.Number(tree) if type(tree) in {int, float} else tree
