"""How cases end: by the table when the answer is in or its time has passed, or by an operator.

A decision in money is proposed to a second person, whose approval posts the adjustments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from pydantic import TypeAdapter
from sqlalchemy import Connection

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, InsuranceKind, VisitKind
from contracts.message import Outgoing
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from contracts.topics import HUB
from hub.domain import case_clock
from hub.domain.adjustment import Adjustment, AdjustmentReason
from hub.domain.case_states import CaseEvent, CaseState
from hub.domain.cases import (
    Basis,
    Case,
    CaseStep,
    Decision,
    Entry,
    Item,
    Outcome,
    Stage,
    decision_by_the_table,
)
from hub.domain.second_person import Proposal, ProposalKind
from hub.services import adjusting, case_answers, case_threads, cases, second_person
from hub.services.case_threads import Said
from hub.store import cases as store
from hub.store.case_threads import Bill, lock_bills

BY_THE_TABLE = Principal("hub.jobs", AccessRole.OPERATOR, None)
"""Who decides when nobody judges; a person is the second."""
_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)
OUTCOMES_ZH: dict[Outcome, str] = {
    Outcome.UPHELD: "支持",
    Outcome.DISMISSED: "不支持",
    Outcome.RESOLVED: "已办理",
    Outcome.UNANSWERED: "逾期未答复",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """An operator's decision, with its reason."""

    outcome: Outcome
    said: Said
    items: tuple[Item, ...] = ()
    penalty_fen: int = 0


def decide_due(tx: Connection, now: datetime, count_max: int) -> list[Outgoing]:
    """The job: send what waited for its batch, decide what was answered or is overdue.

    Whatever was declined by its second person comes back for an operator. Says nothing; run again,
    or by two processes at once, it does nothing twice.
    """
    _take_back(tx, store.take_sent_back(tx, count_max), now)
    due = store.take_due(tx, now, count_max)
    _release([case for case in due if case.state is CaseState.WAITING], tx, now)
    rest = [case for case in due if case.state is not CaseState.WAITING]
    items = store.items_of(tx, [case.case_id for case in rest])
    for case in rest:
        mine = items[case.case_id]
        decision = decision_by_the_table(case, mine[Stage.CLAIMED], mine[Stage.ADMITTED])
        if decision is None:
            _to_review(tx, case, CaseEvent.ESCALATE, now)
        else:
            conclude(tx, case, decision, BY_THE_TABLE, now=now)
    return []


def decide(
    tx: Connection, case_id: UUID, given: Judgement, by: Principal, *, keys: Sealer, now: datetime
) -> Case:
    """An operator's word on a case under review. The same again: the same case.

    Refused: UNKNOWN_CASE, OUT_OF_STEP, FIELD_INVALID and FIELD_MISSING as for an answer.
    """
    case = cases.locked(tx, case_id, by)
    event = CaseEvent.PROPOSE if given.items else CaseEvent.DECIDE
    if case_threads.is_said(tx, case, given.said, by, keys=keys, event=event):
        return case
    if case.state is not CaseState.REVIEW:
        raise Refused(RefusalCode.OUT_OF_STEP, case.state.value)
    _check(tx, case, given)
    entry = case_threads.write(tx, case, given.said, by, keys=keys, now=now)
    decision = Decision(given.outcome, Basis.OPERATOR, given.items, given.penalty_fen)
    return conclude(tx, case, decision, by, now=now, entry=entry)


def conclude(
    tx: Connection,
    case: Case,
    decision: Decision,
    by: Principal,
    *,
    now: datetime,
    entry: Entry | None = None,
) -> Case:
    """End a locked case, or put its decision before a second person when money moves by it."""
    if decision.moves_money():
        return _propose(tx, case, decision, by, now=now, entry=entry)
    after = case.after(CaseEvent.DECIDE, due_at=None)
    store.add_decision(tx, case, decision, by=by.subject, second=None, now=now)
    return cases.step(tx, case, after, CaseEvent.DECIDE, by, now=now, entry=entry)


