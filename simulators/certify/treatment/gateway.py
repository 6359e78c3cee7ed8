"""The outside over the national interface: who, bills and their undoing, registrations, questions.

1101 · 2206, 2207, 2208 and of stays 2303, 2304, 2305 · 2501, 2502 · 2601 · 5203, 5206 · 9101 with
3202 · pre-flight.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from random import SystemRandom
from typing import Any

import httpx

from contracts.clock import SHANGHAI, SystemClock
from contracts.codes import AreaCode, VisitKind
from contracts.ids import PersonId
from contracts.messages.values import PARTS, Bill
from contracts.money import fen_from_yuan, yuan_from_fen
from simulators.agency import Unexpected
from simulators.certify.exchange import Way
from simulators.certify.hub import Hub
from simulators.certify.people import ID_CARD, hospital_code, people
from simulators.certify.treatment.outside import Told, Wish
from simulators.certify.treatment.statement import NO_REFUND, lines, packed
from simulators.witness import NAMES

PATH = "/fsi/api/rsfComIfsService/callService"
ANSWER_WITHIN_S = 30.0
PATIENT_FOR_S = 20.0
STAYED = timedelta(days=3)
DISEASE = "M01600"
"""Of every chronic visit: one of those that are settled across provinces."""


@dataclass(frozen=True, slots=True)
class Family:
    """What a hospital calls the transactions of one kind of visit."""

    med_type: str
    try_out: str
    settle: str
    cancel: str


# fmt: off
FAMILIES: Mapping[VisitKind, Family] = {
    VisitKind.OUTPATIENT: Family("11", "2206", "2207", "2208"),
    VisitKind.CHRONIC:    Family("14", "2206", "2207", "2208"),
    VisitKind.INPATIENT:  Family("21", "2303", "2304", "2305"),
}
# fmt: on
_STAY = VisitKind.INPATIENT
USED: Mapping[str, str] = {
    "F0000": "in_scope_fen",
    "Q0000": "deductible_fen",
    "D310101": "pool_fen",
}
"""累计类别代码 cum_type_code, and which counter that is; others are not looked at."""


@dataclass(slots=True)
class Gateway:
    """`url` of the area's gateway; `token`: a bearer token where it asks for one."""

    area: AreaCode
    url: str
    hub: Hub
    token: str = ""
    http: httpx.Client = field(default_factory=httpx.Client)
    _numbers: Any = field(default_factory=lambda: count(SystemRandom().randrange(9_000)))

    def expect_there(self) -> None:
        """Unexpected when nothing answers at the address, whatever it is that answers."""
        try:
            self.http.get(self.url, timeout=ANSWER_WITHIN_S)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unexpected(f"网关 {self.url} 连接不上（{type(error).__name__}）") from error

    def wish(
        self,
        person_id: PersonId,
        insured_division: str,
        bill: Bill,
        kind: VisitKind = VisitKind.OUTPATIENT,
    ) -> Wish:
        msgid, today = self._msgid(), _now().date()
        return Wish(
            msgid,
            person_id,
            insured_division,
            bill,
            visit=f"CERT{msgid[-14:]}",
            treated_on=today,
            admitted_on=today - STAYED if kind is VisitKind.INPATIENT else today,
            kind=kind,
            disease_code=DISEASE if kind is VisitKind.CHRONIC else "",
        )

    def settle(self, wish: Wish) -> Told:
        infno = FAMILIES[wish.kind].settle
        return self._money(self._call(infno, {"data": self._bill(wish)}, wish, wish.msgid))

    def try_out(self, wish: Wish) -> Told:
        infno = FAMILIES[wish.kind].try_out
        return self._money(self._call(infno, {"data": self._bill(wish)}, wish))

    def cancel(self, wish: Wish, settlement: str) -> Told:
        data = {"setl_id": settlement, "mdtrt_id": wish.visit, "psn_no": wish.person_id}
        return self._money(self._call(FAMILIES[wish.kind].cancel, {"data": data}, wish))

    def withdraw(self, wish: Wish) -> Told:
        infno = FAMILIES[wish.kind].settle
        data = {"psn_no": wish.person_id, "omsgid": wish.msgid, "oinfno": infno}
        return self._call("2601", {"data": data}, wish)

    def ask(self, wish: Wish) -> Told:
        data = {"psn_no": wish.person_id, "setl_id": wish.msgid, "mdtrt_id": wish.visit}
        return self._money(self._call("5203", {"data": data}, wish))

    def identify(self, insured_division: str) -> Told:
        person = people(AreaCode(f"{insured_division[:2]}0000"))["insured"]
        data = {
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate_number,
            "psn_cert_type": ID_CARD,
            "certno": person.certificate_number,
            "psn_name": person.name,
        }
        return self._call("1101", {"data": data}, insured_division)

    def preflight(self, wish: Wish) -> Told:
        body = {
            "institution": hospital_code(self.area),
            "psn_no": wish.person_id,
            "insuplc_admdvs": wish.insured_division,
            "insutype": "310",
            "visit_kind": "outpatient",
            "admitted_on": wish.treated_on.isoformat(),
        }
        reply = self._post("/preflight", body)
        return Told(
            self._msgid(),
            ok=bool(reply.get("will_settle")),
            document=reply,
            is_final=bool(reply.get("final")),
        )

    def register(self, wish: Wish) -> Told:
        data = {
            "psn_no": wish.person_id,
            "insutype": "310",
            "tel": "13900000000",
            "insu_optins": wish.insured_division,
            "diag_code": "C34.900",
            "diag_name": "肺恶性肿瘤",
            "reflin_medins_no": "H44010000001",
            "reflin_medins_name": "认证示例转入医院",
            "mdtrtarea_admdvs": "440100",
            "hosp_agre_refl_flag": "1",
            "refl_type": "3",
            "refl_date": wish.treated_on.isoformat(),
            "refl_rea": "认证",
            "refl_opnn": "同意转院",
        }
        told = self._call("2501", {"refmedin": data}, wish)
        result = (told.document.get("output") or {}).get("result") or {}
        return replace(
            told,
            registration=str(result.get("trt_dcla_detl_sn", "")),
            is_final=not told.document.get("warn_msg"),
        )

    def unregister(self, wish: Wish, registration: str) -> Told:
        data = {"trt_dcla_detl_sn": registration, "psn_no": wish.person_id, "memo": "认证"}
        return self._call("2502", {"data": data}, wish)

    def accumulated(self, wish: Wish) -> Told:
        told = self._call("5206", {"data": {"psn_no": wish.person_id}}, wish)
        rows = (told.document.get("output") or {}).get("cuminfo") or ()
        known = [one for one in rows if one.get("cum_type_code") in USED]
        used = {USED[one["cum_type_code"]]: _fen(one, "cum") for one in known}
        return replace(told, used_fen=used)

    def hand_in(self, wish: Wish, day: date, settlement: str) -> Told:
        rows, hospital = lines(wish, settlement), hospital_code(self.area)
        file = {"in": packed(rows), "filename": "certify.zip", "fixmedins_code": hospital}
        kept = self._call("9101", {"fsUploadIn": file}, wish).document.get("output") or {}
        total = yuan_from_fen(wish.bill.total_fen if rows else 0)
        data = {
            "setl_optins": f"{self.area[:2]}0100",
            "file_qury_no": kept.get("file_qury_no", ""),
            "stmt_begndate": day.isoformat(),
            "stmt_enddate": day.isoformat(),
            "medfee_sumamt": total,
            "fund_pay_sumamt": total,
            "cash_payamt": "0",
            "fixmedins_setl_cnt": len(rows),
            "clr_type": FAMILIES[wish.kind].med_type,
            "fixmedins_refd_setl_flag": NO_REFUND,
        }
        return self._call("3202", {"data": data}, wish)

    def close(self) -> None:
        self.http.close()

    def _bill(self, wish: Wish) -> dict[str, Any]:
        person = people(AreaCode(f"{wish.insured_division[:2]}0000"))["insured"]
        return {
            "psn_no": wish.person_id,
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate_number,
            "psn_cert_type": ID_CARD,
            "certno": person.certificate_number,
            "psn_type": "12",
            "psn_name": person.name,
            "med_type": FAMILIES[wish.kind].med_type,
            "medfee_sumamt": yuan_from_fen(wish.bill.total_fen),
            "psn_setlway": "01",
            "mdtrt_id": wish.visit,
            "chrg_bchno": "1",
            "insutype": "310",
            "acct_used_flag": "1",
            "mid_setl_flag": "0",
            "dise_codg": wish.disease_code,
            "begntime": f"{wish.admitted_on} 00:00:00",
            **({"dscgTime": wish.treated_on.isoformat()} if wish.kind is _STAY else {}),
            "fulamt_ownpay_amt": yuan_from_fen(wish.bill.fully_own_fen),
            "overlmt_selfpay": yuan_from_fen(wish.bill.over_ceiling_fen),
            "preselfpay_amt": yuan_from_fen(wish.bill.first_self_pay_fen),
            "inscp_scp_amt": yuan_from_fen(wish.bill.in_scope_fen),
        }

    def _call(
        self, infno: str, content: Mapping[str, Any], of: Wish | str, msgid: str = ""
    ) -> Told:
        division = of if isinstance(of, str) else of.insured_division
        number = msgid or self._msgid()
        envelope = {
            "infno": infno,
            "msgid": number,
            "mdtrtarea_admvs": f"{self.area[:2]}0100",
            "insuplc_admdvs": division,
            "recer_sys_code": "99",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "认证员",
            "inf_time": f"{_now():%Y-%m-%d %H:%M:%S}",
            "fixmedins_code": hospital_code(self.area),
            "fixmedins_name": "认证示例医院",
            "sign_no": "",
            "input": content,
        }
        reply = self._post(PATH, envelope)
        text = str(reply.get("err_msg") or "")
        code = text[1:5] if text.startswith("[") else ""
        ok = str(reply.get("infcode")) == "0"
        return Told(number, ok=ok, code=code, text=text, document=reply)

    def _post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The reply; who is told to come again later does, with the same message."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        infno, until = str(body.get("infno", "preflight")), time.monotonic() + PATIENT_FOR_S
        key = str(body.get("msgid", ""))
        while True:
            self.hub.outside(Way.TO_AREA, infno, key, body)
            answer = self.http.post(
                f"{self.url}{path}", json=body, headers=headers, timeout=ANSWER_WITHIN_S
            )
            found: Mapping[str, Any] = answer.json()
            self.hub.outside(Way.FROM_AREA, infno, key, found)
            wait_s = int(answer.headers.get("Retry-After", "0"))
            if not wait_s or time.monotonic() + wait_s > until:
                return found
            time.sleep(wait_s)

    def _money(self, told: Told) -> Told:
        """With its figures, where it is a yes; a cancellation's are negative."""
        output = told.document.get("output") or {}
        block = output.get("setlinfo") or {}
        if not told.ok or "medfee_sumamt" not in block:
            return told
        return replace(
            told,
            settlement=str(block.get("setl_id", "")),
            total_fen=_fen(block, "medfee_sumamt"),
            parts_fen={part: _fen(block, *NAMES[part]) for part in PARTS},
        )

    def _msgid(self) -> str:
        return f"{hospital_code(self.area)}{_now():%Y%m%d%H%M%S}{next(self._numbers) % 10_000:04d}"


def _fen(block: Mapping[str, Any], *names: str) -> int:
    """An amount under the first of these names that it has; 0 under none."""
    text = next((str(block[name]) for name in names if name in block), "0")
    sign = -1 if text.startswith("-") else 1
    return sign * fen_from_yuan(text.lstrip("-"))


def _now() -> datetime:
    return SystemClock().now().astimezone(SHANGHAI)
