"""What the hub shows of the advance fund 预付金, and what it takes."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from contracts.codes import Role
from contracts.message import Frozen
from contracts.messages.advance import Direction, Level, NoticeKind
from contracts.money import FEN_MAX
from hub.api.asking import Proposed
from hub.api.deps import Day
from hub.api.fields import AnArea
from hub.api.labels import area_name
from hub.domain.advance import Change, ChangeState, Payment
from hub.domain.advance_notice import Notice
from hub.domain.advance_usage import LEVELS_ZH, usage_bp
from hub.domain.advance_warning import Subject, Warned
from hub.domain.second_person import Proposal
from hub.services.advance_positions import Outlook, Situation
from hub.store.advance_warnings import OfficeToCall

ALL_ZH = "全部参保地"
STATES_ZH: dict[ChangeState, str] = {
    ChangeState.DRAFTED: "草稿",
    ChangeState.ISSUED: "已签发待付款",
    ChangeState.PAID: "已付款待到账",
    ChangeState.RECEIVED: "已到账",
    ChangeState.DROPPED: "已作废",
}
KINDS_ZH: dict[NoticeKind, str] = {
    NoticeKind.OPENING: "期初",
    NoticeKind.YEARLY: "年度调整",
    NoticeKind.EMERGENCY: "紧急调增",
}

Words = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00]*$")
]
Reason = Annotated[Words, StringConstraints(min_length=1)]
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
Amount = Annotated[int, Field(strict=True, gt=0, le=FEN_MAX)]


class PositionView(BaseModel):
    """A pair, or a treatment area as a whole (`insured_area` None). All amounts in fen.

    `amount_fen` is what the notices agreed on: owed, on the way, and held. `usage_bp` is the
    cycle's money by what is held. The rest looks ahead, and is None where too little is known.
    """

    insured_area: str | None
    insured_name: str
    treatment_area: str
    treatment_name: str
    level: Level
    level_zh: str
    amount_fen: int
    held_fen: int
    spent_fen: int
    usage_bp: int | None
    days_left: int | None
    expected_fen: int | None
    chance_yellow_bp: int | None
    chance_red_bp: int | None
    top_up_fen: int | None


class BoardView(BaseModel):
    """`clearing_on`: when the cycle's clearing notices are signed."""

    cycle: str
    first: date
    last: date
    clearing_on: date
    positions: list[PositionView]


class WarningView(BaseModel):
    warning_id: UUID
    insured_area: str | None
    treatment_area: str
    cycle: str
    level: Level
    level_zh: str
    spent_fen: int
    held_fen: int
    raised_at: datetime
    tier: int
    told_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    note: str
    ended_at: datetime | None


class ContactView(BaseModel):
    area: str
    role: Role
    tier: int
    office: str
    phone: str


class ChangeView(BaseModel):
    """`is_overdue`: the day to decide a draft, or to pay a notice, has passed."""

    change_id: UUID
    kind: NoticeKind
    kind_zh: str
    year: int
    insured_area: str
    treatment_area: str
    payer: str
    payee: str
    before_fen: int
    amount_fen: int
    after_fen: int
    basis_fen: int
    state: ChangeState
    state_zh: str
    asked_by: str | None
    decide_by: date | None
    issue_id: UUID | None
    issued_on: date | None
    finance_by: date | None
    pay_by: date | None
    is_overdue: bool


class RoundView(BaseModel):
    """`in_the_way`: changes of earlier years still in hand; their pairs have no draft of this year
    until these are received, or dropped as drafts, and the year is drafted again.
    """

    drafts: list[ChangeView]
    in_the_way: list[ChangeView]


class PaymentView(BaseModel):
    payment_id: UUID
    change_id: UUID
    bank_name: str
    bank_serial: str
    paid_on: date
    amount_fen: int
    received_on: date | None


class NoticeLineView(BaseModel):
    insured_area: str
    treatment_area: str
    before_fen: int
    amount_fen: int
    after_fen: int


class NoticeView(BaseModel):
    number: str
    title_zh: str
    kind: NoticeKind
    direction: Direction
    area: str
    area_name: str
    year: int
    issue_id: UUID
    issued_on: date
    finance_by: date
    pay_by: date
    total_fen: int
    lines: list[NoticeLineView]


class Acknowledgement(Frozen):
    note: Words = ""


class ContactPut(Frozen):
    role: Role
    tier: Annotated[int, Field(ge=1, le=3)]
    office: Name
    phone: Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9+() -]+$")]


