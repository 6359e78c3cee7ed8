"""A settlement as its treatment area sees it: what a hospital asks, and the states it passes."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from contracts.codes import DivisionCode, InsuranceKind, VisitKind
from contracts.ids import PersonId, SettlementId, VisitId
from contracts.messages.values import Bill, Shares
from contracts.refusal import RefusalCode
from contracts.state_machine import StateMachine, Step
from participants.treatment.domain.attempt import MessageKey
from participants.treatment.domain.visit_life import Settled


class State(StrEnum):
    """Where a settlement stands here; only the hub's answers end one."""

    REQUESTED = "requested"  # asked, no answer yet: pending
    WITHDRAWING = "withdrawing"  # 冲正 asked before any answer came: pending
    SETTLED = "settled"  # final, on a business day
    REFUSED = "refused"  # a rule or the insured area said no
    EXPIRED = "expired"  # the insured area did not answer in time
    WITHDRAWN = "withdrawn"  # undone before it was settled
    REVERSING = "reversing"  # settled, and being undone
    REVERSED = "reversed"  # undone on a business day


class Event(StrEnum):
    """What moves a settlement: two things a hospital asks, the hub's six outcomes, and the clock."""

    CANCEL = "cancel"  # the hospital asks: 撤销
    WITHDRAW = "withdraw"  # the hospital asks: 冲正
    SETTLED = "settled"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REVERSED = "reversed"
    KEPT = "kept"
    LAPSE = "lapse"  # T has come without an answer: void here, whatever the hub says later


S, E = State, Event
# fmt: off
SETTLEMENT = StateMachine(name="treatment settlement", initial=(S.REQUESTED,), steps=(
    #    from            on            to             why
    Step(S.REQUESTED,    E.SETTLED,    S.SETTLED,     "the insured area granted, the hub settled"),
    Step(S.REQUESTED,    E.REFUSED,    S.REFUSED,     "a rule or the insured area said no"),
    Step(S.REQUESTED,    E.EXPIRED,    S.EXPIRED,     "no answer by the hub's deadline"),
    Step(S.REQUESTED,    E.WITHDRAWN,  S.WITHDRAWN,   "the hub knew of a withdrawal"),
    Step(S.REQUESTED,    E.WITHDRAW,   S.WITHDRAWING, "the hospital never saw an answer"),
    Step(S.REQUESTED,    E.LAPSE,      S.WITHDRAWING, "no answer by T: we withdraw it ourselves"),
    Step(S.WITHDRAWING,  E.SETTLED,    S.REVERSING,   "the answer crossed the withdrawal: the hub reverses it next"),
    Step(S.WITHDRAWING,  E.REFUSED,    S.REFUSED,     "there was nothing to withdraw"),
    Step(S.WITHDRAWING,  E.EXPIRED,    S.EXPIRED,     "there was nothing to withdraw"),
    Step(S.WITHDRAWING,  E.WITHDRAWN,  S.WITHDRAWN,   "undone in time"),
    Step(S.WITHDRAWING,  E.REVERSED,   S.REVERSED,    "overtook the answer that it was settled, which is still to come"),
    Step(S.SETTLED,      E.CANCEL,     S.REVERSING,   "the hospital cancels"),
    Step(S.SETTLED,      E.WITHDRAW,   S.REVERSING,   "the hospital never saw the answer"),
    Step(S.SETTLED,      E.REVERSED,   S.REVERSED,    "the hub reversed it, whoever asked"),
    Step(S.REVERSING,    E.REVERSED,   S.REVERSED,    "released and posted back"),
    Step(S.REVERSING,    E.KEPT,       S.SETTLED,     "the insured area keeps it, with its reason"),
    # Answers that come late or again change nothing.
    Step(S.SETTLED,      E.SETTLED,    S.SETTLED,     "told again"),
    Step(S.SETTLED,      E.KEPT,       S.SETTLED,     "told again"),
    Step(S.REVERSING,    E.SETTLED,    S.REVERSING,   "told again"),
    Step(S.REVERSED,     E.REVERSED,   S.REVERSED,    "told again"),
    Step(S.REVERSED,     E.SETTLED,    S.REVERSED,    "told again, or late: then its day is noted"),
    Step(S.REFUSED,      E.REFUSED,    S.REFUSED,     "told again"),
    Step(S.REFUSED,      E.WITHDRAWN,  S.REFUSED,     "a withdrawal of nothing"),
    Step(S.EXPIRED,      E.EXPIRED,    S.EXPIRED,     "told again"),
    Step(S.EXPIRED,      E.WITHDRAWN,  S.EXPIRED,     "a withdrawal of nothing"),
    Step(S.WITHDRAWN,    E.WITHDRAWN,  S.WITHDRAWN,   "told again"),
    Step(S.WITHDRAWN,    E.REFUSED,    S.WITHDRAWN,   "the request itself came after its withdrawal"),
    Step(S.WITHDRAWN,    E.EXPIRED,    S.WITHDRAWN,   "told late"),
))
# fmt: on

