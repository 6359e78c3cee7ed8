"""Repairs 差错处理: which fit which break, which is proposed, how one goes on, what is at risk."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.codes import AreaCode, Role
from contracts.state_machine import StateMachine, Step
from hub.domain.reconciliation import WORDS, Break, BreakClass, SideKey
from hub.domain.settlement import State


class RepairKind(StrEnum):
    """What can be done about a break."""

    RESEND = "resend"  # tell the side the conclusion again
    REVERSE = "reverse"  # undo the settlement at the hub: reversing, then released
    ADOPT = "adopt"  # the area books as the hub has it, by contrary and new entries
    ASK = "ask"  # the area finds the cause


KIND_ZH: Mapping[RepairKind, str] = {
    RepairKind.RESEND: "重发结论",
    RepairKind.REVERSE: "中心冲正",
    RepairKind.ADOPT: "以中心为准",
    RepairKind.ASK: "请该方核查",
}
BY_ZH: Mapping[str, RepairKind] = {zh: kind for kind, zh in KIND_ZH.items()}

_R = RepairKind
# fmt: off
FITTING: Mapping[BreakClass, tuple[RepairKind, ...]] = {  # The first is the one that is proposed.
    BreakClass.ONLY_AT_HUB:       (_R.RESEND, _R.ADOPT, _R.REVERSE, _R.ASK),
    BreakClass.ONLY_AT_INSURED:   (_R.ADOPT, _R.RESEND, _R.ASK),
    BreakClass.ONLY_AT_TREATMENT: (_R.ADOPT, _R.ASK),
    BreakClass.ONLY_AT_HOSPITAL:  (_R.ASK,),
    BreakClass.AMOUNT:            (_R.ADOPT, _R.REVERSE, _R.ASK),
    BreakClass.FUND_SPLIT:        (_R.ADOPT, _R.REVERSE, _R.ASK),
    BreakClass.STATUS:            (_R.RESEND, _R.ADOPT, _R.REVERSE, _R.ASK),
    BreakClass.DUPLICATE:         (_R.ADOPT, _R.ASK),
    BreakClass.DAY:               (_R.ADOPT, _R.ASK),
    BreakClass.TOTALS:            (_R.ASK,),
    BreakClass.NO_REPORT:         (_R.ASK,),
}
# fmt: on
WHOLE_AT_RISK = frozenset({BreakClass.FUND_SPLIT, BreakClass.DAY})
"""The totals are equal, and yet the money is in the wrong fund or on the wrong day."""


class RepairState(StrEnum):
    """How far an approved repair has come."""

    ORDERED = "ordered"  # said to the area, or begun at the hub
    OBEYED = "obeyed"  # the area says that it has booked so
    WORKED = "worked"  # the next comparison agreed: the break is resolved
    FAILED = "failed"  # the area refused, or the break stayed: it is open for another repair
    UNDOING = "undoing"  # the contrary entries were ordered
    UNDONE = "undone"  # and are booked


class RepairEvent(StrEnum):
    """What moves it."""

    OBEY = "obey"
    REFUSE = "refuse"
    RESOLVE = "resolve"
    GIVE_UP = "give_up"
    UNDO = "undo"


_S, _E = RepairState, RepairEvent
# fmt: off
REPAIR = StateMachine(name="repair", initial=(_S.ORDERED,), steps=(
    Step(_S.ORDERED, _E.OBEY,    _S.OBEYED,  "the area has booked so"),
    Step(_S.ORDERED, _E.REFUSE,  _S.FAILED,  "the area says why not"),
    Step(_S.ORDERED, _E.RESOLVE, _S.WORKED,  "the comparison agrees"),
    Step(_S.ORDERED, _E.GIVE_UP, _S.FAILED,  "the break is still there after the time for it"),
    Step(_S.OBEYED,  _E.OBEY,    _S.OBEYED,  "another of its orders is booked"),
    Step(_S.OBEYED,  _E.REFUSE,  _S.FAILED,  "another of its orders is refused"),
    Step(_S.OBEYED,  _E.RESOLVE, _S.WORKED,  "the comparison agrees"),
    Step(_S.OBEYED,  _E.GIVE_UP, _S.FAILED,  "the break is still there after the time for it"),
    Step(_S.OBEYED,  _E.UNDO,    _S.UNDOING, "two people take it back"),
    Step(_S.WORKED,  _E.OBEY,    _S.WORKED,  "heard after the comparison agreed"),
    Step(_S.WORKED,  _E.REFUSE,  _S.WORKED,  "a later order was not needed"),
    Step(_S.WORKED,  _E.UNDO,    _S.UNDOING, "two people take it back"),
    Step(_S.FAILED,  _E.OBEY,    _S.FAILED,  "heard too late"),
    Step(_S.FAILED,  _E.REFUSE,  _S.FAILED,  "another of its orders is refused too"),
    Step(_S.FAILED,  _E.UNDO,    _S.UNDOING, "what it did is taken back"),
    Step(_S.UNDOING, _E.OBEY,    _S.UNDONE,  "the contrary entries are booked"),
    Step(_S.UNDOING, _E.REFUSE,  _S.UNDONE,  "there was nothing to take back"),
    Step(_S.UNDONE,  _E.OBEY,    _S.UNDONE,  "another order of it is taken back too"),
    Step(_S.UNDONE,  _E.REFUSE,  _S.UNDONE,  "another order of it had done nothing"),
))
# fmt: on
LIVE = frozenset({RepairState.ORDERED, RepairState.OBEYED})
"""Something is still to come of it: its break takes no second repair meanwhile."""


class BreakStep(StrEnum):
    """What happened to a break, as its history has it."""

    CLAIMED = "claimed"  # somebody took it on
    ASSIGNED = "assigned"  # somebody gave it to somebody
    RELEASED = "released"  # its owner gave it back
    PROPOSED = "proposed"  # a repair waits for the second person
    ORDERED = "ordered"  # the second person agreed: the repair has begun
    OBEYED = "obeyed"  # the area has booked so
    REFUSED = "refused"  # the area says why not
    WORKED = "worked"  # the comparison agrees
    FAILED = "failed"  # the break stayed
    UNDO_PROPOSED = "undo_proposed"  # taking it back waits for the second person
    UNDOING = "undoing"  # the contrary entries were ordered
    UNDONE = "undone"  # and are booked


@dataclass(frozen=True, slots=True)
class Repair:
    """One approved repair of one break."""

    repair_id: UUID
    break_id: int
    kind: RepairKind
    state: RepairState
    proposal_id: UUID
    ordered_at: datetime

    def after(self, event: RepairEvent) -> "Repair":
        """One step on; IllegalStep when the table has no such step."""
        return replace(self, state=REPAIR.after(self.state, event))


@dataclass(frozen=True, slots=True)
class QueuedBreak:
    """An open break whose agreed time is over, as an operator works on it.

    `since`: when the agreed time was over. `proposal_id`: a repair of it that waits for the
    second person. `settlement_state`: where the hub's settlement stands, None where it has none.
    `hospital_code`: of a difference between a hospital and its treatment area, found as it came.
    """

    break_id: int
    side: SideKey
    found: Break
    since: datetime
    owner: str | None
    proposal_id: UUID | None
    repair_kind: RepairKind | None
    repair_state: RepairState | None
    settlement_state: State | None
    hospital_code: str | None = None

    @property
    def at_risk_fen(self) -> int:
        return at_risk_fen(self.found)

    @property
    def is_engaged(self) -> bool:
        """Whether a repair is on its way, or waits for the second person."""
        return self.proposal_id is not None or self.repair_state in LIVE

    @property
    def fitting(self) -> tuple[RepairKind, ...]:
        if self.hospital_code is not None:
            return (RepairKind.ASK,)  # the hub's books have no part in it
        return fitting(self.found, self.settlement_state)

    @property
    def proposed(self) -> RepairKind:
        return self.fitting[0]

    def sides(self) -> list[SideKey]:
        """The comparisons that a repair changes: one, or two where a row is on another day."""
        if self.hospital_code is not None:
            return []
        day, role, area = self.side
        return [(on, role, area) for on in sorted({day, self.found.other_date or day})]

    @property
    def cause_zh(self) -> str:
        return WORDS[self.found.break_class][1]


@dataclass(frozen=True, slots=True)
class BreakQuery:
    """Which breaks of the queue; None asks for any. Amounts at risk in fen, days inclusive."""

    classes: tuple[BreakClass, ...] | None = None
    role: Role | None = None
    area: AreaCode | None = None
    counterpart: AreaCode | None = None
    owner: str | None = None
    first_date: date | None = None
    last_date: date | None = None
    at_least_fen: int | None = None
    free_only: bool = False


def at_risk_fen(found: Break) -> int:
    """How much money is in question; a break about no row in particular: what the totals differ."""
    hub_fen, side_fen = found.hub_fen or 0, found.side_fen or 0
    if found.break_class in WHOLE_AT_RISK:
        return max(abs(hub_fen), abs(side_fen))
    return abs(hub_fen - side_fen)


def fitting(found: Break, state: State | None) -> tuple[RepairKind, ...]:
    """The repairs of this very break: of its class, and of where the settlement stands."""
    return tuple(
        kind
        for kind in FITTING.get(found.break_class, (RepairKind.ASK,))
        if _is_possible(kind, found, state)
    )


def _is_possible(kind: RepairKind, found: Break, state: State | None) -> bool:
    if kind is RepairKind.ASK:
        return True
    if found.row is None:
        return False
    if kind is RepairKind.REVERSE:
        return state is State.SETTLED and found.row[1] == 1
    if kind is RepairKind.RESEND:
        # While it is being reversed there is no conclusion to tell; a wrong day would stay wrong.
        return state is not None and state not in {State.ROUTED, State.REVERSING}
    return True
