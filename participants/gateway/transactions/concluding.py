"""Replies to trials, settlements and cancellations once the hub has answered."""

from uuid import UUID

from contracts.codes import VisitKind
from contracts.refusal import RefusalCode
from participants.gateway.serving.requests import Facts, Request, Work
from participants.gateway.telling.settlement_block import without
from participants.gateway.transactions.telling import (
    no_settlement,
    settlement_output,
    trial_output,
)
from participants.gateway.wire.envelope import Reply, refusal
from participants.treatment.domain.settlement import State


def tried(
    work: Work, request: Request, facts: Facts, trial_id: UUID, otherwise: VisitKind
) -> Reply | None:
    """2206 and 2303: SETL without setl_id."""
    trial = facts.trials[trial_id]
    answer, shares = trial.answer, trial.shares
    if answer is None:
        return None
    if shares is None:
        return refusal(answer.code or RefusalCode.OUT_OF_STEP, answer.detail)
    if shares.total_fen() != trial.bill.total_fen:
        return refusal(RefusalCode.PARTS_DO_NOT_ADD_UP)  # The hub keeps no bill to compare with.
    output = trial_output(work, request, facts, trial_id, otherwise)
    return Reply(output=without(output, "setl_id"))


def not_tried(_work: Work, _request: Request, _facts: Facts, _trial_id: UUID) -> Reply | None:
    """2206 and 2303 at the limit. It is this message's answer for good: another may ask anew."""
    return refusal(RefusalCode.AREA_UNAVAILABLE)


def settled(work: Work, request: Request, facts: Facts, settlement_id: UUID) -> Reply | None:
    """2207 and 2304: the whole block SETL, or why there is no settlement."""
    settlement = facts.settlements[settlement_id]
    if settlement.is_pending:
        return None
    if settlement.state is State.SETTLED and not (settlement.is_void or settlement.is_undone):
        return Reply(output=settlement_output(work, request, facts, settlement))
    return no_settlement(settlement)


def cancelled(work: Work, request: Request, facts: Facts, settlement_id: UUID) -> Reply | None:
    """2208 and 2305: the settlement with negative amounts, or why it stands."""
    settlement = facts.settlements[settlement_id]
    if settlement.is_pending:
        return None
    if settlement.is_undone and not settlement.is_void:
        return Reply(output=settlement_output(work, request, facts, settlement, sign=-1))
    return refusal(settlement.code or RefusalCode.NOT_CANCELLABLE, settlement.detail)
