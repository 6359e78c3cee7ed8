"""What a rule check 智能审核 finds (3101, 3102), and what a doctor does about it (3103)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from contracts.ids import PersonId
from contracts.refusal import RefusalCode
from participants.treatment.domain.results import Refusal


class Stage(StrEnum):
    """When it was checked; the codes of 3103's warn_type are 1 and 2."""

    BEFORE = "before"  # 事前 3101
    DURING = "during"  # 事中 3102


class Severity(StrEnum):
    """严重程度 sev_deg."""

    PLAIN = "1"  # 明确违规
    SUSPICIOUS = "2"  # 高度可疑
    DOUBTFUL = "3"  # 轻度可疑


class ItemKind(StrEnum):
    """违规明细类型 vola_item_type."""

    VIOLATES = "1"  # 违规项
    INVOLVED = "2"  # 涉及项


class Way(StrEnum):
    """处理方式 dspo_way."""

    GO_ON = "1"  # 继续执行医嘱, with a reason
    CHANGE = "2"  # 返回修改医嘱


@dataclass(frozen=True, slots=True)
class FoundItem:
    """One order that a finding is about; `order_no` is empty for what is about the visit."""

    kind: ItemKind
    order_no: str
    code: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule. `told` in Chinese, without names or numbers of a person."""

    rule_id: str
    severity: Severity
    patient_no: str
    visit_no: str
    person_id: PersonId | None
    told: str
    amount_fen: int
    items: tuple[FoundItem, ...]


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding as stored, as far as an answer to it needs."""

    finding_id: UUID
    hospital_code: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class FindingAnswer:
    """What the doctor did about one finding; whoever goes on says why."""

    finding_id: UUID
    way: Way
    reason: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """The answers of one 3103: all are kept, or none."""

    msgid: str
    hospital_code: str
    stage: Stage
    answers: tuple[FindingAnswer, ...]
    by: str


def feedback_refusal(feedback: Feedback, known: dict[UUID, KnownFinding]) -> Refusal | None:
    """The first answer that is about no finding of this hospital and stage, or has no reason."""
    for number, one in enumerate(feedback.answers, start=1):
        found = known.get(one.finding_id)
        theirs = (feedback.hospital_code, feedback.stage)
        if found is None or (found.hospital_code, found.stage) != theirs:
            return Refusal(RefusalCode.UNKNOWN_FINDING, f"第{number}条")
        if one.way is Way.GO_ON and not one.reason:
            detail = f"第{number}条 处理原因(dspo_way_rea)，继续执行医嘱时必填"
            return Refusal(RefusalCode.FIELD_MISSING, detail)
    return None
