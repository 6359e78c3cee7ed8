"""What the hospitals send: settlements, and what undoes, repeats or asks after them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from contracts.clock import SHANGHAI, Clock
from contracts.codes import AreaCode
from contracts.ids import short_text_of
from contracts.money import yuan_from_fen
from simulators.chaos.crowd import Patient
from simulators.hospital import PERSON_TYPE_CODES
from simulators.witness import Reply
from simulators.world.population import Institution

# Per cent of visits, the med_type that says what they are, and the mean of the bill in fen.
KINDS = ((30, "21", 1_200_000), (45, "11", 40_000), (25, "14", 120_000))
STAY, CHRONIC = "21", "14"
DISEASE = "M01600"  # 糖尿病: all patients are recognised for it
STAY_DAYS = (3, 12)


@dataclass(frozen=True, slots=True)
class Asked:
    """One message as it was written: sent again, it is the same to the byte.

    `about`: the message id that it speaks of, where it speaks of another.
    """

    infno: str
    msgid: str
    body: bytes
    patient: Patient
    hospital: Institution
    about: str = ""

    @property
    def area(self) -> AreaCode:
        return self.hospital.area

    @property
    def is_stay(self) -> bool:
        return self.infno == "2304"


@dataclass(slots=True)
class Pen:
    """Writes messages in the national envelope; message ids follow the interface."""

    patients: tuple[Patient, ...]
    clock: Clock
    random: Random
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def settlement(self) -> Asked:
        """2304 for a stay, 2207 for the rest, of a visit that is told with it."""
        patient = self.random.choice(self.patients)
        hospital = self.random.choice(patient.hospitals)
        _, med_type, mean_fen = self.random.choices(KINDS, [share for share, _, _ in KINDS])[0]
        total_fen = self.random.randint(mean_fen // 2, 2 * mean_fen)
        content = self._settlement(patient, med_type, total_fen)
        return self._written("2304" if med_type == STAY else "2207", content, patient, hospital)

    def with_another_total(self, asked: Asked) -> Asked:
        """Other content under the same message id: somebody's mistake, or worse."""
        message = json.loads(asked.body)
        message["input"]["data"] |= {
            "medfee_sumamt": "1234.56",
            "inscp_scp_amt": "1234.56",
            "fulamt_ownpay_amt": "0",
            "preselfpay_amt": "0",
        }
        body = json.dumps(message, ensure_ascii=False).encode()
        return Asked(asked.infno, asked.msgid, body, asked.patient, asked.hospital)

    def cancellation(self, asked: Asked, told: Reply) -> Asked:
        """2305 or 2208: undo a settlement that the hospital knows of."""
        assert told.settlement_id is not None, "cancelled before it was settled"
        content = {
            "setl_id": short_text_of(told.settlement_id),
            "mdtrt_id": visit_of(asked),
            "psn_no": asked.patient.psn_no,
        }
        infno = "2305" if asked.is_stay else "2208"
        return self._written(infno, content, asked.patient, asked.hospital, asked.msgid)

    def withdrawal(self, asked: Asked) -> Asked:
        """2601: undo a message of which the hospital knows nothing but its id."""
        content = {
            "psn_no": asked.patient.psn_no,
            "omsgid": asked.msgid,
            "oinfno": asked.infno,
        }
        return self._written("2601", content, asked.patient, asked.hospital, asked.msgid)

    def question(self, asked: Asked) -> Asked:
        """5203 about a settlement of which only the message id is known."""
        content = {
            "psn_no": asked.patient.psn_no,
            "setl_id": asked.msgid,
            "mdtrt_id": visit_of(asked),
        }
        return self._written("5203", content, asked.patient, asked.hospital, asked.msgid)

    def _settlement(self, patient: Patient, med_type: str, total_fen: int) -> dict[str, str]:
        person, now = patient.person, self._now()
        days = self.random.randint(*STAY_DAYS) if med_type == STAY else 0
        own_fen, first_fen = total_fen // 20, total_fen // 10
        return {
            "psn_no": patient.psn_no,
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate_number,
            "psn_cert_type": person.certificate_kind,
            "certno": person.certificate_number,
            "psn_type": PERSON_TYPE_CODES[person.person_type],
            "psn_name": person.name,
            "med_type": med_type,
            "medfee_sumamt": yuan_from_fen(total_fen),
            "psn_setlway": "01",
            "mdtrt_id": f"V{next(self._numbers):012d}",
            "chrg_bchno": "1",
            "insutype": person.insurance_kind.value,
            "acct_used_flag": "1",
            "mid_setl_flag": "0",
            "dise_codg": DISEASE if med_type == CHRONIC else "",
            "fulamt_ownpay_amt": yuan_from_fen(own_fen),
            "overlmt_selfpay": "0",
            "preselfpay_amt": yuan_from_fen(first_fen),
            "inscp_scp_amt": yuan_from_fen(total_fen - own_fen - first_fen),
            "begntime": f"{now - timedelta(days=days):%Y-%m-%d} 00:00:00",
            **({"dscgTime": f"{now:%Y-%m-%d}"} if med_type == STAY else {}),
        }

    def _written(
        self,
        infno: str,
        content: dict[str, Any],
        patient: Patient,
        hospital: Institution,
        about: str = "",
    ) -> Asked:
        now = self._now()
        msgid = f"{hospital.code}{now:%Y%m%d%H%M%S}{next(self._numbers) % 10_000:04d}"
        envelope = {
            "infno": infno,
            "msgid": msgid,
            "mdtrtarea_admvs": hospital.division,
            "insuplc_admdvs": patient.person.division,
            "recer_sys_code": "99",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "收费员",
            "inf_time": f"{now:%Y-%m-%d %H:%M:%S}",
            "fixmedins_code": hospital.code,
            "fixmedins_name": hospital.name,
            "sign_no": "",
            "input": {"data": content},
        }
        body = json.dumps(envelope, ensure_ascii=False).encode()
        return Asked(infno, msgid, body, patient, hospital, about)

    def _now(self) -> datetime:
        return self.clock.now().astimezone(SHANGHAI)


def visit_of(asked: Asked) -> str:
    """The hospital's own number of the visit that a settlement is of."""
    return str(json.loads(asked.body)["input"]["data"]["mdtrt_id"])
