"""How breaks, repairs and sheets look over HTTP."""

from base64 import b64decode
from binascii import Error as NotBase64
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.message import Frozen
from contracts.refusal import RefusalCode, Refused
from hub.api.deps import Day
from hub.api.fields import AnArea
from hub.domain.reconciliation import WORDS, BreakClass
from hub.domain.repair import KIND_ZH, BreakQuery, BreakStep, QueuedBreak, RepairKind, RepairState
from hub.papers.break_sheets import BYTES_MAX
from hub.services.break_queue import History
from hub.services.proposing_repairs import REPAIRS_MAX
from hub.services.repair_sheets import Change
from hub.store.break_queue import ClassSum

BreakId = Annotated[int, Field(ge=1, le=2**62)]
BreakIds = Annotated[list[BreakId], Field(min_length=1, max_length=REPAIRS_MAX)]
Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
Person = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]


class Asked(Frozen):
    """Which breaks of the queue; what is left out asks for any."""

    classes: Annotated[tuple[BreakClass, ...] | None, Field(min_length=1, max_length=20)] = None
    role: Role | None = None
    area: AnArea | None = None
    counterpart: AnArea | None = None
    owner: Person | None = None
    first_date: Day | None = None
    last_date: Day | None = None
    at_least_fen: Annotated[int, Field(ge=0, le=2**62)] | None = None

    def query(self, *, free_only: bool = False) -> BreakQuery:
        return BreakQuery(
            classes=self.classes,
            role=self.role,
            area=None if self.area is None else AreaCode(self.area),
            counterpart=None if self.counterpart is None else AreaCode(self.counterpart),
            owner=self.owner,
            first_date=self.first_date,
            last_date=self.last_date,
            at_least_fen=self.at_least_fen,
            free_only=free_only,
        )


class QueuedView(BaseModel):
    """An open break: `age_s` from the agreed time; `proposed` of the `fitting` repairs."""

    break_id: int
    business_date: date
    role: Role
    area: str
    break_class: BreakClass
    class_zh: str
    cause_zh: str
    counterpart: str | None
    insurance_kind: InsuranceKind | None
    visit_kind: VisitKind | None
    settlement_id: UUID | None
    sign: int | None
    hub_fen: int | None
    side_fen: int | None
    other_date: date | None
    at_risk_fen: int
    since: datetime
    age_s: int
    owner: str | None
    proposed: RepairKind
    proposed_zh: str
    fitting: list[RepairKind]
    proposal_id: UUID | None
    repair_kind: RepairKind | None
    repair_state: RepairState | None
    hospital_code: str | None

    @classmethod
    def of(cls, one: QueuedBreak, now: datetime) -> "QueuedView":
        day, role, area = one.side
        counterpart, insurance, visit = one.found.bucket or (None, None, None)
        settlement_id, sign = one.found.row or (None, None)
        name, cause = WORDS[one.found.break_class]
        return cls(
            break_id=one.break_id,
            business_date=day,
            role=role,
            area=area,
            break_class=one.found.break_class,
            class_zh=name,
            cause_zh=cause,
            counterpart=counterpart,
            insurance_kind=insurance,
            visit_kind=visit,
            settlement_id=settlement_id,
            sign=sign,
            hub_fen=one.found.hub_fen,
            side_fen=one.found.side_fen,
            other_date=one.found.other_date,
            at_risk_fen=one.at_risk_fen,
            since=one.since,
            age_s=max(0, int((now - one.since).total_seconds())),
            owner=one.owner,
            proposed=one.proposed,
            proposed_zh=KIND_ZH[one.proposed],
            fitting=list(one.fitting),
            proposal_id=one.proposal_id,
            repair_kind=one.repair_kind,
            repair_state=one.repair_state,
            hospital_code=one.hospital_code,
        )


class ClassSumView(BaseModel):
    """The open breaks of one class: how many, at risk, the oldest, and how many are in hand."""

    break_class: BreakClass
    class_zh: str
    count: int
    at_risk_fen: int
    oldest_age_s: int
    owned: int
    proposed: int

    @classmethod
    def of(cls, one: ClassSum, now: datetime) -> "ClassSumView":
        return cls(
            break_class=one.break_class,
            class_zh=WORDS[one.break_class][0],
            count=one.count,
            at_risk_fen=one.at_risk_fen,
            oldest_age_s=max(0, int((now - one.oldest_since).total_seconds())),
            owned=one.owned,
            proposed=one.proposed,
        )


class StepView(BaseModel):
    at: datetime
    by: str
    step: BreakStep
    detail: str
    proposal_id: UUID | None
    repair_id: UUID | None


