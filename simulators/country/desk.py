"""A hospital's desk that keeps a notebook: every final word it hears goes to the witness."""

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from contracts.clock import SHANGHAI, Clock, shanghai_date_of
from contracts.codes import VisitKind
from contracts.ids import id_of_short_text
from contracts.money import yuan_from_fen
from contracts.refusal import RefusalCode
from simulators.demo.stage import fen
from simulators.hospital import PATH, PERSON_TYPE_CODES, Hospital, Reply, Visit
from simulators.witness import Reply as Heard
from simulators.witness import Verdict, Witness
from simulators.world.country import DrawnVisit
from simulators.world.population import Resident
from simulators.world.reckoning import split_of

MED_TYPES = {
    VisitKind.INPATIENT: "21",
    VisitKind.OUTPATIENT: "11",
    VisitKind.CHRONIC: "14",
    VisitKind.PHARMACY: "41",
}
PASSING = {
    RefusalCode.INTERNAL_FAULT.value,
    RefusalCode.AREA_UNAVAILABLE.value,
    RefusalCode.OUTCOME_UNKNOWN.value,
    RefusalCode.TOO_BUSY.value,
    RefusalCode.RATE_LIMITED.value,
    RefusalCode.ROUTE_DOWN.value,
}
"""Not a no for good: the same message may be sent again."""
FIGURES = {"total_fen": "medfee_sumamt", "account_fen": "acct_pay", "cash_fen": "psn_cash_pay"}
IMPATIENT_S = 0.03
_CERTAIN_BY = re.compile(r"将于 (\d\d):(\d\d):(\d\d) 前确定")


@dataclass(frozen=True, slots=True)
class Desk:
    """Speaks for the hospital of one visit; `psn_no` is what 1101 told it of the patient."""

    drawn: DrawnVisit
    psn_no: str
    hospital: Hospital
    witness: Witness

    @classmethod
    def of(
        cls,
        drawn: DrawnVisit,
        psn_no: str,
        *,
        gateway: str,
        http: httpx.Client,
        clock: Clock,
        witness: Witness,
    ) -> "Desk":
        hospital = Hospital(drawn.institution, gateway, http, clock)
        return cls(drawn, psn_no, hospital, witness)

    @property
    def person(self) -> Resident:
        row = self.drawn.traveller.row
        return Resident(
            area=self.drawn.traveller.home,
            certificate_kind=row.certificate_kind,
            certificate_number=row.certificate_number,
            name=row.name,
            insurance_kind=row.insurance_kind,
            person_type=row.person_type,
            division=row.division,
            in_force=True,
        )

    def settles_as(self) -> str:
        return "2304" if self.drawn.kind is VisitKind.INPATIENT else "2207"

    def opened(self) -> tuple[Reply, Visit]:
        return self.hospital.open_visit(self.person, self.psn_no, self.drawn.bill)

    def content_of(self, visit: Visit | None) -> dict[str, Any]:
        """What a settlement says: of a visit with its lines, or all that there is to say."""
        return {"data": self._settlement(visit)}

    def say(
        self, infno: str, content: Mapping[str, Any], msgid: str = "", about: str = ""
    ) -> Reply:
        """One message and its answer, which the witness hears."""
        reply = self.hospital.call(infno, content, self.person, msgid=msgid)
        self._note(reply, content, about)
        return reply

    def break_off(self, infno: str, content: Mapping[str, Any], msgid: str) -> None:
        """Send, and hang up before the answer is there: nobody at the hospital hears it."""
        request = self.hospital.request(infno, content, self.person, msgid=msgid)
        with suppress(httpx.TimeoutException):
            url = f"{self.hospital.gateway_url}{PATH}"
            self.hospital.http.post(url, json=request, timeout=IMPATIENT_S)

    def today(self) -> date:
        return shanghai_date_of(self.hospital.clock.now())

    def new_msgid(self) -> str:
        return str(self.hospital.request("2207", {}, self.person)["msgid"])

    def _note(self, reply: Reply, content: Mapping[str, Any], about: str) -> None:
        now = self.hospital.clock.now()
        unknown = reply.code in PASSING
        if unknown and reply.code != RefusalCode.OUTCOME_UNKNOWN:
            return  # Turned away at the door: nothing was said of the message.
        verdict = Verdict.DONE if reply.ok else Verdict.UNKNOWN if unknown else Verdict.REFUSED
        info = reply.output.get("setlinfo", {}) if reply.ok else {}
        self.witness.heard(
            Heard(
                at=now,
                area=self.drawn.traveller.away,
                infno=reply.infno,
                msgid=reply.msgid,
                content=_digest(content),
                verdict=verdict,
                settlement_id=_settlement_of(info),
                figures={key: fen(info[name]) for key, name in FIGURES.items() if name in info},
                code=reply.code,
                certain_by=_certain_by(reply.text, now) if unknown else None,
                about=about,
            )
        )

    def _settlement(self, visit: Visit | None) -> dict[str, Any]:
        drawn, person = self.drawn, self.person
        now = self.hospital.clock.now().astimezone(SHANGHAI)
        admitted = now - timedelta(days=drawn.bill.days) if visit is None else visit.admitted_at
        split = split_of(drawn.bill, now.date())
        inpatient, chronic = (drawn.kind is one for one in (VisitKind.INPATIENT, VisitKind.CHRONIC))
        return {
            "psn_no": self.psn_no,
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate_number,
            "psn_cert_type": person.certificate_kind,
            "certno": person.certificate_number,
            "psn_type": PERSON_TYPE_CODES[person.person_type],
            "psn_name": person.name,
            "med_type": MED_TYPES[drawn.kind],
            "medfee_sumamt": yuan_from_fen(drawn.bill.total_fen()),
            "psn_setlway": "01",
            "mdtrt_id": visit.mdtrt_id if visit else f"V{self.new_msgid()[1:]}",
            "chrg_bchno": "1",
            "insutype": person.insurance_kind.value,
            "acct_used_flag": "1",
            "mid_setl_flag": "0",
            "dise_codg": drawn.bill.diagnosis_code if chronic else "",
            "insuplc_admdvs": person.division,
            "mdtrtarea_admvs": drawn.institution.division,
            "begntime": f"{admitted.astimezone(SHANGHAI):%Y-%m-%d} 00:00:00",
            "fulamt_ownpay_amt": yuan_from_fen(split.fully_own_fen),
            "overlmt_selfpay": yuan_from_fen(split.over_ceiling_fen),
            "preselfpay_amt": yuan_from_fen(split.first_self_pay_fen),
            "inscp_scp_amt": yuan_from_fen(split.in_scope_fen),
            **({"dscgTime": f"{now:%Y-%m-%d}"} if inpatient else {}),
        }


def _digest(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _settlement_of(info: Mapping[str, Any]) -> UUID | None:
    told = str(info.get("setl_id", ""))
    return id_of_short_text(told) if told else None


def _certain_by(text: str, now: datetime) -> datetime | None:
    """The instant named by the clock on the wall: soon, so perhaps on the next day."""
    found = _CERTAIN_BY.search(text)
    if found is None:
        return None
    hour, minute, second = map(int, found.groups())
    here = now.astimezone(SHANGHAI)
    told = here.replace(hour=hour, minute=minute, second=second, microsecond=0)
    # It is told to the second, cut off: what is promised is the end of that second.
    told += timedelta(seconds=1)
    return told if told >= here - timedelta(hours=12) else told + timedelta(days=1)
