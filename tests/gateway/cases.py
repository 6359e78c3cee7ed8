"""Inputs of the transactions as a hospital's system sends them, in full."""

from itertools import count
from typing import Any

from contracts.person import person_id_of
from tests.gateway.other_party import WANG
from tests.gateway.street import PERSON, PERSON_KEY, Street

PSN_NO = person_id_of("01", WANG.certno, PERSON_KEY)
TODAY = "2024-03-01"
_own_visits = count(1)


def own_visit() -> str:
    """A number of the hospital's own, of a visit never opened here: it is settled once."""
    return f"MZ{next(_own_visits):06d}"


def registration(**changes: Any) -> dict[str, Any]:
    return {
        "psn_no": PSN_NO,
        "insutype": "310",
        "begntime": f"{TODAY} 09:00:00",
        **PERSON,
        "psn_type": "12",
        "psn_name": WANG.name,
        "ipt_otp_no": "MZ0001",
        "dept_code": "A03",
        "dept_name": "内科",
        "caty": "A03",
        **changes,
    }


def admission(**changes: Any) -> dict[str, Any]:
    return {
        "mdtrtinfo": {
            "psn_no": PSN_NO,
            "insutype": "310",
            "begntime": f"{TODAY} 09:00:00",
            "mdtrt_cert_type": "02",
            "cert_type": "01",
            "certno": WANG.certno,
            "med_type": "21",
            "ipt_no": "ZY0001",
            "atddr_no": "D1",
            "chfpdr_name": "李医生",
            "adm_diag_dscr": "肺炎",
            "adm_dept_codg": "A03",
            "adm_dept_name": "内科",
            "adm_bed": "12",
            "dscg_maindiag_code": "J18.900",
            "dscg_maindiag_name": "肺炎",
            "insuplc_admdvs": "340100",
            "mdtrtarea_admvs": "310101",
            **changes,
        },
        "diseinfo": [],
    }


def line(mdtrt_id: str, number: int, code: str, amounts: str, **changes: Any) -> dict[str, Any]:
    """`amounts`: 'price × count = total'."""
    price, count, total = amounts.replace("×", " ").replace("=", " ").split()
    return {
        "feedetl_sn": str(number),
        "mdtrt_id": mdtrt_id,
        "psn_no": PSN_NO,
        "chrg_bchno": "1",
        "rx_circ_flag": "0",
        "med_type": "21",
        "fee_ocur_time": f"{TODAY} 10:00:00",
        "med_list_codg": code,
        "medins_list_codg": f"L{number}",
        "det_item_fee_sumamt": total,
        "cnt": count,
        "pric": price,
        "bilg_dept_codg": "A03",
        "bilg_dept_name": "内科",
        "bilg_dr_codg": "D1",
        "bilg_dr_name": "李医生",
        "hosp_appr_flag": "0",
        **changes,
    }


def outpatient_bill(mdtrt_id: str, total: Any, **changes: Any) -> dict[str, Any]:
    """The input of 2206 and, with a split, of 2207."""
    return {
        "psn_no": PSN_NO,
        **PERSON,
        "psn_type": "12",
        "psn_name": WANG.name,
        "med_type": "11",
        "medfee_sumamt": total,
        "psn_setlway": "01",
        "mdtrt_id": mdtrt_id,
        "chrg_bchno": "1",
        "acct_used_flag": "1",
        "insutype": "310",
        **changes,
    }


def split(own: Any, over: Any, first: Any, scope: Any) -> dict[str, Any]:
    return {
        "fulamt_ownpay_amt": own,
        "overlmt_selfpay": over,
        "preselfpay_amt": first,
        "inscp_scp_amt": scope,
    }


def inpatient_bill(mdtrt_id: str, total: Any, **changes: Any) -> dict[str, Any]:
    """The input of 2303 and 2304."""
    bill = outpatient_bill(mdtrt_id, total, mid_setl_flag="0", insuplc_admdvs="340100")
    bill.pop("med_type")
    return bill | {"mdtrtarea_admvs": "310101"} | changes


def settled_outpatient(street: Street, total: Any = "2000.00") -> dict[str, Any]:
    """One settlement of a visit never opened here; its setlinfo."""
    node = outpatient_bill(own_visit(), total, **split(0, 0, 0, total))
    reply = street.call("2207", node)
    assert reply["infcode"] == 0, reply
    found: dict[str, Any] = reply["output"]["setlinfo"]
    return found


def referral(**changes: Any) -> dict[str, Any]:
    """The input of 2501: to a hospital in 广州."""
    row = {
        "psn_no": PSN_NO,
        "insutype": "310",
        "tel": "13900000000",
        "insu_optins": "340100",
        "diag_code": "C34.900",
        "diag_name": "肺恶性肿瘤",
        "reflin_medins_no": "H44010000001",
        "reflin_medins_name": "广州市示例医院",
        "mdtrtarea_admdvs": "440100",
        "hosp_agre_refl_flag": "1",
        "refl_type": "3",
        "refl_date": TODAY,
        "refl_rea": "本院无放疗设备",
        "refl_opnn": "同意转院",
    }
    return {"refmedin": row | changes}


def designation(**changes: Any) -> dict[str, Any]:
    """The input of 2505: resettled where the hospital stands."""
    return {
        "psn_no": PSN_NO,
        "biz_appy_type": "08",
        "begndate": TODAY,
        "fix_srt_no": "1",
        "fixmedins_code": "H31010100001",
        "fixmedins_name": "上海市第一示范医院",
        "insutype": "310",
        "insu_optins": "340100",
        **changes,
    }


def chronic_disease(**changes: Any) -> dict[str, Any]:
    """The input of 2503: 高血压."""
    return {
        "psn_no": PSN_NO,
        "insutype": "310",
        "opsp_dise_code": "M03900",
        "opsp_dise_name": "高血压",
        "insu_optins": "340100",
        "ide_fixmedins_no": "H31010100001",
        "ide_fixmedins_name": "上海市第一示范医院",
        "hosp_ide_date": TODAY,
        "diag_dr_codg": "D1",
        "diag_dr_name": "李医生",
        "begndate": TODAY,
        **changes,
    }
