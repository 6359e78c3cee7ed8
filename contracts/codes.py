"""Closed code lists that every party shares, and the 32 areas read from their data file."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import NewType

AreaCode = NewType("AreaCode", str)
"""A participant: six digits, of which the last four are zero (340000)."""
DivisionCode = NewType("DivisionCode", str)
"""A city or pooling area 医保区划: six digits (340100). Its first two name the participant."""


class InsuranceKind(StrEnum):
    """险种, with the national codes (insutype)."""

    EMPLOYEE = "310"  # 职工基本医疗保险
    RESIDENT = "390"  # 城乡居民基本医疗保险


class VisitKind(StrEnum):
    """What a visit is cleared as 类别."""

    INPATIENT = "inpatient"  # 住院
    OUTPATIENT = "outpatient"  # 普通门诊
    CHRONIC = "chronic"  # 门诊慢特病
    PHARMACY = "pharmacy"  # 药店购药


class PersonType(StrEnum):
    """人员类别, as far as a benefit policy distinguishes it."""

    ACTIVE = "active"  # 在职
    RETIRED = "retired"  # 退休
    RESIDENT_ADULT = "resident_adult"  # 成年居民
    RESIDENT_MINOR = "resident_minor"  # 未成年居民


class RegistrationCategory(StrEnum):
    """The six kinds of registration 备案 (Rules of 2022), and the eligibility 门诊慢特病认定."""

    RETIRED_RESETTLED = "retired_resettled"  # 异地安置退休
    LONG_TERM_RESIDENT = "long_term_resident"  # 异地长期居住
    POSTED_WORKER = "posted_worker"  # 常驻异地工作
    REFERRAL = "referral"  # 异地转诊
    EMERGENCY = "emergency"  # 异地急诊抢救
    OTHER_TEMPORARY = "other_temporary"  # 其他临时外出
    CHRONIC_DISEASE = "chronic_disease"  # 门诊慢特病: for one disease, at no place in particular


LONG_TERM = frozenset(
    {
        RegistrationCategory.RETIRED_RESETTLED,
        RegistrationCategory.LONG_TERM_RESIDENT,
        RegistrationCategory.POSTED_WORKER,
    }
)
"""长期居住: valid until changed."""
TEMPORARY = frozenset(
    {
        RegistrationCategory.REFERRAL,
        RegistrationCategory.EMERGENCY,
        RegistrationCategory.OTHER_TEMPORARY,
    }
)
"""临时外出: valid for some months at least."""


class MaterialKind(StrEnum):
    """What a registration is supported by 备案材料."""

    CREDENTIAL = "credential"  # 医保电子凭证、社会保障卡或有效身份证件
    FORM = "form"  # 异地就医备案表
    COMMITMENT = "commitment"  # 个人承诺书
    RESETTLEMENT_PROOF = "resettlement_proof"  # 异地安置认定材料 (户口簿首页和本人常住人口登记卡)
    RESIDENCE_PROOF = "residence_proof"  # 长期居住认定材料 (居住证明)
    POSTING_PROOF = "posting_proof"  # 异地工作证明材料
    REFERRAL_LETTER = "referral_letter"  # 转诊转院证明材料
    EMERGENCY_PROOF = "emergency_proof"  # 急诊抢救诊断证明
    DIAGNOSIS_PROOF = "diagnosis_proof"  # 门诊慢特病诊断证明
    OTHER = "other"  # 其他材料


class Channel(StrEnum):
    """How a registration was filed 备案渠道."""

    WINDOW = "window"  # 经办窗口
    APP = "app"  # 国家医保服务平台 App
    MINI_PROGRAMME = "mini_programme"  # 小程序
    WEB = "web"  # 网上办事大厅
    PHONE = "phone"  # 电话
    HOSPITAL = "hospital"  # 定点医疗机构 (2501, 2503, 2505)


class Fund(StrEnum):
    """Who pays a part of the bill for the insured area; in the order of the clearing table."""

    POOL = "pool"  # 统筹基金 hifp_pay
    CIVIL_SERVANT = "civil_servant"  # 公务员补助 cvlserv_pay
    ENTERPRISE = "enterprise"  # 企业补充 hifes_pay
    CRITICAL_ILLNESS = "critical_illness"  # 居民大病 hifmi_pay
    LARGE_SUM = "large_sum"  # 职工大额 hifob_pay
    VETERANS = "veterans"  # 伤残人员 hifdm_pay
    MEDICAL_AID = "medical_aid"  # 医疗救助 maf_pay
    OTHER = "other"  # 其他 oth_pay
    ACCOUNT = "account"  # 个人账户 acct_pay: the patient's own money, cleared all the same


class Role(StrEnum):
    """The two roles an area plays at the hub."""

    INSURED = "insured"  # 参保地
    TREATMENT = "treatment"  # 就医地


@dataclass(frozen=True, slots=True)
class Area:
    """One participant; `whole_unit`: registrations name the unit instead of one of its cities."""

    code: AreaCode
    name: str
    short: str
    english: str
    whole_unit: bool


@cache
def areas() -> dict[AreaCode, Area]:
    """The 32 areas by code, in code order; ValueError when the file is not 32 sound rows."""
    text = files("contracts").joinpath("data/areas.toml").read_text(encoding="utf-8")
    rows = [Area(**row) for row in tomllib.loads(text)["areas"]]
    found = {row.code: row for row in sorted(rows, key=lambda row: row.code)}
    if len(rows) != 32 or len(found) != 32 or any(code[2:] != "0000" for code in found):
        raise ValueError("contracts/data/areas.toml: 32 different codes PP0000 expected")
    return found


def area_of(division: str) -> AreaCode | None:
    """The participant that a six-digit 医保区划 belongs to, or None when there is none.

    Only the first two digits decide: insurance divisions (430299, 349900) are not in GB/T 2260.
    """
    if len(division) != 6 or not (division.isascii() and division.isdigit()):
        return None
    code = AreaCode(f"{division[:2]}0000")
    return code if code in areas() else None
