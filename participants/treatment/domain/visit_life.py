"""The life of a visit as two tables: what its state permits, and what its settlements permit."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.codes import VisitKind
from contracts.refusal import RefusalCode
from contracts.state_machine import StateMachine, Step
from participants.treatment.domain.results import Refusal


class VisitState(StrEnum):
    """Where a visit stands, whatever has been settled of it."""

    IN_CARE = "in_care"  # 挂号 or 入院: the person is being treated
    DISCHARGED = "discharged"  # 出院: what is left are late fees and the settlement
    CANCELLED = "cancelled"  # the registration or admission was undone: nothing moves it


class VisitEvent(StrEnum):
    """What a hospital says about a visit after it has opened it."""

    DIAGNOSE = "diagnose"  # 2203
    CHANGE = "change"  # 2403
    ADD_LINES = "add_lines"  # 2204, 2301
    REMOVE_LINES = "remove_lines"  # 2205, 2302
    SETTLE = "settle"  # 2206, 2207, 2303, 2304, mid-stay or final
    DISCHARGE = "discharge"  # 2402
    UNDO_DISCHARGE = "undo_discharge"  # 2405
    UNREGISTER = "unregister"  # 2202
    UNDO_ADMISSION = "undo_admission"  # 2404


S, E = VisitState, VisitEvent
# fmt: off
VISIT = StateMachine(name="visit", initial=(S.IN_CARE,), steps=(
    #    from          on                 to             why
    Step(S.IN_CARE,    E.DIAGNOSE,        S.IN_CARE,     "what the out-patient has, as often as it changes"),
    Step(S.IN_CARE,    E.CHANGE,          S.IN_CARE,     "what was said at admission, corrected"),
    Step(S.IN_CARE,    E.ADD_LINES,       S.IN_CARE,     "day by day, or batch by batch; refunds too"),
    Step(S.IN_CARE,    E.REMOVE_LINES,    S.IN_CARE,     "lines that no settlement has taken"),
    Step(S.IN_CARE,    E.SETTLE,          S.IN_CARE,     "out-patients, mid-stay, and who tells the discharge with the bill"),
    Step(S.IN_CARE,    E.DISCHARGE,       S.DISCHARGED,  "the person leaves"),
    Step(S.IN_CARE,    E.UNREGISTER,      S.CANCELLED,   "the out-patient never came"),
    Step(S.IN_CARE,    E.UNDO_ADMISSION,  S.CANCELLED,   "the in-patient was never admitted"),
    Step(S.DISCHARGED, E.CHANGE,          S.DISCHARGED,  "corrected before the bill"),
    Step(S.DISCHARGED, E.ADD_LINES,       S.DISCHARGED,  "fees that come in late"),
    Step(S.DISCHARGED, E.REMOVE_LINES,    S.DISCHARGED,  "lines that no settlement has taken"),
    Step(S.DISCHARGED, E.SETTLE,          S.DISCHARGED,  "the bill"),
    Step(S.DISCHARGED, E.DISCHARGE,       S.DISCHARGED,  "said again, with another day or diagnosis"),
    Step(S.DISCHARGED, E.UNDO_DISCHARGE,  S.IN_CARE,     "the person stays after all"),
))
# fmt: on


class Settled(StrEnum):
    """How much of a visit its live settlements cover: those neither void nor reversed."""

    NOTHING = "nothing"
    PARTLY = "partly"  # in mid-stay only 中途结算
    BEING = "being"  # a mid-stay settlement waits for the hub's answer
    UNDOING = "undoing"  # the final bill is void, but the hub has not said so yet
    WHOLLY = "wholly"  # the final bill is asked for, settled, or being undone


NOT_WHOLLY = frozenset({Settled.NOTHING, Settled.PARTLY, Settled.BEING})
PERMITTED: Mapping[VisitEvent, frozenset[Settled]] = {
    E.DIAGNOSE: NOT_WHOLLY,
    E.CHANGE: NOT_WHOLLY,
    E.ADD_LINES: NOT_WHOLLY,
    E.REMOVE_LINES: frozenset(Settled),  # The lines themselves say whether they are settled.
    E.SETTLE: NOT_WHOLLY,
    E.DISCHARGE: NOT_WHOLLY,
    E.UNDO_DISCHARGE: NOT_WHOLLY,
    E.UNREGISTER: frozenset({Settled.NOTHING}),
    E.UNDO_ADMISSION: frozenset({Settled.NOTHING}),
}
"""In every other case the answer is ALREADY_SETTLED: undo the settlement first.

UNDOING it is undone already, and in a moment the hub has said so; what it kept after all is
settled again.
"""
# The hub is reminded of what is void many times within this, and answers the first when it is there.
AGAIN_AFTER_S = 10
UNDOING_NOW = Refusal(
    RefusalCode.TOO_BUSY, "上一笔结算作废处理中，请稍后重试", retry_after_s=AGAIN_AFTER_S
)

_IN = frozenset({VisitKind.INPATIENT})
_OUT = frozenset(VisitKind) - _IN
KINDS: Mapping[VisitEvent, frozenset[VisitKind]] = {
    E.DIAGNOSE: _OUT,
    E.UNREGISTER: _OUT,
    E.CHANGE: _IN,
    E.DISCHARGE: _IN,
    E.UNDO_DISCHARGE: _IN,
    E.UNDO_ADMISSION: _IN,
}
"""Of which visits an event is said; what is not here is said of all."""

_TOLD = {S.IN_CARE: "就诊中", S.DISCHARGED: "已出院", S.CANCELLED: "已撤销"}


@dataclass(frozen=True, slots=True)
class Moment:
    """As much of a visit as the tables look at."""

    kind: VisitKind
    state: VisitState
    settled: Settled


def refusal_of(visit: Moment, event: VisitEvent) -> Refusal | None:
    """Why this cannot be now: VISIT_OUT_OF_STEP, ALREADY_SETTLED or TOO_BUSY; None when it can."""
    if visit.kind not in KINDS.get(event, frozenset(VisitKind)):
        whose = "门诊" if visit.kind is VisitKind.INPATIENT else "住院"
        return Refusal(RefusalCode.VISIT_OUT_OF_STEP, f"该交易仅用于{whose}就诊")
    if visit.settled not in PERMITTED[event]:
        being_undone = visit.settled is Settled.UNDOING
        return UNDOING_NOW if being_undone else Refusal(RefusalCode.ALREADY_SETTLED)
    if not VISIT.allows(visit.state, event):
        return Refusal(RefusalCode.VISIT_OUT_OF_STEP, f"就诊{_TOLD[visit.state]}")
    return None
