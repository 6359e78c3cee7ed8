"""Every transaction that is remembered: the same again is told the same, byte for byte."""

import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from contracts.refusal import RefusalCode
from participants.gateway.transactions.table import TRANSACTIONS
from tests.gateway.cases import PSN_NO, chronic_disease, designation, referral, settled_outpatient
from tests.gateway.statement_cases import moved_to, settled, today, uploaded
from tests.gateway.statement_cases import row as row_of
from tests.gateway.stays import admitted, code_of, diagnosis, registered
from tests.gateway.street import HOSPITAL, Reply, Street, envelope, new_msgid
from tests.gateway.test_accidents import accident
from tests.gateway.test_applications import application
from tests.gateway.test_checks import AMOXICILLIN, order, request
from tests.gateway.test_files import FILE
from tests.gateway.test_mappings import mapping
from tests.gateway.test_splits import MONTH, confirmation
from tests.gateway.test_statements import amounts, sums

REMEMBERED = {infno for infno, row in TRANSACTIONS.items() if row.effect.is_remembered}
WHEN = re.compile(r'"(refmsg_time|respond_time)":"\d{17}"')


@dataclass
class Twice:
    """A street on which everything is said twice, and then with another content."""

    street: Street
    done: set[str] = field(default_factory=set)

    def call(self, infno: str, node: Any = None, **changes: Any) -> Reply:
        document = envelope(infno, node, **changes)
        texts = [self.street.post(json.dumps(document)).text for _ in range(2)]
        if infno in REMEMBERED:
            assert len({WHEN.sub("", text) for text in texts}) == 1, infno
            clash = self.street.said(document | {"insuplc_admdvs": "340200"})
            assert code_of(clash) == RefusalCode.CONFLICTING_REPLAY, infno
        reply: Reply = json.loads(texts[0])
        assert reply["infcode"] == 0, (infno, reply)
        self.done.add(infno)
        return reply


def test_what_is_remembered_is_told_again_to_the_letter(street: Street) -> None:
    twice = Twice(street)
    for walk in WALKS:
        walk(twice)
    assert REMEMBERED - twice.done == set()


def _outpatient(twice: Twice) -> None:
    visit = registered(twice)  # type: ignore[arg-type]  # it calls as a street does
    visit.diagnose()
    visit.lines(visit.line(1))
    visit.say("2205", chrg_bchno="0000")
    visit.lines(visit.line(2))
    twice.call("2206", visit.bill("1840.00"))
    visit.settle("1840.00")
    visit.cancel()
    visit.say("2202", ipt_otp_no="MZ0001")


def _inpatient(twice: Twice) -> None:
    stay = admitted(twice)  # type: ignore[arg-type]  # it calls as a street does
    stay.change(rows=[diagnosis()])
    stay.lines(stay.line(1), stay.line(2))
    stay.say("2302", feedetl_sn="2")
    twice.call("2303", stay.bill("1840.00"))
    stay.discharge()
    stay.say("2405")
    stay.discharge()
    stay.settle("1840.00")
    stay.cancel()
    stay.say("2405")
    stay.say("2404")


def _withdrawals(twice: Twice) -> None:
    twice.call("2601", {"psn_no": PSN_NO, "omsgid": new_msgid(), "oinfno": "2207"})
    setl = settled_outpatient(twice.street)
    which = {"psn_no": PSN_NO, "omsgid": setl["medins_setl_id"], "oinfno": "2207"}
    twice.call("2601", which)


def _registrations(twice: Twice) -> None:
    for infno, node in (
        ("2501", referral()),
        ("2503", chronic_disease()),
        ("2505", designation()),
    ):
        filed = twice.call(infno, node)["output"]["result"]["trt_dcla_detl_sn"]
        which = {"trt_dcla_detl_sn": filed, "psn_no": PSN_NO, "memo": "误报"}
        twice.call(str(int(infno) + 1), which)
    twice.call("2507", accident())


def _checks(twice: Twice) -> None:
    node = request(order(1, AMOXICILLIN, "0.40 × 10 = 4.00"))
    twice.call("3101", node)
    [one] = twice.call("3102", node)["output"]["result"]
    answered = {"warn_rslt_id": one["jr_id"], "dspo_way": "2"}
    twice.call("3103", {"warn_type": "2", "warns": [answered]})


def _statements(twice: Twice) -> None:
    setl = settled(twice.street, 901, "1000.00")
    said = amounts(1, "1000.00", "400.00", "60.00")
    twice.call("3201", sums(**said))
    period = {"stmt_begndate": today(), "stmt_enddate": today()}
    rows = {"file_qury_no": uploaded(twice.street, [row_of(setl)]), "cash_payamt": "540.00"}
    said.pop("acct_pay")
    office = {"setl_optins": "310101", "clr_type": "11", "fixmedins_refd_setl_flag": "0"}
    twice.call("3202", {**said, **rows, **period, **office})


def _month(twice: Twice) -> None:
    settled(twice.street, 1, "1000.00")
    moved_to(twice.street, date(2024, 3, 15))
    twice.call("3204", twice.call("3203", application())["output"]["result"])
    rows = twice.call("3260", {**MONTH, "startrow": 1})["output"]["data"]
    told = twice.call("3261", input=confirmation(rows))["inf_refmsgid"]
    twice.call("3262", {**MONTH, "otransid": told})


def _rest(twice: Twice) -> None:
    twice.call("3301", mapping())
    code = {"fixmedins_code": HOSPITAL, "fixmedins_hilist_id": "YP01", "list_type": "101"}
    twice.call("3302", {**code, "med_list_codg": AMOXICILLIN})
    file = {"in": list(FILE), "filename": "明细.zip", "fixmedins_code": HOSPITAL}
    twice.call("9101", input={"fsUploadIn": file})
    signed = {"opter_no": "0001", "mac": "00-16-3E-00-00-01", "ip": "10.0.0.8"}
    sign_no = twice.call("9001", input={"signIn": signed})["output"]["signinoutb"]["sign_no"]
    twice.call("9002", input={"signOut": {"sign_no": sign_no, "opter_no": "0001"}})


WALKS = (
    _month,
    _statements,
    _outpatient,
    _inpatient,
    _withdrawals,
    _registrations,
    _checks,
    _rest,
)
