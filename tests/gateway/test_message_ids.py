"""A message id is a hospital's own; a trial is told once; an unopened visit is settled once."""

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from contracts.ids import short_text_of
from contracts.refusal import RefusalCode
from participants.gateway.serving.requests import Awaiting
from participants.gateway.wire.envelope import Reply
from tests.gateway.cases import PSN_NO, outpatient_bill, own_visit, registration, split
from tests.gateway.street import Street, envelope, new_msgid, opened
from tests.gateway.test_replays import content
from tests.support.databases import Databases
from tests.support.three_parties import World, world

NEIGHBOUR = "H31010100002"


def bill(visit: str = "", total: int = 1900) -> dict[str, object]:
    return outpatient_bill(visit or own_visit(), total, **split(0, 0, 0, total))


def undone(msgid: str, by: str = "") -> dict[str, Any]:
    node = {"psn_no": PSN_NO, "omsgid": msgid, "oinfno": "2207"}
    return envelope("2601", node, **({"fixmedins_code": by} if by else {}))


def asked_for(setl_id: str, by: str = "") -> dict[str, Any]:
    node = {"psn_no": PSN_NO, "setl_id": setl_id, "mdtrt_id": "1"}
    return envelope("5203", node, **({"fixmedins_code": by} if by else {}))


def test_two_hospitals_with_one_message_id_have_a_settlement_each(street: Street) -> None:
    msgid = new_msgid()
    ours = envelope("2207", bill(), msgid=msgid)
    theirs = envelope("2207", bill(total=800), msgid=msgid, fixmedins_code=NEIGHBOUR)
    replies = street.at_once([ours, theirs])
    assert [one["output"]["setlinfo"]["medfee_sumamt"] for one in replies] == [1900, 800]
    assert [content(street.said(one)) for one in (ours, theirs)] == [
        content(one) for one in replies
    ]
    for document, total in ((asked_for(msgid), 1900), (asked_for(msgid, NEIGHBOUR), 800)):
        assert street.said(document)["output"]["setlinfo"]["medfee_sumamt"] == total


def test_a_withdrawal_reaches_the_hospitals_own_message_only(street: Street) -> None:
    msgid = new_msgid()
    document = envelope("2207", bill(), msgid=msgid)
    street.said(document)
    assert street.said(undone(msgid, NEIGHBOUR))["infcode"] == 0
    assert street.said(asked_for(msgid))["output"]["setlinfo"]["refd_setl_flag"] == "0"
    late = envelope("2207", bill(), msgid=msgid, fixmedins_code=NEIGHBOUR)
    assert street.said(late)["err_msg"].startswith("[1011]")
    assert street.said(undone(msgid))["infcode"] == 0
    assert street.said(asked_for(msgid))["output"]["setlinfo"]["refd_setl_flag"] == "1"


def test_a_visit_is_opened_under_the_id_that_another_hospital_used_too(street: Street) -> None:
    msgid = new_msgid()
    ours = street.call("2201", registration(), msgid=msgid)
    theirs = street.call("2201", registration(), msgid=msgid, fixmedins_code=NEIGHBOUR)
    ids = {one["output"]["data"]["mdtrt_id"] for one in (ours, theirs)}
    assert len(ids) == 2


def test_the_same_trial_again_is_told_the_same_and_asked_once(street: Street) -> None:
    document = envelope("2206", bill())
    replies = [*street.at_once([document] * 3), street.said(document)]
    assert [one["infcode"] for one in replies] == [0] * 4
    assert all(content(one) == content(replies[0]) for one in replies)
    assert street.other.asked == ["trial_requested"]
    document["input"]["data"] |= {"medfee_sumamt": 1901, "inscp_scp_amt": 1901}
    assert street.said(document)["err_msg"].startswith("[1009]")


def test_a_trial_without_an_answer_stays_without_one_and_another_asks_anew(
    databases: Databases,
) -> None:
    with opened(databases, answer_within_s=1.5) as street:
        street.other.silent = True
        document = envelope("2206", bill())
        assert street.said(document)["err_msg"].startswith("[2003]")
        street.other.silent = False
        assert street.said(document)["err_msg"].startswith("[2003]")
        assert street.call("2206", bill())["infcode"] == 0