class RepairView(BaseModel):
    """An approved repair; entries as the area answered, None before it has."""

    repair_id: UUID
    kind: RepairKind
    kind_zh: str
    state: RepairState
    proposal_id: UUID
    ordered_at: datetime
    taken_out: int | None
    put_in: int | None


class HistoryView(BaseModel):
    """A break with all that was done about it; `queued` None: it is resolved, or not due yet."""

    break_id: int
    is_resolved: bool
    queued: QueuedView | None
    repairs: list[RepairView]
    steps: list[StepView]

    @classmethod
    def of(cls, break_id: int, found: History, now: datetime) -> "HistoryView":
        fields = StepView.model_fields
        return cls(
            break_id=break_id,
            is_resolved=found.is_resolved,
            queued=None if found.queued is None else QueuedView.of(found.queued, now),
            repairs=[_repair(found, n) for n in range(len(found.repairs))],
            steps=[
                StepView(**{name: getattr(one, name) for name in fields}) for one in found.steps
            ],
        )


class Chosen(Frozen):
    """Breaks by their numbers."""

    break_ids: BreakIds


class Given(Chosen):
    """Breaks, and the person who shall have them."""

    to: Person


class RepairWanted(Frozen):
    """Either breaks by number, or a query; `kind` left out: what is proposed for each."""

    break_ids: BreakIds | None = None
    query: Asked | None = None
    kind: RepairKind | None = None

    def check(self) -> None:
        """Refused: FIELD_MISSING for neither, FIELD_INVALID for both."""
        given = [one is not None for one in (self.break_ids, self.query)]
        if not any(given):
            raise Refused(RefusalCode.FIELD_MISSING, "break_ids、query")
        if all(given):
            raise Refused(RefusalCode.FIELD_INVALID, "break_ids、query")


class RepairProposed(RepairWanted):
    """What is wanted, and why. `count`: how many the preview showed; another number is refused."""

    reason: Reason
    count: Annotated[int, Field(ge=1, le=REPAIRS_MAX)] | None = None


class UndoProposed(Frozen):
    reason: Reason


class ChangeView(BaseModel):
    """What would be proposed for one break; `row` of the sheet, None without one."""

    row: int | None
    break_id: int
    class_zh: str
    at_risk_fen: int
    kind: RepairKind
    kind_zh: str
    reason: str

    @classmethod
    def of(cls, one: Change) -> "ChangeView":
        return cls.about(one.one, one.kind, row=one.row, reason=one.reason)

    @classmethod
    def about(
        cls, one: QueuedBreak, kind: RepairKind, *, row: int | None = None, reason: str = ""
    ) -> "ChangeView":
        return cls(
            row=row,
            break_id=one.break_id,
            class_zh=WORDS[one.found.break_class][0],
            at_risk_fen=one.at_risk_fen,
            kind=kind,
            kind_zh=KIND_ZH[kind],
            reason=reason,
        )


class PreviewView(BaseModel):
    """What would be proposed; nothing has changed. `sheet_sha256` with a sheet only."""

    count: int
    at_risk_fen: int
    changes: list[ChangeView]
    sheet_sha256: str | None = None


class SheetGiven(Frozen):
    """An edited sheet."""

    content_base64: Annotated[
        str, StringConstraints(min_length=1, max_length=BYTES_MAX * 2, pattern=r"^[0-9A-Za-z+/=]+$")
    ]

    def content(self) -> bytes:
        """Refused: TABLE_WRONG."""
        try:
            return b64decode(self.content_base64, validate=True)
        except (NotBase64, ValueError) as error:
            raise Refused(RefusalCode.TABLE_WRONG, "不是有效的xlsx文件") from error


class SheetTaken(SheetGiven):
    """The very sheet that was previewed."""

    sheet_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ProposedView(BaseModel):
    """What waits for the second person; a repeat sees how it was decided."""

    proposal_id: UUID
    subject: str
    value_fen: int | None
    state: str


class Touched(BaseModel):
    """How many breaks it changed."""

    count: int


def _repair(found: History, n: int) -> RepairView:
    one = found.repairs[n]
    answered = [
        order
        for order in found.orders
        if order.repair_id == one.repair_id and order.undoes is None and order.answered_at
    ]
    return RepairView(
        repair_id=one.repair_id,
        kind=one.kind,
        kind_zh=KIND_ZH[one.kind],
        state=one.state,
        proposal_id=one.proposal_id,
        ordered_at=one.ordered_at,
        taken_out=sum(order.taken_out or 0 for order in answered) if answered else None,
        put_in=sum(order.put_in or 0 for order in answered) if answered else None,
    )
