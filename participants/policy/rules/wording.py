"""The words and percents that a clerk reads in a working."""

from collections.abc import Mapping

from contracts.codes import Fund, PersonType
from contracts.money import yuan_from_fen
from participants.policy.benefits import CareKind, Elsewhere, Of

PERSON_TEXT: Mapping[PersonType, str] = {
    PersonType.ACTIVE: "在职",
    PersonType.RETIRED: "退休",
    PersonType.RESIDENT_ADULT: "成年居民",
    PersonType.RESIDENT_MINOR: "未成年居民",
}
LEVEL_TEXT = ("社区", "一级", "二级", "三级", "省级三级")
KIND_TEXT: Mapping[CareKind, str] = {
    CareKind.INPATIENT: "住院",
    CareKind.OUTPATIENT: "普通门诊",
    CareKind.CHRONIC: "门诊慢特病",
    CareKind.PHARMACY: "药店购药",
    CareKind.MATERNITY: "生育",
}
ELSEWHERE_TEXT: Mapping[Elsewhere, str] = {
    Elsewhere.REFERRAL: "异地转诊",
    Elsewhere.EMERGENCY: "异地急诊抢救",
    Elsewhere.OTHER: "其他临时外出就医",
    Elsewhere.LONG_TERM: "异地长期居住",
    Elsewhere.UNREGISTERED: "未备案异地就医",
    Elsewhere.BACK_HOME: "异地备案后回参保地就医",
}
OF_TEXT: Mapping[Of, str] = {
    Of.AVERAGE_WAGE: "上年度平均工资",
    Of.BILL: "医疗费总额",
    Of.IN_SCOPE: "政策范围内费用",
    Of.FIRST_STAY: "首次住院起付线",
}
FUND_TEXT: Mapping[Fund, str] = {
    Fund.POOL: "统筹基金",
    Fund.CIVIL_SERVANT: "公务员补助",
    Fund.ENTERPRISE: "企业补充",
    Fund.CRITICAL_ILLNESS: "居民大病",
    Fund.LARGE_SUM: "职工大额",
    Fund.VETERANS: "伤残人员基金",
    Fund.MEDICAL_AID: "医疗救助",
    Fund.OTHER: "其他基金",
    Fund.ACCOUNT: "个人账户",
}


def rate_text(rate_bp: int) -> str:
    """8300 as '83%', 1260 as '12.6%'."""
    return yuan_from_fen(rate_bp).rstrip("0").rstrip(".") + "%"