PENDING = frozenset({S.REQUESTED, S.WITHDRAWING, S.REVERSING})
"""A hospital that waits must go on waiting."""
UNANSWERED = frozenset({S.REQUESTED, S.WITHDRAWING})
"""Whether anything comes of it is still open."""
LIVE = frozenset({S.REQUESTED, S.WITHDRAWING, S.SETTLED, S.REVERSING})
"""A visit has at most one of these, mid-stay settlements apart."""
WITH_SHARES = frozenset({S.SETTLED, S.REVERSING, S.REVERSED})
"""Settled once: shares are there, and the business date unless the reversal was heard first."""


@dataclass(frozen=True, slots=True)
class Split:
    """The four parts of a bill, fen: 全自费, 超限价, 先行自付, 符合政策范围."""

    fully_own_fen: int
    over_ceiling_fen: int
    first_self_pay_fen: int
    in_scope_fen: int

    def parts_fen(self) -> tuple[int, int, int, int]:
        own = (self.fully_own_fen, self.over_ceiling_fen, self.first_self_pay_fen)
        return (*own, self.in_scope_fen)

    def total_fen(self) -> int:
        return sum(self.parts_fen())


class OwnVisit(NamedTuple):
    """A visit by the hospital's own number: it is settled once, though it was never opened here."""

    hospital_code: str
    person_id: PersonId
    number: str


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """How far such a number is settled, and the visit that was opened under it, if one was."""

    settled: Settled = Settled.NOTHING
    visit_id: VisitId | None = None


NOT_KNOWN = OwnStanding()


@dataclass(frozen=True, slots=True)
class SettleRequest:
    """Settle (or try out) a bill.

    With `visit_id` the visit's person, place of insurance and admission count; without one
    `admitted_on` and `visit_kind` are needed and a visit is opened. `split` counts only when the
    visit has no stored fee lines. `mid_stay`: 中途结算, of which a visit may have several.
    `own_visit_no`: the hospital's own number of a visit that was never opened here.
    """

    msgid: str
    hospital_code: str
    visit_id: VisitId | None
    person_id: PersonId
    insured_division: DivisionCode
    insurance_kind: InsuranceKind
    total_fen: int
    split: Split | None = None
    own_visit_no: str | None = None
    visit_kind: VisitKind | None = None
    admitted_on: date | None = None
    discharged_on: date | None = None
    disease_code: str | None = None
    flags: tuple[str, ...] = ()
    use_account: bool = False
    mid_stay: bool = False
    sealed_identity: str | None = None
    echo_json: str = "{}"

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)

    @property
    def own_visit(self) -> "OwnVisit | None":
        if self.visit_id is not None or self.own_visit_no is None:
            return None
        return OwnVisit(self.hospital_code, self.person_id, self.own_visit_no)


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Cancel a settlement the hospital knows of; visit, person and `is_stay`, where given, must be
    its own: 2208 cancels no stay, and 2305 nothing else.
    """

    msgid: str
    hospital_code: str
    settlement_id: SettlementId
    visit_id: VisitId | None = None
    person_id: PersonId | None = None
    is_stay: bool | None = None

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)


@dataclass(frozen=True, slots=True)
class WithdrawRequest:
    """Undo whatever the message `original_msgid` of this hospital did, or will do."""

    msgid: str
    hospital_code: str
    original_msgid: str
    original_infno: str
    person_id: PersonId | None = None

    @property
    def key(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.msgid)

    @property
    def original(self) -> MessageKey:
        return MessageKey(self.hospital_code, self.original_msgid)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A settlement as stored. `balance_fen`: of the personal account after it, if said. `code` and `detail` say why it was refused, voided or kept."""

    settlement_id: SettlementId
    visit_id: VisitId
    msgid: str
    hospital_code: str
    person_id: PersonId
    insured_division: DivisionCode
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    admitted_on: date
    discharged_on: date
    disease_code: str | None
    flags: tuple[str, ...]
    use_account: bool
    mid_stay: bool
    bill: Bill
    state: State
    shares: Shares | None
    deductible_fen: int
    balance_fen: int | None
    code: RefusalCode | None
    detail: str
    business_date: date | None
    reversed_on: date | None
    requested_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    lapsed_at: datetime | None
    undone_at: datetime | None
    settled_at: datetime | None
    own_visit_no: str | None
    echo_json: str

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING and not (self.is_void or self.is_undone)

    @property
    def is_undone(self) -> bool:
        """Settled, and undone: the hub has said so, or T came while it had not, and we did."""
        return self.state is State.REVERSED or self.undone_at is not None

    @property
    def is_void(self) -> bool:
        """The hub had not answered by T: what it says since then undoes, and changes nothing."""
        return self.lapsed_at is not None
