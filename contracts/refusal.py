"""Every considered no: one code, one Chinese sentence, one English sentence.

The families follow the practice of payment schemes: 1 the envelope, 2 the system, 3 the request,
4 the person and the registration, 5 the state of a settlement. A code once published never changes.
"""

from enum import StrEnum
from typing import Self


class RefusalCode(StrEnum):
    """A stable code for programs; `zh` for hospitals and clerks, `en` beside it."""

    zh: str
    en: str

    def __new__(cls, code: str, zh: str, en: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.zh = zh
        member.en = en
        return member

    # fmt: off
    # 1 The envelope.
    NOT_JSON = "1001", "报文不是合法的JSON", "the message is not JSON"
    BODY_TOO_LARGE = "1002", "报文过大", "the message is too large"
    UNKNOWN_TRANSACTION = "1003", "交易编号不支持", "this transaction is not offered"
    FIELD_MISSING = "1004", "必填项为空", "a required field is missing"
    FIELD_TOO_LONG = "1005", "字段超长", "a field is too long"
    FIELD_INVALID = "1006", "字段取值不合规", "a field has a value that is not allowed"
    AMOUNT_MALFORMED = "1007", "金额格式错误，最多两位小数", "not an amount: at most two decimals"
    AMOUNT_NEGATIVE = "1008", "金额不能为负数", "an amount must not be negative"
    CONFLICTING_REPLAY = "1009", "报文ID已使用且内容不一致", "this message id was used with another content"
    UNKNOWN_INSTITUTION = "1010", "定点医药机构未登记", "this institution is not registered here"
    WITHDRAWN_BEFORE = "1011", "该报文已被冲正", "this message was withdrawn before it arrived"
    NOT_AUTHENTICATED = "1012", "未提供有效凭证", "no valid credential"
    NOT_ALLOWED = "1013", "无权办理此业务", "this credential may not do that"
    SIGNATURE_WRONG = "1014", "签名验证失败", "the signature does not fit"
    KEY_NOT_VALID = "1015", "密钥未登记、未生效或已过期", "this key is unknown, not yet valid or expired"
    CIPHERTEXT_BROKEN = "1016", "密文无法解密", "the ciphertext cannot be opened"
    CLOCK_APART = "1017", "时间戳超出允许范围", "the timestamp is too far from our clock"
    REQUEST_REPEATED = "1018", "该请求已使用过", "this very request was used before"
    NOT_SIGNED_IN = "1019", "签到编号无效，请先签到", "no such session: sign in first"
    FILE_UNKNOWN = "1020", "文件不存在或已过期", "no such file, or no longer"
    FILE_MALFORMED = "1021", "文件格式不合规", "the file is not as it must be"
    # 2 The system.
    INTERNAL_FAULT = "2001", "系统故障，请稍后重试", "a fault on our side; try again later"
    AREA_UNAVAILABLE = "2003", "参保地系统暂不可用", "the insured area cannot be reached"
    OUTCOME_UNKNOWN = "2004", "结果未知，将在指定时间前确定", "outcome unknown, certain by the time given"
    TOO_BUSY = "2005", "系统繁忙，请稍后重试", "too busy; try again later"
    EXPIRED = "2006", "参保地超时未应答，本次结算已作废", "no answer in time; this settlement is void"
    RATE_LIMITED = "2007", "请求过于频繁，请稍后重试", "too many requests; try again later"
    ROUTE_DOWN = "2008", "参保地系统中断，请先收费后补结算，或由参保地手工报销", "the insured area is down: collect and settle later, or claim at home"
    # 3 The request.
    UNKNOWN_AREA = "3001", "医保区划不存在", "no such area"
    NOT_OUT_OF_AREA = "3002", "参保地与就医地相同，不属于跨省异地就医", "insured and treated in the same area"
    AREA_NOT_CONNECTED = "3003", "该地区未开通跨省直接结算", "this area is not connected"
    PARTS_DO_NOT_ADD_UP = "3004", "费用分项之和与总额不符", "the parts of the bill do not add up"
    AMOUNT_IS_ZERO = "3005", "医疗费总额为零", "the bill is zero"
    DATES_IMPOSSIBLE = "3006", "日期不合理", "the dates are impossible"
    INSTITUTION_NOT_CONNECTED = "3007", "该医药机构未开通跨省直接结算", "this institution is not open to direct settlement"
    UNKNOWN_VISIT = "3010", "就诊信息不存在", "no such visit"
    LINES_DIFFER_FROM_TOTAL = "3011", "费用明细合计与医疗费总额不符", "the fee lines do not add up to the bill"
    ALREADY_SETTLED = "3012", "该就诊已结算", "this visit is settled already"
    UNKNOWN_SETTLEMENT = "3013", "结算信息不存在", "no such settlement"
    NOT_CANCELLABLE = "3014", "当前状态不可撤销", "the settlement cannot be cancelled now"
    LINE_AMOUNT_WRONG = "3015", "明细单价×数量与金额不符", "price times count is not the line's amount"
    DUPLICATE_LINE = "3016", "费用明细流水号重复", "this fee line was uploaded before"
    UNKNOWN_MESSAGE = "3017", "原报文不存在", "no such original message"
    LINES_SETTLED = "3018", "费用明细已结算，不能撤销", "settled lines cannot be deleted"
    VISIT_OUT_OF_STEP = "3019", "就诊当前状态不允许此操作", "not possible in the visit's present state"
    REFUND_TOO_MUCH = "3020", "退费超过原费用明细", "more is refunded than the line has"
    UNKNOWN_LINE = "3021", "原费用明细不存在", "no such fee line"
    UNKNOWN_DICTIONARY = "3022", "字典或目录不存在", "no such dictionary or catalogue"
    UNKNOWN_MAPPING = "3023", "目录对照信息不存在", "no such mapping"
    UNKNOWN_APPLICATION = "3024", "清算申请不存在", "no such application"
    PERIOD_CLOSED = "3025", "该清算期已关账", "this period is closed"
    ROWS_DIFFER = "3026", "明细与平台不一致", "rows differ from ours"
    UNKNOWN_FINDING = "3027", "违规标识不存在", "no such finding of a rule check"
    # 4 The person and the registration.
    REGISTRATION_NOT_FOUND = "4001", "未办理异地就医备案", "no out-of-area registration"
    REGISTRATION_NOT_ACTIVE = "4002", "异地就医备案未生效", "the registration is not in force"
    OUTSIDE_VALIDITY = "4003", "入院（就诊）日期不在备案有效期内", "admitted outside the registration's validity"
    OUTSIDE_REGISTERED_PLACE = "4004", "就医地不在备案地范围内", "treated outside the registered place"
    INSURED_ELSEWHERE = "4005", "参保地与备案不一致", "insured elsewhere than the registration says"
    INSURANCE_KIND_DIFFERS = "4006", "险种与备案不一致", "another kind of insurance than registered"
    PERSON_UNKNOWN = "4010", "参保地查无此人", "the insured area does not know this person"
    INSURANCE_NOT_IN_FORCE = "4011", "参保状态异常，暂不能享受待遇", "the insurance is not in force"
    NO_POLICY = "4012", "参保地未配置适用的待遇政策", "the insured area has no policy for this case"
    REGISTRATION_OVERLAPS = "4013", "备案有效期与已有备案重叠", "overlaps another registration"
    LOCKED_IN = "4014", "备案变更锁定期内，不能变更或取消", "too soon to change or cancel this registration"
    VALIDITY_TOO_SHORT = "4015", "临时外出备案有效期不足", "a temporary registration must last longer"
    MATERIALS_MISSING = "4016", "备案材料不齐", "a required document is missing"
    DECIDED_ALREADY = "4017", "该备案已办结", "this registration was decided already"
    UNKNOWN_REGISTRATION = "4018", "备案信息不存在", "no such registration"
    IN_ARREARS = "4019", "医保费欠缴，补缴后方可办理", "premiums are in arrears"
    REJECTED_BY_DESK = "4020", "参保地经办机构不予备案", "the insured area's desk rejected it"
    CHRONIC_NOT_ELIGIBLE = "4021", "未认定该门诊慢特病待遇资格", "not entitled for this chronic disease"
    CHRONIC_DISEASE_NOT_OPEN = "4022", "该病种未开通门诊慢特病跨省直接结算", "this chronic disease is not settled directly"
    THIRD_PARTY_LIABLE = "4023", "外伤涉及第三方责任，不予直接结算", "a third party is liable: no direct settlement"
    TRAUMA_NOT_DECLARED = "4024", "外伤未声明是否涉及第三方责任", "trauma without a word on third parties"
    REGISTERED_AFTER_DISCHARGE = "4025", "出院后补办备案，请回参保地手工报销", "registered after the discharge: claim at home"
    VALIDITY_HAS_END = "4026", "长期备案不设终止日期", "a long-term registration has no end"
    PLACE_NOT_FITTING = "4027", "备案地与备案类别不符", "the place does not fit the category"
    # 5 The state of things.
    OUT_OF_STEP = "5001", "当前状态不允许此操作", "not possible in the present state"
    NEVER_GRANTED = "5002", "参保地无此待遇记录", "the insured area never granted this"
    DAY_NOT_CLOSED = "5003", "结算日尚未日终", "the business day is not closed"
    DAY_NOT_RECONCILED = "5004", "尚有对账差错未处理", "there are open breaks"
    MONTH_CLEARED_ALREADY = "5005", "该清算期已清算", "this month has been cleared"
    SECOND_PERSON_NEEDED = "5006", "须由另一人复核", "a second person must decide"
    UNKNOWN_PROPOSAL = "5007", "待复核事项不存在", "no such proposal"
    DECIDED_BY_ANOTHER = "5008", "该事项已由他人办结", "somebody else has decided it already"
    UNKNOWN_BREAK = "5009", "对账差错不存在", "no such break"
    BREAK_RESOLVED = "5010", "该差错已处理", "this break is resolved"
    REPAIR_NOT_FITTING = "5011", "该处理方式不适用于此类差错", "this repair does not fit the break"
    TABLE_WRONG = "5012", "表格内容有误", "the sheet cannot be taken"
    UNKNOWN_RUN = "5013", "清算批次不存在", "no such clearing run"
    LINES_DO_NOT_TIE = "5014", "清算明细与账簿不一致，不能确认", "a line does not tie out: it cannot be confirmed"
    NOT_ALL_CONFIRMED = "5015", "尚有地区未确认清算明细", "not every line is confirmed"
    UNKNOWN_OBLIGATION = "5016", "应付款项不存在", "no such obligation"
    PAID_TOO_MUCH = "5017", "付款超过应付金额", "more is paid than is owed"
    PAYMENT_DIFFERS = "5018", "同一银行流水号的付款信息不一致", "the same bank serial with other content"
    UNKNOWN_PAYMENT = "5019", "付款记录不存在", "no such payment"
    PAPER_NOT_READY = "5020", "清算单据尚未生成", "the paper is not ready"
    TOO_LATE = "5021", "已超过规定期限", "the time for it has passed"
    UNKNOWN_NOTICE = "5022", "通知书不存在", "no such notice"
    UNKNOWN_CASE = "5023", "协同事项不存在", "no such case"
    UNDER_THE_THRESHOLD = "5024", "未达到费用协查金额标准", "below the amount from which assistance may be asked"
    ATTACHMENT_REFUSED = "5025", "附件格式或大小不符合要求", "the attachment's kind or size is not allowed"
    NOT_THE_OWNER = "5026", "非本单位经办的事项", "another party owns this matter"
    OWNED_ALREADY = "5027", "已有人认领", "somebody has taken it already"
    # fmt: on

    def told(self, detail: str = "") -> str:
        """What a person reads: '[4001] 未办理异地就医备案：…', at most 200 characters."""
        more = f"：{detail}" if detail not in {"", self.zh} else ""
        text = f"[{self.value}] {self.zh}{more}"
        return text if len(text) <= 200 else text[:199] + "…"


BY_CODE: dict[str, RefusalCode] = {code.value: code for code in RefusalCode}
"""A code as it was stored or sent."""


class Refused(Exception):
    """A considered no, raised inside a service; the edge says it in its own way."""

    def __init__(self, code: RefusalCode, detail: str = "") -> None:
        super().__init__(code.told(detail))
        self.code, self.detail = code, detail
