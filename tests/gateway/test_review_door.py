"""What a review of the hospitals' door found wrong, and keeps right."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import new_id, short_text_of
from contracts.refusal import RefusalCode
from tests.gateway.cases import (
    PSN_NO,
    admission,
    inpatient_bill,
    registration,
    settled_outpatient,
)
from tests.gateway.stays import admitted, code_of, registered
from tests.gateway.street import AREA, PERSON, Street, envelope
from tests.gateway.test_auth_schemes import open_to
from tests.gateway.test_checks import AMOXICILLIN, found, order, request
from tests.gateway.test_sessions import sign_in
from tests.support.databases import Databases

OTHER_HOSPITAL = "H31010100002"


def test_lines_of_a_settlement_that_is_none_are_not_those_that_wait(street: Street) -> None:
    """5204 by a setl_id that nobody has: no settlement, and not the unsettled lines."""
    stay = registered(street)
    stay.lines(stay.line(1))
    for setl_id in ("20240301-0001", short_text_of(new_id())):
        reply = stay.say("5204", setl_id=setl_id)
        assert reply.get("output", []) == [] or code_of(reply) != "ok", setl_id
    assert len(stay.say("5204")["output"]) == 1


def test_a_settlement_is_told_with_its_own_visit_only(street: Street) -> None:
    """5203 has three names; a wrong mdtrt_id must not come back as if it were right."""
    stay, other = registered(street), registered(street)
    stay.lines(stay.line(1))
    assert stay.settle("1840.00")["infcode"] == 0
    asked = {"setl_id": stay.setl_ids[0]}
    assert stay.say("5203", **asked)["infcode"] == 0
    assert code_of(other.say("5203", **asked)) == RefusalCode.UNKNOWN_SETTLEMENT


def test_an_admission_taken_back_is_no_stay_to_the_rule_checks(street: Street) -> None:
    stay = admitted(street, begntime=f"{day(-20)} 09:00:00")
    assert len(overlaps(street, day(-18))) == 1
    assert stay.say("2404")["infcode"] == 0
    assert overlaps(street, day(-18)) == []


def test_a_stay_settled_without_a_word_of_discharge_ends_for_the_rule_checks(
    street: Street,
) -> None:
    """Many systems tell the day of discharge in 2304 and never send 2402."""
    stay = admitted(street, begntime=f"{day(-20)} 09:00:00")
    reply = street.call("2304", inpatient_bill(stay.mdtrt_id, "100.00", dscgTime=day(-15)))
    assert reply["infcode"] == 0, reply
    assert len(overlaps(street, day(-18))) == 1
    assert overlaps(street, day(-15)) == []


def day(days: int) -> str:
    """The rule checks look back from the machine's own day."""
    return str(date.today() + timedelta(days=days))  # noqa: DTZ011


def overlaps(street: Street, begins: str) -> list[dict[str, Any]]:
    """What the checks say of a stay elsewhere that begins then and ends ten days ago."""
    one = order(1, AMOXICILLIN, "0.30 × 10 = 3.00", drord_begn_date=f"{day(-12)} 10:00:00")
    node = request(one, patn_id=PSN_NO) | {"trig_scen": "5"}
    [encounter] = node["patient_dtos"][0]["fsi_encounter_dtos"]
    encounter |= {
        "adm_date": f"{begins} 09:00:00",
        "dscg_date": f"{day(-10)} 09:00:00",
        "med_mdtrt_type": "2",
        "med_type": "21",
    }
    return [one for one in found(street, node) if "重叠" in one["vola_cont"]]


def test_who_was_not_signed_in_may_send_the_same_message_once_he_is(
    databases: Databases, tmp_path: Path
) -> None:
    """A session that ended is said of the moment: nothing was done for the message."""
    with open_to(databases, tmp_path, "plain", sign_no_required=True) as street:
        document = envelope("2201", registration())
        first = street.said(document)
        assert code_of(first) == RefusalCode.NOT_SIGNED_IN
        document["sign_no"] = sign_in(street)["output"]["signinoutb"]["sign_no"]
        assert street.said(document)["infcode"] == 0


def test_twins_of_one_message_are_told_one_reference(street: Street) -> None:
    document = envelope("2401", admission())
    replies = [*street.at_once([document] * 6), street.said(document)]
    assert len({one["inf_refmsgid"] for one in replies}) == 1
    assert len({one["output"]["result"]["mdtrt_id"] for one in replies}) == 1


def test_a_referral_is_told_with_names_only_to_who_has_read_the_card(street: Street) -> None:
    """5304 tells name, number and telephone: that another hospital looked is not enough."""
    assert street.call("1101", PERSON)["infcode"] == 0
    asked = {"psn_no": PSN_NO, "begntime": "2024-03-01 00:00:00"}
    assert street.call("5304", asked)["infcode"] == 0
    other = street.call("5304", asked, fixmedins_code=OTHER_HOSPITAL)
    assert code_of(other) == RefusalCode.FIELD_INVALID


PERIOD = {"begntime": "2024-03-01", "endtime": "2024-03-02"}
ASKED = {
    "5201": {"psn_no": PSN_NO, "med_type": "11", **PERIOD},
    "5205": {"psn_no": PSN_NO, **PERIOD},
    "5303": PERIOD,
}


@pytest.mark.parametrize("infno", ASKED)
def test_many_questions_at_once_take_no_more_statements_than_one(
    street: Street, infno: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.call("1101", PERSON)  # 2401 says no name, which 5303 tells
    for make in (registered, admitted):
        make(street)
    statements, cursor = [0], bulk._cursor

    def counted(tx: Connection) -> Any:
        statements[0] += 1
        return cursor(tx)

    monkeypatch.setattr(bulk, "_cursor", counted)
    figures, spent = street.app.state.gateway.desks[AREA].figures, []
    for many in (1, 20):
        statements[0], before = 0, figures.transactions
        replies = street.at_once([envelope(infno, ASKED[infno]) for _ in range(many)])
        assert {code_of(reply) for reply in replies} == {"ok"}
        spent.append(statements[0] / (figures.transactions - before))
    assert spent[1] <= spent[0]


def test_an_admission_is_not_withdrawn_in_another_persons_name(street: Street) -> None:
    asked = envelope("2401", admission())
    assert street.said(asked)["infcode"] == 0
    undo = {"psn_no": "P" + PSN_NO[1:][::-1], "omsgid": asked["msgid"], "oinfno": "2401"}
    assert street.call("2601", undo)["err_msg"].startswith("[3017]")
    assert street.call("2601", undo | {"psn_no": PSN_NO})["infcode"] == 0


def test_a_stay_is_cancelled_by_its_own_transaction_only(street: Street) -> None:
    out = settled_outpatient(street)
    asked = {name: out[name] for name in ("setl_id", "mdtrt_id", "psn_no")}
    assert street.call("2305", asked)["err_msg"].startswith("[3013]")
    assert street.call("2208", asked)["infcode"] == 0
