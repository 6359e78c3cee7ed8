"""Applying to be cleared, and taking it back: 3203 and 3204."""
# ruff: noqa: E501 - tables: a row stays a row

from datetime import UTC, date, datetime
from typing import Any

import pytest

from contracts.ids import id_of_short_text
from participants.treatment.domain.application import ApplicationEvent, ApplicationState
from participants.treatment.services import applications
from tests.gateway.statement_cases import cancelled, moved_to, settled
from tests.gateway.street import Street, envelope

MARCH = date(2024, 3, 15)


def application(**changes: Any) -> dict[str, Any]:
    """March 2024: one bill of 1000.00, and one of 2000.00 that was refunded."""
    return {
        "clr_type": "11",
        "clr_way": "1",
        "setlym": "202403",
        "psntime": 1,
        "medfee_sumamt": "1000.00",
        "med_sumfee": "1000.00",
        "fund_appy_sum": "400.00",
        "cash_payamt": "540.00",
        "acct_pay": "60.00",
        "begndate": "2024-03-01",
        "enddate": "2024-03-31",
        **changes,
    }


@pytest.fixture
def march(street: Street) -> Street:
    settled(street, 1, "1000.00")
    cancelled(street, settled(street, 2, "2000.00"))
    moved_to(street, MARCH)
    return street


# fmt: off
REFUSED = [
    # what is applied for                                              code    why
    ({"medfee_sumamt": "1000.01"},                                     "3026"),  # not our total
    ({"fund_appy_sum": "400.01"},                                      "3026"),  # not our fund
    ({"acct_pay": "60.01"},                                            "3026"),
    ({"cash_payamt": "540.01"},                                        "3026"),
    ({"med_sumfee": "999.00"},                                         "3026"),  # no quota here
    ({"psntime": 3},                                                   "3026"),  # a refund takes its person back
    ({"clr_way": "40"},                                                "3026"),  # nothing of ours is by DRG
    ({"clr_type": "21"},                                               "3026"),  # there was no inpatient
    ({"clr_type": "12"},                                               "1006"),  # never across provinces
    ({"begndate": "2024-03-02"},                                       "3006"),  # not the month
    ({"setlym": "202413"},                                             "3006"),
    ({"setlym": "299901", "begndate": "2999-01-01", "enddate": "2999-01-31"}, "5003"),  # still to come
]
# fmt: on


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_what_is_not_ours_is_refused_and_leaves_nothing(
    march: Street, changes: dict[str, Any], code: str
) -> None:
    reply = march.call("3203", application(**changes))
    assert reply["err_msg"][1:5] == code, reply
    assert march.rows("SELECT count(*) FROM clearing_applications") == [(0,)]
    assert march.rows("SELECT count(*) FROM clearing_claims") == [(0,)]


def test_a_refusal_names_both_sums(march: Street) -> None:
    reply = march.call("3203", application(medfee_sumamt="1000.01"))
    assert "平台1笔、总额1000.00、基金400.00、个账60.00、现金540.00" in reply["err_msg"]
    assert "申报1笔、总额1000.01" in reply["err_msg"]


def test_a_month_is_applied_for_once_and_again_after_it_was_taken_back(march: Street) -> None:
    document = envelope("3203", application())
    first = march.said(document)
    assert first["infcode"] == 0, first
    assert list(first["output"]["result"]) == ["clr_appy_evt_id"]
    assert march.said(document)["output"] == first["output"]
    for again in (application(), application(clr_way=""), application(clr_type="99952")):
        assert march.call("3203", again)["err_msg"].startswith("[5001]")
    which = first["output"]["result"]
    assert march.call("3204", which, fixmedins_code="H31010100002")["err_msg"][1:5] == "3024"
    assert march.call("3204", which)["infcode"] == 0
    assert march.call("3204", which)["err_msg"].startswith("[5001]")
    assert march.call("3203", application())["infcode"] == 0
    states = march.rows("SELECT state FROM clearing_applications ORDER BY applied_at")
    assert states == [("withdrawn",), ("applied",)]


def test_of_two_that_come_together_one_is_taken(march: Street) -> None:
    replies = march.at_once([envelope("3203", application()) for _ in range(2)])
    assert sorted(reply["infcode"] for reply in replies) == [-1, 0]


def test_what_the_office_has_taken_up_is_not_withdrawn(march: Street) -> None:
    which = march.call("3203", application())["output"]["result"]
    id_ = id_of_short_text(which["clr_appy_evt_id"])
    now = datetime.now(UTC)
    with march.engine.begin() as tx:
        moved = applications.move(tx, id_, ApplicationEvent.ACCEPT, now)
    assert moved is ApplicationState.ACCEPTED
    assert march.call("3204", which)["err_msg"] == "[5001] 当前状态不允许此操作：清算申请已受理"
    with march.engine.begin() as tx:
        applications.move(tx, id_, ApplicationEvent.REJECT, now)
    assert march.call("3203", application())["infcode"] == 0


@pytest.mark.parametrize("said", ["", "nothing", "AGRAEIRAKJ76ZONFWTJCA6S5CY"])
def test_an_application_never_made_is_not_withdrawn(street: Street, said: str) -> None:
    reply = street.call("3204", {"clr_appy_evt_id": said})
    assert reply["err_msg"][1:5] == ("3024" if said else "1004")
