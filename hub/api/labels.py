"""The Chinese words beside codes in what the hub shows."""

from contracts.codes import (
    AreaCode,
    Fund,
    InsuranceKind,
    RegistrationCategory,
    Role,
    VisitKind,
    areas,
)
from contracts.messages.advance import NoticeKind
from hub.domain.adjustment import AdjustmentReason
from hub.domain.registration import RegistrationEvent, RegistrationState
from hub.domain.second_person import Proposal, ProposalKind, ProposalState
from hub.domain.settlement import State

VISIT_KINDS: dict[VisitKind, str] = {
    VisitKind.INPATIENT: "住院",
    VisitKind.OUTPATIENT: "普通门诊",
    VisitKind.CHRONIC: "门诊慢特病",
    VisitKind.PHARMACY: "药店购药",
}
INSTITUTION_KINDS: dict[str, str] = {"hospital": "定点医疗机构", "pharmacy": "定点零售药店"}
ROLES: dict[Role, str] = {Role.INSURED: "参保地", Role.TREATMENT: "就医地"}
INSURANCE_KINDS: dict[InsuranceKind, str] = {
    InsuranceKind.EMPLOYEE: "职工基本医疗保险",
    InsuranceKind.RESIDENT: "城乡居民基本医疗保险",
}
COST_STATES: dict[State, str] = {
    State.SETTLED: "已结算",
    State.REVERSING: "撤销中",
    State.REVERSED: "已撤销",
}
CATEGORIES: dict[RegistrationCategory, str] = {
    RegistrationCategory.RETIRED_RESETTLED: "异地安置退休",
    RegistrationCategory.LONG_TERM_RESIDENT: "异地长期居住",
    RegistrationCategory.POSTED_WORKER: "常驻异地工作",
    RegistrationCategory.REFERRAL: "异地转诊",
    RegistrationCategory.EMERGENCY: "异地急诊抢救",
    RegistrationCategory.OTHER_TEMPORARY: "其他临时外出",
    RegistrationCategory.CHRONIC_DISEASE: "门诊慢特病",
}
REGISTRATION_STATES: dict[RegistrationState, str] = {
    RegistrationState.SUBMITTED: "待审核",
    RegistrationState.ACTIVE: "已生效",
    RegistrationState.REJECTED: "不予备案",
    RegistrationState.SUSPENDED: "已暂停",
    RegistrationState.SUPERSEDED: "已变更",
    RegistrationState.CANCELLED: "已取消",
    RegistrationState.EXPIRED: "已到期",
}
REGISTRATION_EVENTS: dict[RegistrationEvent, str] = {
    RegistrationEvent.ACCEPT: "同意备案",
    RegistrationEvent.REJECT: "不予备案",
    RegistrationEvent.SUPPLEMENT: "补充材料",
    RegistrationEvent.SUSPEND: "暂停",
    RegistrationEvent.RESUME: "恢复",
    RegistrationEvent.CANCEL: "取消",
    RegistrationEvent.EXPIRE: "到期",
    RegistrationEvent.SUPERSEDE: "由新备案代替",
}
FUNDS: dict[Fund, str] = {
    Fund.POOL: "统筹基金",
    Fund.CIVIL_SERVANT: "公务员医疗补助",
    Fund.ENTERPRISE: "企业补充医疗保险",
    Fund.CRITICAL_ILLNESS: "居民大病保险",
    Fund.LARGE_SUM: "职工大额医疗费用补助",
    Fund.VETERANS: "伤残人员医疗保障",
    Fund.MEDICAL_AID: "医疗救助",
    Fund.OTHER: "其他基金",
    Fund.ACCOUNT: "个人账户",
}

ADJUSTMENT_REASONS: dict[AdjustmentReason, str] = {
    AdjustmentReason.AUDIT: "审核扣款",
    AdjustmentReason.CORRECTION: "往期更正",
}
PROPOSAL_KINDS: dict[ProposalKind, str] = {
    ProposalKind.REPAIR: "对账差错处理",
    ProposalKind.UNDO_REPAIR: "撤回差错处理",
    ProposalKind.CONFIRMATION_OVERRIDE: "明细不一致仍予确认",
    ProposalKind.CASE_DECISION: "争议协查处理决定",
    ProposalKind.ADVANCE_TOP_UP: "预付金额度变动",
    ProposalKind.ADJUSTMENT: "账务调整",
    ProposalKind.ADMISSION: "逾期结算日结对补报",
    ProposalKind.PAYMENT_WITHDRAWAL: "撤销误登付款",
}
ADVANCE_KINDS: dict[NoticeKind, str] = {
    NoticeKind.OPENING: "期初预付金",
    NoticeKind.YEARLY: "预付金年度调整",
    NoticeKind.EMERGENCY: "预付金紧急调增",
}
PROPOSAL_STATES: dict[ProposalState, str] = {
    ProposalState.OPEN: "待复核",
    ProposalState.APPROVED: "已同意",
    ProposalState.DECLINED: "不同意",
    ProposalState.WITHDRAWN: "已撤回",
}


def proposal_zh(one: Proposal) -> str:
    """What waits for a second person; of an advance, also what kind of change it is."""
    kind = one.content.get("kind") if one.kind is ProposalKind.ADVANCE_TOP_UP else None
    return PROPOSAL_KINDS[one.kind] if kind is None else ADVANCE_KINDS[NoticeKind(kind)]


def area_name(area: AreaCode) -> str:
    known = areas().get(area)
    return known.name if known else area


def opened(kinds: frozenset[VisitKind]) -> list[VisitKind]:
    """In the order of the code list."""
    return [kind for kind in VisitKind if kind in kinds]


def opened_zh(kinds: frozenset[VisitKind]) -> str:
    return "、".join(VISIT_KINDS[kind] for kind in opened(kinds))