class Proposing(Frozen):
    """Drafts by their ids; `amount_fen` corrects a single one."""

    change_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=1_000)]
    reason: Reason
    amount_fen: Amount | None = None


class AdvanceProposed(Proposed):
    """`value_fen`: what would move."""

    value_fen: int


class Opening(Frozen):
    insured_area: AnArea
    treatment_area: AnArea
    amount_fen: Amount
    reason: Reason


class Asking(Frozen):
    insured_area: AnArea


class Paying(Frozen):
    bank_name: Name
    bank_serial: Name
    paid_on: Day
    amount_fen: Amount


class Receiving(Frozen):
    received_on: Day
    amount_fen: Amount


def proposed_view(found: Proposal) -> AdvanceProposed:
    return AdvanceProposed(
        proposal_id=found.proposal_id, state=found.state, value_fen=found.value_fen or 0
    )


def position_view(found: Situation, subject: Subject, ahead: Outlook) -> PositionView:
    standing, pairs = found.standing(subject), found.pairs_of(subject)
    insured, treatment = subject
    balances = [found.balances[pair] for pair in pairs if pair in found.balances]
    return PositionView(
        insured_area=insured,
        insured_name=ALL_ZH if insured is None else area_name(insured),
        treatment_area=treatment,
        treatment_name=area_name(treatment),
        level=standing.level,
        level_zh=LEVELS_ZH[standing.level],
        amount_fen=sum(balance.amount_fen for balance in balances),
        held_fen=standing.held_fen,
        spent_fen=standing.spent_fen,
        usage_bp=usage_bp(standing.spent_fen, standing.held_fen),
        days_left=ahead.runway.days_left,
        expected_fen=ahead.runway.expected_fen,
        chance_yellow_bp=ahead.runway.chance_yellow_bp,
        chance_red_bp=ahead.runway.chance_red_bp,
        top_up_fen=ahead.top_up_fen,
    )


def warning_view(one: Warned) -> WarningView:
    return WarningView(
        warning_id=one.warning_id,
        insured_area=one.subject[0],
        treatment_area=one.subject[1],
        cycle=one.cycle,
        level=one.level,
        level_zh=LEVELS_ZH[one.level],
        spent_fen=one.spent_fen,
        held_fen=one.held_fen,
        raised_at=one.raised_at,
        tier=one.tier,
        told_at=one.told_at,
        acknowledged_by=one.acknowledged_by,
        acknowledged_at=one.acknowledged_at,
        note=one.note,
        ended_at=one.ended_at,
    )


def contact_view(one: OfficeToCall) -> ContactView:
    return ContactView(
        area=one.area, role=one.role, tier=one.tier, office=one.office, phone=one.phone
    )


def change_view(one: Change, today: date) -> ChangeView:
    return ChangeView(
        change_id=one.change_id,
        kind=one.kind,
        kind_zh=KINDS_ZH[one.kind],
        year=one.year,
        insured_area=one.pair[0],
        treatment_area=one.pair[1],
        payer=one.payer,
        payee=one.payee,
        before_fen=one.before_fen,
        amount_fen=one.amount_fen,
        after_fen=one.after_fen,
        basis_fen=one.basis_fen,
        state=one.state,
        state_zh=STATES_ZH[one.state],
        asked_by=one.asked_by,
        decide_by=one.decide_by,
        issue_id=one.issue_id,
        issued_on=one.issued_on,
        finance_by=one.finance_by,
        pay_by=one.pay_by,
        is_overdue=one.is_overdue(today),
    )


def payment_view(one: Payment) -> PaymentView:
    return PaymentView(
        payment_id=one.payment_id,
        change_id=one.change_id,
        bank_name=one.bank_name,
        bank_serial=one.bank_serial,
        paid_on=one.paid_on,
        amount_fen=one.amount_fen,
        received_on=one.received_on,
    )


def notice_view(one: Notice) -> NoticeView:
    lines = [
        NoticeLineView(
            insured_area=line.pair[0],
            treatment_area=line.pair[1],
            before_fen=line.before_fen,
            amount_fen=line.amount_fen,
            after_fen=line.after_fen,
        )
        for line in one.lines
    ]
    return NoticeView(
        number=one.number,
        title_zh=one.title_zh,
        kind=one.kind,
        direction=one.direction,
        area=one.area,
        area_name=area_name(one.area),
        year=one.year,
        issue_id=one.issue_id,
        issued_on=one.issued_on,
        finance_by=one.finance_by,
        pay_by=one.pay_by,
        total_fen=one.total_fen,
        lines=lines,
    )
