"""Cases as they are shown over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from contracts.codes import AreaCode, Fund, Role
from contracts.topics import HUB
from hub.api.labels import FUNDS, ROLES, area_name
from hub.domain.attachments import KINDS
from hub.domain.case_states import CaseEvent, CaseState, CaseType
from hub.domain.cases import Basis, Case, Entry, Item, Outcome, Reply, Stage
from hub.services.case_decisions import OUTCOMES_ZH
from hub.services.case_threads import Thread
from hub.store.case_threads import Attachment
from hub.store.cases import Decided, StepTaken

TYPES: dict[CaseType, str] = {
    CaseType.DISPUTE: "争议",
    CaseType.ASSISTANCE: "费用协查",
    CaseType.COORDINATION: "问题协同",
}
STATES: dict[CaseState, str] = {
    CaseState.WAITING: "待送达",
    CaseState.OPEN: "待认领",
    CaseState.TAKEN: "办理中",
    CaseState.ANSWERED: "已答复",
    CaseState.REVIEW: "待裁定",
    CaseState.PROPOSED: "待复核",
    CaseState.DECIDED: "已办结",
    CaseState.WITHDRAWN: "已撤回",
}
EVENTS: dict[CaseEvent, str] = {
    CaseEvent.RELEASE: "送达",
    CaseEvent.TAKE: "认领",
    CaseEvent.EXTEND: "延期",
    CaseEvent.ANSWER: "答复",
    CaseEvent.WITHDRAW: "撤回",
    CaseEvent.ESCALATE: "转人工裁定",
    CaseEvent.PROPOSE: "提请复核",
    CaseEvent.DECIDE: "裁定",
    CaseEvent.APPROVE: "复核通过",
    CaseEvent.DECLINE: "复核退回",
}
REPLIES: dict[Reply, str] = {
    Reply.ADMITS: "认可",
    Reply.CONTESTS: "不认可",
    Reply.REPLIES: "已办理",
    Reply.SILENT: "逾期未答复",
}
BASES: dict[Basis, str] = {
    Basis.EVIDENCE: "对方已答复举证",
    Basis.SILENCE: "对方逾期未答复",
    Basis.OPERATOR: "枢纽人工裁定",
}
ABOUT_MAX = 60


class CaseView(BaseModel):
    """One matter and its clock, which is the same for all its parties.

    `turn`: who has until `due_at`: the other side, the hub, or nobody. `is_overdue`: it was not
    taken by `take_by`, or its decision is late at the hub.
    """

    case_id: UUID
    type: CaseType
    type_zh: str
    state: CaseState
    state_zh: str
    opener: str
    opener_zh: str
    respondents: list[str]
    respondents_zh: list[str]
    settlements: list[UUID]
    about: str
    opened_at: datetime
    release_at: datetime | None
    take_by: datetime
    answer_by: datetime
    due_at: datetime | None
    turn: str | None
    is_overdue: bool
    extensions: int
    owner_party: str | None
    owner: str | None
    reply: Reply | None
    follows: UUID | None


class ItemView(BaseModel):
    settlement_id: UUID
    fund: Fund
    fund_zh: str
    amount_fen: int


class MessageView(BaseModel):
    entry_id: UUID
    party: str
    party_zh: str
    by: str
    at: datetime
    text: str
    institution: str | None


class AttachmentView(BaseModel):
    attachment_id: UUID
    party: str
    party_zh: str
    by: str
    at: datetime
    name: str
    kind: str
    media_type: str
    size_bytes: int
    sha256: str


class StepView(BaseModel):
    from_state: CaseState
    event: CaseEvent
    event_zh: str
    to_state: CaseState
    at: datetime
    party: str
    by: str


class DecisionView(BaseModel):
    """`amount_fen`: what was posted; negative: the insured area owes less."""

    outcome: Outcome
    outcome_zh: str
    basis: Basis
    basis_zh: str
    amount_fen: int
    penalty_fen: int
    items: list[ItemView]
    decided_at: datetime
    decided_by: str
    second_by: str | None


class CaseInFull(CaseView):
    """The whole thread."""

    claimed: list[ItemView]
    admitted: list[ItemView]
    penalty_fen: int
    proposal_id: UUID | None
    messages: list[MessageView]
    attachments: list[AttachmentView]
    steps: list[StepView]
    decision: DecisionView | None


def view(case: Case, first: Entry | None, now: datetime) -> CaseView:
    about = "" if first is None else " ".join(first.text.split())[:ABOUT_MAX]
    return CaseView(
        case_id=case.case_id,
        type=case.kind,
        type_zh=TYPES[case.kind],
        state=case.state,
        state_zh=STATES[case.state],
        opener=case.opener,
        opener_zh=party_zh(case.opener),
        respondents=list(case.respondents),
        respondents_zh=[party_zh(party) for party in case.respondents],
        settlements=list(case.settlements),
        about=about,
        opened_at=case.opened_at,
        release_at=case.release_at,
        take_by=case.take_by,
        answer_by=case.answer_by,
        due_at=case.due_at,
        turn=_turn(case),
        is_overdue=_is_overdue(case, now),
        extensions=case.extensions,
        owner_party=case.owner_party,
        owner=case.owner,
        reply=case.reply,
        follows=case.follows,
    )


def in_full(  # noqa: PLR0917 - a case is made of all this
    case: Case,
    thread: Thread,
    items: dict[Stage, tuple[Item, ...]],
    steps: Sequence[StepTaken],
    decided: Decided | None,
    now: datetime,
) -> CaseInFull:
    first = thread.messages[0] if thread.messages else None
    return CaseInFull(
        **view(case, first, now).model_dump(),
        claimed=_items(items[Stage.CLAIMED]),
        admitted=_items(items[Stage.ADMITTED]),
        penalty_fen=case.penalty_fen,
        proposal_id=case.proposal_id,
        messages=[message_view(entry) for entry in thread.messages],
        attachments=[attachment_view(one) for one in thread.attachments],
        steps=[_step(one) for one in steps],
        decision=None if decided is None else _decision(decided, items[Stage.DECIDED]),
    )


def message_view(entry: Entry) -> MessageView:
    return MessageView(
        entry_id=entry.entry_id,
        party=entry.party,
        party_zh=party_zh(entry.party),
        by=entry.by,
        at=entry.at,
        text=entry.text,
        institution=entry.institution,
    )


def attachment_view(one: Attachment) -> AttachmentView:
    return AttachmentView(
        attachment_id=one.attachment_id,
        party=one.party,
        party_zh=party_zh(one.party),
        by=one.by,
        at=one.at,
        name=one.name,
        kind=one.kind.value,
        media_type=KINDS[one.kind].media_type,
        size_bytes=one.size_bytes,
        sha256=one.sha256.hex(),
    )


def party_zh(party: str) -> str:
    """安徽省（参保地）"""
    if party == HUB:
        return "清算枢纽"
    role, _, area = party.partition(".")
    return f"{area_name(AreaCode(area))}（{ROLES[Role(role)]}）"


def _turn(case: Case) -> str | None:
    if case.state in {CaseState.OPEN, CaseState.TAKEN}:
        return case.owner_party or "、".join(case.respondents)
    return None if case.due_at is None else HUB


def _is_overdue(case: Case, now: datetime) -> bool:
    if case.state is CaseState.OPEN:
        return case.take_by <= now
    return case.due_at is not None and case.due_at < now


def _items(items: Sequence[Item]) -> list[ItemView]:
    return [
        ItemView(
            settlement_id=item.settlement_id,
            fund=item.fund,
            fund_zh=FUNDS[item.fund],
            amount_fen=item.amount_fen,
        )
        for item in items
    ]


def _step(one: StepTaken) -> StepView:
    return StepView(
        from_state=one.from_state,
        event=one.event,
        event_zh=EVENTS[one.event],
        to_state=one.to_state,
        at=one.at,
        party=one.party,
        by=one.by,
    )


def _decision(one: Decided, items: Sequence[Item]) -> DecisionView:
    return DecisionView(
        outcome=one.outcome,
        outcome_zh=OUTCOMES_ZH[one.outcome],
        basis=one.basis,
        basis_zh=BASES[one.basis],
        amount_fen=one.amount_fen,
        penalty_fen=one.penalty_fen,
        items=_items(items),
        decided_at=one.decided_at,
        decided_by=one.decided_by,
        second_by=one.second_by,
    )
