"""A hospital's information system, as hospitals have it: it speaks only the published interface."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx

from contracts.clock import SHANGHAI, Clock
from contracts.money import yuan_from_fen
from simulators.world.population import ChargedLine, DrawnBill, Institution, Resident

PATH = "/fsi/api/rsfComIfsService/callService"
PATIENT_FOR_S = 30.0
# Of all hospitals of a process: a message id is used once, whoever speaks for a hospital.
_NUMBERS = count(1)
ANSWER_WITHIN_S = 20.0
PERSON_TYPE_CODES = {
    "active": "11",
    "retired": "12",
    "resident_adult": "15",
    "resident_minor": "14",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: `ok` by the interface's own rule, and the Chinese text when it is a no."""

    infno: str
    msgid: str
    body: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        return str(self.body.get("infcode")) == "0"

    @property
    def text(self) -> str:
        return str(self.body.get("err_msg") or "")

    @property
    def code(self) -> str:
        """Our four digits in brackets at the front of a no; empty with a yes."""
        return self.text[1:5] if self.text.startswith("[") else ""

    @property
    def output(self) -> Mapping[str, Any]:
        return self.body.get("output") or {}

    @property
    def setlinfo(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.output["setlinfo"]
        return found


@dataclass(slots=True)
class Visit:
    """A visit as the hospital keeps it: `mdtrt_id` came from the gateway."""

    person: Resident
    psn_no: str
    mdtrt_id: str
    bill: DrawnBill
    admitted_at: datetime
    discharged_at: datetime
    setl_id: str = ""
    settle_msgid: str = ""


@dataclass(slots=True)
class Hospital:
    """One institution's client. Message ids follow the interface: code, time, sequence."""

    institution: Institution
    gateway_url: str
    http: httpx.Client
    clock: Clock

    def identify(self, person: Resident) -> Reply:
        """1101: who is this, and how insured?"""
        return self.call("1101", self.identification(person), person)

    def identification(self, person: Resident) -> Mapping[str, Any]:
        """What 1101 asks with: here by the identity card."""
        data = {
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate_number,
            "psn_cert_type": person.certificate_kind,
            "certno": person.certificate_number,
            "psn_name": person.name,
        }
        return {"data": data}

    def open_visit(self, person: Resident, psn_no: str, bill: DrawnBill) -> tuple[Reply, Visit]:
        """2401 for a stay, 2201 for anything else."""
        now = self.clock.now().astimezone(SHANGHAI)
        admitted = now - timedelta(days=bill.days)
        number = f"{self.institution.code[-3:]}{next(_NUMBERS):06d}"
        if bill.visit_kind == "inpatient":
            reply = self.call(
                "2401", self._admission(person, psn_no, bill, admitted, number), person
            )
            mdtrt_id = reply.output.get("result", {}).get("mdtrt_id", "")
        else:
            reply = self.call("2201", self._attendance(person, psn_no, admitted, number), person)
            mdtrt_id = reply.output.get("data", {}).get("mdtrt_id", "")
        return reply, Visit(person, psn_no, mdtrt_id, bill, admitted, now)

    def upload_lines(self, visit: Visit) -> Reply:
        """2301 or 2204: the fee lines, split by the treatment area's catalogue."""
        return self.upload(visit, self.fee_rows(visit))

    def upload(self, visit: Visit, rows: Sequence[Mapping[str, Any]]) -> Reply:
        """2301 or 2204 with some of the visit's `fee_rows`; a charge batch comes in one piece."""
        infno = "2301" if visit.bill.visit_kind == "inpatient" else "2204"
        return self.call(infno, {"feedetail": rows}, visit.person)

    def fee_rows(self, visit: Visit) -> list[dict[str, Any]]:
        """The rows of the whole bill, as 2301 and 2204 want them."""
        return [self._line(visit, n, line) for n, line in enumerate(visit.bill.lines, 1)]

    def trial(self, visit: Visit) -> Reply:
        """2303 or 2206: what a settlement would give."""
        infno = "2303" if visit.bill.visit_kind == "inpatient" else "2206"
        return self.call(infno, {"data": self._settlement(visit)}, visit.person)

    def settle(self, visit: Visit, *, msgid: str = "", total_fen: int | None = None) -> Reply:
        """2304 or 2207. `msgid` repeats an earlier message; `total_fen` tells another total."""
        data = self._settlement(visit)
        if total_fen is not None:
            data["medfee_sumamt"] = yuan_from_fen(total_fen)
        infno = "2304" if visit.bill.visit_kind == "inpatient" else "2207"
        reply = self.call(infno, {"data": data}, visit.person, msgid=msgid)
        visit.settle_msgid = reply.msgid
        if reply.ok:
            visit.setl_id = str(reply.setlinfo["setl_id"])
        return reply

    def cancel(self, visit: Visit) -> Reply:
        """2305 or 2208: undo a settlement that we know of."""
        data = {"setl_id": visit.setl_id, "mdtrt_id": visit.mdtrt_id, "psn_no": visit.psn_no}
        infno = "2305" if visit.bill.visit_kind == "inpatient" else "2208"
        return self.call(infno, {"data": data}, visit.person)

    def withdraw(self, visit: Visit) -> Reply:
        """2601: undo a message of which we never saw the answer."""
        infno = "2304" if visit.bill.visit_kind == "inpatient" else "2207"
        data = {"psn_no": visit.psn_no, "omsgid": visit.settle_msgid, "oinfno": infno}
        return self.call("2601", {"data": data}, visit.person)

    def ask(self, visit: Visit) -> Reply:
        """5203: what became of a settlement?"""
        data = {"psn_no": visit.psn_no, "setl_id": visit.setl_id, "mdtrt_id": visit.mdtrt_id}
        return self.call("5203", {"data": data}, visit.person)

    def call(
        self, infno: str, content: Mapping[str, Any], person: Resident, *, msgid: str = ""
    ) -> Reply:
        """The reply; whoever is told to come again later does, with the same message."""
        request = self.request(infno, content, person, msgid=msgid)
        url, until = f"{self.gateway_url}{PATH}", time.monotonic() + PATIENT_FOR_S
        while True:
            answer = self.http.post(url, json=request, timeout=ANSWER_WITHIN_S)
            answer.raise_for_status()
            wait_s = int(answer.headers.get("Retry-After", "0"))
            if not wait_s or time.monotonic() + wait_s > until:
                return Reply(infno, request["msgid"], answer.json())
            time.sleep(wait_s)

    def request(
        self, infno: str, content: Mapping[str, Any], person: Resident, *, msgid: str = ""
    ) -> dict[str, Any]:
        """The whole message, in the national envelope."""
        return {**self._envelope(infno, person, msgid or self._next_msgid()), "input": content}

    def _envelope(self, infno: str, person: Resident, msgid: str) -> dict[str, str]:
        return {
            "infno": infno,
            "msgid": msgid,
            "mdtrtarea_admvs": self.institution.division,
            "insuplc_admdvs": person.division,
            "recer_sys_code": "99",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "收费员",
            "inf_time": self._time(self.clock.now()),
            "fixmedins_code": self.institution.code,
            "fixmedins_name": self.institution.name,
            "sign_no": "",
        }

    def _next_msgid(self) -> str:
        now = self.clock.now().astimezone(SHANGHAI)
        return f"{self.institution.code}{now:%Y%m%d%H%M%S}{next(_NUMBERS) % 10_000:04d}"

    def _attendance(
        self, person: Resident, psn_no: str, begun: datetime, number: str
    ) -> dict[str, Any]:
        return {
            "data": {
                "psn_no": psn_no,
                "insutype": person.insurance_kind.value,
                "begntime": self._time(begun),
                "mdtrt_cert_type": "02",
                "mdtrt_cert_no": person.certificate_number,
                "psn_cert_type": person.certificate_kind,
                "certno": person.certificate_number,
                "psn_type": PERSON_TYPE_CODES[person.person_type],
                "psn_name": person.name,
                "ipt_otp_no": number,
                "dept_code": "A03",
                "dept_name": "内科",
                "caty": "A03",
            }
        }

    def _admission(
        self, person: Resident, psn_no: str, bill: DrawnBill, begun: datetime, number: str
    ) -> dict[str, Any]:
        stay = {
            "psn_no": psn_no,
            "insutype": person.insurance_kind.value,
            "begntime": self._time(begun),
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate_number,
            "cert_type": person.certificate_kind,
            "certno": person.certificate_number,
            "med_type": "21",
            "ipt_no": number,
            "atddr_no": "D0001",
            "chfpdr_name": "示例医师",
            "adm_diag_dscr": bill.diagnosis_name,
            "adm_dept_codg": "A03",
            "adm_dept_name": "内科",
            "adm_bed": "12",
            "dscg_maindiag_code": bill.diagnosis_code,
            "dscg_maindiag_name": bill.diagnosis_name,
            "insuplc_admdvs": person.division,
            "mdtrtarea_admvs": self.institution.division,
        }
        diagnosis = {
            "psn_no": psn_no,
            "diag_type": "1",
            "maindiag_flag": "1",
            "diag_srt_no": 1,
            "diag_code": bill.diagnosis_code,
            "diag_name": bill.diagnosis_name,
            "diag_dept": "内科",
            "dise_dor_no": "D0001",
            "dise_dor_name": "示例医师",
            "diag_time": self._time(begun),
        }
        return {"mdtrtinfo": stay, "diseinfo": [diagnosis]}

    def _line(self, visit: Visit, number: int, line: ChargedLine) -> dict[str, Any]:
        return {
            "feedetl_sn": str(number),
            "mdtrt_id": visit.mdtrt_id,
            "psn_no": visit.psn_no,
            "chrg_bchno": "1",
            "rx_circ_flag": "0",
            "med_type": self._med_type(visit.bill),
            "fee_ocur_time": self._time(visit.discharged_at),
            "med_list_codg": line.code,
            "medins_list_codg": line.code,
            "det_item_fee_sumamt": line.total_yuan(),
            "cnt": str(line.count),
            "pric": line.price_yuan,
            "bilg_dept_codg": "A03",
            "bilg_dept_name": "内科",
            "bilg_dr_codg": "D0001",
            "bilg_dr_name": "示例医师",
            "hosp_appr_flag": "1" if line.approved else "0",
        }

    def _settlement(self, visit: Visit) -> dict[str, Any]:
        person = visit.person
        data = {
            "psn_no": visit.psn_no,
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate_number,
            "psn_cert_type": person.certificate_kind,
            "certno": person.certificate_number,
            "psn_type": PERSON_TYPE_CODES[person.person_type],
            "psn_name": person.name,
            "med_type": self._med_type(visit.bill),
            "medfee_sumamt": yuan_from_fen(visit.bill.total_fen()),
            "psn_setlway": "01",
            "mdtrt_id": visit.mdtrt_id,
            "chrg_bchno": "1",
            "insutype": person.insurance_kind.value,
            "acct_used_flag": "1",
            "mid_setl_flag": "0",
            "insuplc_admdvs": person.division,
            "mdtrtarea_admvs": self.institution.division,
        }
        return data | self._split(visit)

    def _split(self, visit: Visit) -> dict[str, str]:
        """The four-way split is required in 2207, though the uploaded lines are what counts."""
        if visit.bill.visit_kind == "inpatient":
            return {"dscgTime": f"{visit.discharged_at:%Y-%m-%d}"}
        is_chronic = visit.bill.visit_kind == "chronic"
        return {
            "dise_codg": visit.bill.diagnosis_code if is_chronic else "",
            "fulamt_ownpay_amt": "0",
            "overlmt_selfpay": "0",
            "preselfpay_amt": "0",
            "inscp_scp_amt": yuan_from_fen(visit.bill.total_fen()),
        }

    def _med_type(self, bill: DrawnBill) -> str:
        kinds = {"inpatient": "21", "outpatient": "11", "chronic": "14", "pharmacy": "41"}
        return kinds[bill.visit_kind]

    def _time(self, instant: datetime) -> str:
        return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