def perform(
    tx: Connection, proposal: Proposal, by: Principal, now: datetime, _keys: Sealer | None
) -> list[Outgoing]:
    """The effect of an approved CASE_DECISION: the adjustments are posted and the case ends.

    Refused: OUT_OF_STEP when the case has moved on or no day is open, FIELD_INVALID when an amount
    goes beyond what is left by now, and as `adjusting.adjust`.
    """
    case = store.lock(tx, UUID(proposal.subject))
    assert case is not None, proposal.subject
    if case.state is not CaseState.PROPOSED or case.proposal_id != proposal.proposal_id:
        raise Refused(RefusalCode.OUT_OF_STEP, case.state.value)
    decision = _DECISION.validate_python(proposal.content)
    bills = lock_bills(tx, case.settlements)
    cases.check_amounts(tx, case, decision.items, bills)
    persons = (proposal.proposed_by, by.subject)
    store.add_decision(tx, case, decision, by=persons[0], second=persons[1], now=now)
    for item in decision.items:
        adjusting.adjust(tx, _adjustment(case, item, bills[item.settlement_id], persons), now)
    after = case.after(CaseEvent.APPROVE, due_at=None)
    cases.step(tx, case, after, CaseEvent.APPROVE, by, now=now)
    return []


def _propose(
    tx: Connection,
    case: Case,
    decision: Decision,
    by: Principal,
    *,
    now: datetime,
    entry: Entry | None,
) -> Case:
    proposal = second_person.propose(
        tx,
        ProposalKind.CASE_DECISION,
        subject=str(case.case_id),
        content=_DECISION.dump_python(decision, mode="json"),
        reason=_reason(case, decision),
        by=by,
        now=now,
        value_fen=sum(item.amount_fen for item in decision.items),
    )
    due_at = case_clock.review_by(case.kind, case.opened_at, now)
    after = case.after(CaseEvent.PROPOSE, proposal_id=proposal.proposal_id, due_at=due_at)
    return cases.step(tx, case, after, CaseEvent.PROPOSE, by, now=now, entry=entry)


def _reason(case: Case, decision: Decision) -> str:
    basis = {Basis.EVIDENCE: "答复", Basis.SILENCE: "逾期", Basis.OPERATOR: "人工裁定"}
    return f"协同事项{case.case_id}：{OUTCOMES_ZH[decision.outcome]}（{basis[decision.basis]}）"


def _release(waiting: Sequence[Case], tx: Connection, now: datetime) -> None:
    by = (now, HUB, BY_THE_TABLE.subject)
    steps = [CaseStep(case, CaseEvent.RELEASE, _sent(case, now), *by) for case in waiting]
    store.move(tx, steps)


def _sent(case: Case, now: datetime) -> Case:
    until = case_clock.answer_by_when_sent(case.kind, case.opened_at, case.answer_by, now)
    return case.after(CaseEvent.RELEASE, answer_by=until, due_at=until)


def _take_back(tx: Connection, declined: Sequence[Case], now: datetime) -> None:
    for case in declined:
        _to_review(tx, case, CaseEvent.DECLINE, now)


def _to_review(tx: Connection, case: Case, event: CaseEvent, now: datetime) -> None:
    due_at = case_clock.review_by(case.kind, case.opened_at, now)
    cases.step(tx, case, case.after(event, due_at=due_at), event, BY_THE_TABLE, now=now)


def _check(tx: Connection, case: Case, given: Judgement) -> None:
    upholds = given.outcome is Outcome.UPHELD
    if given.outcome is Outcome.UNANSWERED or (given.items and not upholds):
        raise Refused(RefusalCode.FIELD_INVALID, "outcome")
    if upholds:
        case_answers.check_admitted(tx, case, given.items)
    case_answers.check_penalty(case, given.penalty_fen, admits=upholds)


def _adjustment(case: Case, item: Item, bill: Bill, persons: tuple[str, str]) -> Adjustment:
    """A violating fee 审核扣款 lowers what the insured area owes; one taken wrongly raises it."""
    lowers = case.lowers_what_is_owed()
    return Adjustment(
        adjustment_id=uuid5(case.case_id, f"{item.settlement_id} {item.fund}"),
        insured_area=AreaCode(bill.insured_area),
        treatment_area=AreaCode(bill.treatment_area),
        insurance_kind=InsuranceKind(bill.insurance_kind),
        visit_kind=VisitKind(bill.visit_kind),
        fund=item.fund,
        amount_fen=case.sign() * item.amount_fen,
        reason=AdjustmentReason.AUDIT if lowers else AdjustmentReason.CORRECTION,
        cause=f"协同事项{case.case_id}裁定",
        by=persons[0],
        second=persons[1],
        settlement_id=item.settlement_id,
        case_id=case.case_id,
    )
