"""Inputs about visits that are under way, and visits brought to where a test wants them."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from participants.gateway.wire.fields import shapes
from tests.gateway.cases import (
    PSN_NO,
    TODAY,
    admission,
    inpatient_bill,
    line,
    outpatient_bill,
    registration,
    split,
)
from tests.gateway.street import Reply, Street

AMOXICILLIN = "XJ01CAA040E001010102699"  # 0.40 a piece, 0.35 of it under the ceiling
LEVOFLOXACIN = "XJ01MAZ089B002010201305"  # 5 % first self-pay
ONE, REFUND = "36.80 × 50 = 1840.00", "36.80 × -10 = -368.00"
_numbers = count(1)


def diagnosis(number: int = 1, code: str = "J18.900", **changes: Any) -> dict[str, Any]:
    return {
        "psn_no": PSN_NO,
        "diag_type": "1",
        "maindiag_flag": "1" if number == 1 else "0",
        "diag_srt_no": str(number),
        "diag_code": code,
        "diag_name": "肺炎",
        "diag_dept": "A03",
        "dise_dor_no": "D1",
        "dise_dor_name": "李医生",
        "diag_time": f"{TODAY} 09:30:00",
        "vali_flag": "1",
        **changes,
    }


@dataclass
class Stay:
    """One visit of a street, and what has been said about it so far."""

    street: Street
    mdtrt_id: str
    is_inpatient: bool
    setl_ids: list[str] = field(default_factory=list)

    @property
    def which(self) -> dict[str, str]:
        return {"mdtrt_id": self.mdtrt_id, "psn_no": PSN_NO}

    def say(self, infno: str, node: str = "data", rows: Any = (), **more: Any) -> Reply:
        """One transaction about this visit; `rows` are its diagnoses."""
        inputs: dict[str, Any] = {node: {**self.which, **more}}
        if rows:
            inputs["diseinfo"] = [{"mdtrt_id": self.mdtrt_id, **one} for one in rows]
        return self.street.call(infno, input=inputs)

    def lines(self, *lines: dict[str, Any]) -> Reply:
        infno = "2301" if self.is_inpatient else "2204"
        return self.street.call(infno, {"feedetail": list(lines)})

    def line(self, number: int, amounts: str = ONE, **changes: Any) -> dict[str, Any]:
        batch = f"B{next(_numbers)}"
        return line(self.mdtrt_id, number, LEVOFLOXACIN, amounts, **{"chrg_bchno": batch} | changes)

    def bill(self, total: str, mid: str = "0") -> dict[str, Any]:
        if self.is_inpatient:
            return inpatient_bill(self.mdtrt_id, total, mid_setl_flag=mid)
        return outpatient_bill(self.mdtrt_id, total, **split(0, 0, 0, total))

    def settle(self, total: str, mid: str = "0") -> Reply:
        reply = self.street.call("2304" if self.is_inpatient else "2207", self.bill(total, mid))
        if reply["infcode"] == 0:
            self.setl_ids.append(reply["output"]["setlinfo"]["setl_id"])
        return reply

    def cancel(self, number: int = -1) -> Reply:
        setl_id = self.setl_ids[number]
        return self.say("2305" if self.is_inpatient else "2208", setl_id=setl_id)

    def discharge(self, **changes: Any) -> Reply:
        said = {
            "insutype": "310",
            "endtime": "2024-03-05 10:00:00",
            "dscg_dept_codg": "A03",
            "dscg_dept_name": "内科",
            "dscg_way": "1",
        }
        rows = changes.pop("rows", [diagnosis()])
        return self.say("2402", "dscginfo", rows, **said | changes)

    def change(self, **changes: Any) -> Reply:
        said = admission()["mdtrtinfo"]
        for name in ("ipt_no", "cert_type", "certno", "insutype", "insuplc_admdvs"):
            said.pop(name)
        rows = changes.pop("rows", [])
        return self.say("2403", "adminfo", rows, **said | {"ipt_otp_no": "ZY0001"} | changes)

    def diagnose(self, **changes: Any) -> Reply:
        said = {
            "med_type": "11",
            "begntime": f"{TODAY} 09:00:00",
            "dise_codg": "J18.900",
            "dise_name": "肺炎",
        }
        rows = changes.pop("rows", [diagnosis()])
        return self.say("2203", "mdtrtinfo", rows, **said | changes)


def admitted(street: Street, **changes: Any) -> Stay:
    reply = street.call("2401", admission(**changes))
    assert reply["infcode"] == 0, reply
    return Stay(street, reply["output"]["result"]["mdtrt_id"], is_inpatient=True)


def registered(street: Street, **changes: Any) -> Stay:
    reply = street.call("2201", registration(**changes))
    assert reply["infcode"] == 0, reply
    return Stay(street, reply["output"]["data"]["mdtrt_id"], is_inpatient=False)


def code_of(reply: Reply) -> str:
    """'ok', or the four digits of the refusal."""
    return "ok" if reply["infcode"] == 0 else reply["err_msg"][1:5]


def assert_as_the_table_has_it(infno: str, output: Any) -> None:
    """Every name of an answer, in the order of its table; what is never empty is filled."""
    for node in shapes()[infno].out:
        found = output[node.name] if node.name else output
        for row in found if node.many else [found]:
            assert list(row) == [field.name for field in node.fields], (infno, node.name)
            empty = [f.name for f in node.fields if f.required and row[f.name] in {"", None}]
            assert empty == [], (infno, node.name, empty)
