"""A case 协同事项: parties, claims, answers and what follows from them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.codes import Fund, Role
from contracts.ids import SettlementId
from hub.domain.case_states import CASE, CaseEvent, CaseState, CaseType


class Reply(StrEnum):
    """What the other side says, or that it says nothing."""

    ADMITS = "admits"  # 认可: the claim is right, wholly or in part; or a violation was found
    CONTESTS = "contests"  # 不认可、核查属实: with evidence
    REPLIES = "replies"  # 已办理: what a coordination asked for
    SILENT = "silent"  # 逾期未答复


class Outcome(StrEnum):
    """How a case ended."""

    UPHELD = "upheld"  # 支持 (查实违规)
    DISMISSED = "dismissed"  # 不支持 (核查属实)
    RESOLVED = "resolved"  # 已办理
    UNANSWERED = "unanswered"  # 逾期未答复


class Basis(StrEnum):
    """What a decision rests on."""

    EVIDENCE = "evidence"  # the other side answered in time: by the table, without anybody
    SILENCE = "silence"  # the other side's time passed: by the table, without anybody
    OPERATOR = "operator"  # a person at the hub decided


class Stage(StrEnum):
    """Whose word an amount of a case is."""

    CLAIMED = "claimed"  # the opener's
    ADMITTED = "admitted"  # the other side's
    DECIDED = "decided"  # what was, or is to be, posted


_T, _R, _O = CaseType, Reply, Outcome

# fmt: off
VERDICTS: Mapping[tuple[CaseType, Reply], Outcome] = {
    # type              what the other side did   outcome
    (_T.DISPUTE,        _R.ADMITS):               _O.UPHELD,
    (_T.DISPUTE,        _R.CONTESTS):             _O.DISMISSED,
    (_T.DISPUTE,        _R.SILENT):               _O.UPHELD,      # with all that was claimed
    (_T.ASSISTANCE,     _R.ADMITS):               _O.UPHELD,      # a violation was found
    (_T.ASSISTANCE,     _R.CONTESTS):             _O.DISMISSED,   # the bill is true
    (_T.ASSISTANCE,     _R.SILENT):               _O.UNANSWERED,  # silence proves no violation
    (_T.COORDINATION,   _R.REPLIES):              _O.RESOLVED,
    (_T.COORDINATION,   _R.SILENT):               _O.UNANSWERED,
}
"""The automatic decision. What is not here cannot be answered so."""
# fmt: on


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """An amount of one fund of one settlement, in fen and positive."""

    settlement_id: SettlementId
    fund: Fund
    amount_fen: int

    def __post_init__(self) -> None:
        assert self.amount_fen > 0, self


@dataclass(frozen=True, slots=True)
class Decision:
    """How a case ends; `items` are what is posted, `penalty_fen` 违约金 stays where it was paid."""

    outcome: Outcome
    basis: Basis
    items: tuple[Item, ...] = ()
    penalty_fen: int = 0

    def moves_money(self) -> bool:
        return bool(self.items)


@dataclass(frozen=True, slots=True)
class Case:
    """One matter. Parties are named as they sign ('insured.340000', 'treatment.310000', 'hub').

    `owner_party`: the first responder, whose matter it is from then on; `owner` is the person.
    `follows`: the decided case that its opener does not accept. `due_at`: whoever's turn it is has
    until then (the other side to answer, or the hub to decide); None when the case has ended.
    """

    case_id: UUID
    kind: CaseType
    opener: str
    respondents: tuple[str, ...]
    opened_by: str
    opened_at: datetime
    state: CaseState
    release_at: datetime | None
    take_by: datetime
    answer_by: datetime
    due_at: datetime | None
    settlements: tuple[SettlementId, ...] = ()
    follows: UUID | None = None
    step_count: int = 0
    extensions: int = 0
    owner_party: str | None = None
    owner: str | None = None
    owned_at: datetime | None = None
    reply: Reply | None = None
    answered_at: datetime | None = None
    penalty_fen: int = 0
    proposal_id: UUID | None = None

    def after(self, event: CaseEvent, **changes: Any) -> "Case":
        """One step on; IllegalStep when the table has no such step."""
        state = CASE.after(self.state, event)
        return replace(self, state=state, step_count=self.step_count + 1, **changes)

    def allows(self, event: CaseEvent) -> bool:
        return CASE.allows(self.state, event)

    def parties(self) -> tuple[str, ...]:
        return (self.opener, *self.respondents)

    def lowers_what_is_owed(self) -> bool:
        """Whose claim it is gives the direction: the insured side wants to owe less.

        What an audit took, a treatment area may claim back; the hub claims for nobody, so a
        violation that it asked about reduces what is owed.
        """
        return not self.opener.startswith(f"{Role.TREATMENT}.")

    def sign(self) -> int:
        return -1 if self.lowers_what_is_owed() else 1


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step of one case, as it is written; `entry_id` of the message that gives the reason."""

    before: Case
    event: CaseEvent
    after: Case
    at: datetime
    party: str
    by: str
    entry_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of the thread; `institution` for which hospital a treatment area speaks."""

    entry_id: UUID
    case_id: UUID
    party: str
    by: str
    at: datetime
    text: str
    institution: str | None = None

    def says_the_same_as(self, other: "Entry") -> bool:
        return replace(self, at=other.at) == other


def decision_by_the_table(
    case: Case, claimed: Iterable[Item], admitted: Iterable[Item]
) -> Decision | None:
    """What follows without anybody's judgement; None: an operator must decide.

    A dispute about a decided case that is contested again is nobody's but a person's to decide.
    """
    if case.follows is not None and case.reply is Reply.CONTESTS:
        return None
    if case.reply is None:
        outcome = VERDICTS[case.kind, Reply.SILENT]
        items = tuple(claimed) if outcome is Outcome.UPHELD else ()
        return Decision(outcome, Basis.SILENCE, items)
    outcome = VERDICTS[case.kind, case.reply]
    items = tuple(admitted) if outcome is Outcome.UPHELD else ()
    penalty_fen = case.penalty_fen if outcome is Outcome.UPHELD else 0
    return Decision(outcome, Basis.EVIDENCE, items, penalty_fen)


def exceeding(
    items: Iterable[Item],
    paid: Mapping[tuple[SettlementId, Fund], int],
    adjusted: Mapping[tuple[SettlementId, Fund], int],
    sign: int,
) -> Item | None:
    """The first item that goes too far, or None.

    What is left of a fund's part after all adjustments stays between nothing and that part: no
    more is taken than was paid, and no more comes back than was taken. `adjusted` is signed.
    """
    for item in items:
        key = (item.settlement_id, item.fund)
        left = paid.get(key, 0) + adjusted.get(key, 0) + sign * item.amount_fen
        if not 0 <= left <= paid.get(key, 0):
            return item
    return None


def is_within(admitted: Iterable[Item], claimed: Iterable[Item]) -> bool:
    """Whether nothing is admitted beyond what was claimed."""
    most = {(item.settlement_id, item.fund): item.amount_fen for item in claimed}
    return all(one.amount_fen <= most.get((one.settlement_id, one.fund), 0) for one in admitted)
