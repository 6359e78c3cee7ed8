"""What simulated hospitals send, as documents of the national interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from contracts.clock import SHANGHAI, shanghai_date_of
from contracts.codes import AreaCode
from contracts.money import yuan_from_fen
from simulators.simulation.counters import Document
from simulators.simulation.databases import person_of, travellers
from simulators.simulation.notebooks import Sums
from simulators.world.population import Institution, Resident, institutions

PSN_TYPES = {"active": "11", "retired": "12", "resident_adult": "15", "resident_minor": "14"}
OUTPATIENT, STAY = "2207", "2304"
CLEARED_AS = {OUTPATIENT: "11", STAY: "21"}
CANCELS = {OUTPATIENT: "2208", STAY: "2305"}


@dataclass(frozen=True, slots=True)
class Case:
    """One bill of one patient at one hospital: what every document about it says."""

    area: AreaCode
    hospital: Institution
    person: Resident
    infno: str
    visit_no: str
    total_fen: int
    own_fen: int


def drawn(random: Random, area: AreaCode, patients: list[Resident], number: int) -> Case:
    """A case of a hospital of this area; the same `random` draws the same."""
    infno = STAY if random.random() < 0.4 else OUTPATIENT
    total_fen = random.randint(100_00, 60_000_00 if infno == STAY else 2_000_00)
    return Case(
        area=area,
        hospital=random.choice(institutions(area)),
        person=random.choice(patients),
        infno=infno,
        visit_no=f"{'ZY' if infno == STAY else 'MZ'}{number:08d}",
        total_fen=total_fen,
        own_fen=random.randint(0, total_fen // 5),
    )


def patients_of(area: AreaCode, homes: tuple[AreaCode, ...]) -> list[Resident]:
    """Who comes to this area: those who are registered for it."""
    return [one for home in homes for one, place in travellers(home) if place == area]


def settle(case: Case, msgid: str, at: datetime, *, more_fen: int = 0) -> Document:
    """2207 or 2304; `more_fen` makes it another bill under the same message id."""
    total_fen = case.total_fen + more_fen
    split = {
        "fulamt_ownpay_amt": yuan_from_fen(case.own_fen),
        "overlmt_selfpay": "0",
        "preselfpay_amt": "0",
        "inscp_scp_amt": yuan_from_fen(total_fen - case.own_fen),
    }
    data = {
        **_identity(case),
        "medfee_sumamt": yuan_from_fen(total_fen),
        "psn_setlway": "01",
        "mdtrt_id": case.visit_no,
        "chrg_bchno": "1",
        "acct_used_flag": "1",
        "insutype": case.person.insurance_kind.value,
        **split,
    }
    if case.infno == OUTPATIENT:
        return envelope(case, case.infno, msgid, at, {**data, "med_type": "11"})
    places = {
        "mid_setl_flag": "0",
        "insuplc_admdvs": case.person.division,
        "mdtrtarea_admvs": case.hospital.division,
    }
    return envelope(case, case.infno, msgid, at, {**data, **places})


def cancel(case: Case, msgid: str, at: datetime, setl_id: str, mdtrt_id: str) -> Document:
    """2208 or 2305: undo a settlement by its id."""
    data = {"setl_id": setl_id, "mdtrt_id": mdtrt_id, "psn_no": person_of(case.person)}
    return envelope(case, CANCELS[case.infno], msgid, at, data)


def withdraw(case: Case, msgid: str, at: datetime, omsgid: str) -> Document:
    """2601: undo a message of which the answer was never seen."""
    data = {"psn_no": person_of(case.person), "omsgid": omsgid, "oinfno": case.infno}
    return envelope(case, "2601", msgid, at, data)


def ask(case: Case, msgid: str, at: datetime, setl_id: str) -> Document:
    """5203: how it stands, by its id or by the message that asked for it."""
    data = {"psn_no": person_of(case.person), "setl_id": setl_id, "mdtrt_id": case.visit_no}
    return envelope(case, "5203", msgid, at, data)


def refer(case: Case, msgid: str, at: datetime, lasted: timedelta, *, ends_today: bool) -> Document:
    """2501: a registration for this hospital's province, since so long ago; it may end today."""
    person, hospital, today = case.person, case.hospital, shanghai_date_of(at)
    data = {
        "psn_no": person_of(person),
        "insutype": person.insurance_kind.value,
        "tel": "13900000000",
        "insu_optins": person.division,
        "diag_code": "C34.900",
        "diag_name": "肺恶性肿瘤",
        "reflin_medins_no": hospital.code,
        "reflin_medins_name": hospital.name,
        "mdtrtarea_admdvs": hospital.division,
        "hosp_agre_refl_flag": "1",
        "refl_type": "3",
        "refl_date": str(today - lasted),
        "refl_rea": "仿真",
        "refl_opnn": "同意转院",
        **({"enddate": str(today)} if ends_today else {}),
    }
    return envelope(case, "2501", msgid, at, data, node="refmedin")


def state_sums(
    case: Case, msgid: str, at: datetime, days: tuple[date, date], sums: Sums
) -> Document:
    """3201: the hospital's own sums of some days, of this case's insurance and kind of care."""
    data = {
        "insutype": case.person.insurance_kind.value,
        "clr_type": CLEARED_AS[case.infno],
        "setl_optins": case.hospital.division,
        "stmt_begndate": str(days[0]),
        "stmt_enddate": str(days[1]),
        "fixmedins_refd_setl_flag": "0",
        "fixmedins_setl_cnt": sums.count,
        "medfee_sumamt": yuan_from_fen(sums.total_fen),
        "fund_pay_sumamt": yuan_from_fen(sums.fund_fen),
        "acct_pay": yuan_from_fen(sums.account_fen),
    }
    return envelope(case, "3201", msgid, at, data)


def envelope(
    case: Case,
    infno: str,
    msgid: str,
    at: datetime,
    data: Mapping[str, Any],
    *,
    node: str = "data",
) -> Document:
    return {
        "infno": infno,
        "msgid": msgid,
        "mdtrtarea_admvs": case.hospital.division,
        "insuplc_admdvs": case.person.division,
        "recer_sys_code": "99",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "0001",
        "opter_name": "收费员",
        "inf_time": f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
        "fixmedins_code": case.hospital.code,
        "fixmedins_name": case.hospital.name,
        "sign_no": "",
        "input": {node: data},
    }


def _identity(case: Case) -> dict[str, str]:
    person = case.person
    return {
        "psn_no": person_of(person),
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person.certificate_number,
        "psn_cert_type": person.certificate_kind,
        "certno": person.certificate_number,
        "psn_type": PSN_TYPES[person.person_type],
        "psn_name": person.name,
    }