def test_a_trial_never_takes_the_place_of_the_settlement_with_its_message_id(
    street: Street,
) -> None:
    document = envelope("2207", bill())
    setl_id = street.said(document)["output"]["setlinfo"]["setl_id"]
    trial = street.call("2206", bill(), msgid=document["msgid"])
    assert trial["err_msg"].startswith("[1009]")
    shown = street.said(asked_for(document["msgid"]))
    assert shown["output"]["setlinfo"]["setl_id"] == setl_id


def test_a_visit_that_was_never_opened_here_is_settled_once(street: Street) -> None:
    visit = own_visit()
    first = street.call("2207", bill(visit))
    assert first["infcode"] == 0
    again = street.call("2207", bill(visit, 1901))
    assert again["err_msg"].startswith(f"[{RefusalCode.ALREADY_SETTLED.value}]")
    assert street.call("2206", bill(visit))["err_msg"].startswith("[3012]")
    # Another hospital's number is another visit; and what was undone can be settled anew.
    assert street.call("2207", bill(visit), fixmedins_code=NEIGHBOUR)["infcode"] == 0
    which = {
        "psn_no": PSN_NO,
        "setl_id": first["output"]["setlinfo"]["setl_id"],
        "mdtrt_id": visit,
    }
    assert street.call("2208", which)["infcode"] == 0
    assert street.call("2207", bill(visit, 1901))["infcode"] == 0


def test_twice_the_same_unopened_visit_at_once_is_settled_once(street: Street) -> None:
    visit = own_visit()
    replies = street.at_once([envelope("2207", bill(visit)) for _ in range(5)])
    assert sorted(one["err_msg"][1:5] for one in replies) == ["", "3012", "3012", "3012", "3012"]
    live = "SELECT count(*) FROM settlements"
    assert street.rows(live) == [(1,)]


@pytest.mark.parametrize("times", range(3))
def test_two_gateways_settle_an_unopened_visit_once(databases: Databases, times: int) -> None:
    """Each in a transaction of its own, at the same time."""
    here = world(databases, Random(times))
    documents = [here.document("2304", here.bill(visit="ZY1")) for _ in range(4)]
    with ThreadPoolExecutor(4) as gateways:
        steps = [step for _, step in gateways.map(here.ask, documents)]
    assert sum(isinstance(step, Awaiting) for step in steps) == 1
    refused = [step.code for step in steps if isinstance(step, Reply)]
    assert refused == [RefusalCode.ALREADY_SETTLED] * 3


def test_a_void_bill_is_told_so_and_the_visit_is_settled_once_the_hub_has_undone_it(
    databases: Databases,
) -> None:
    """What the cashier does while the hub is away: from T on the bill is void, and says so."""
    here = world(databases, Random(7))
    here.is_up["hub"] = False
    document = here.document("2304", here.bill(visit="ZY1"))
    request, step = here.ask(document)
    assert isinstance(step, Awaiting)
    here.pass_time(8)
    assert _code(here.look(request, step)) is RefusalCode.EXPIRED
    again = here.document("2304", here.bill(visit="ZY1"))
    assert _code(here.ask(again)[1]) is RefusalCode.TOO_BUSY
    cancel = {"psn_no": document["input"]["data"]["psn_no"], "setl_id": _id(here), "mdtrt_id": "1"}
    assert _code(here.ask(here.document("2305", cancel))[1]) is RefusalCode.NOT_CANCELLABLE
    here.end()
    assert _code(here.ask(here.document("2305", cancel))[1]) is RefusalCode.NOT_CANCELLABLE
    assert _code(here.ask(document)[1]) is RefusalCode.EXPIRED
    request, step = here.ask(here.document("2304", here.bill(visit="ZY1")))
    assert isinstance(step, Awaiting)
    here.drain()
    assert _code(here.look(request, step)) is None


def _code(step: object) -> RefusalCode | None:
    assert isinstance(step, Reply), step
    return step.code


def _id(here: World) -> str:
    [(id_,)] = here.rows(here.treatment, "SELECT settlement_id FROM settlements")
    return short_text_of(id_)
