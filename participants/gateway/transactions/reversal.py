"""Undoing: 2208 and 2305 by the settlement's id, 2601 冲正 by the first message's id."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from contracts.ids import PersonId, SettlementId, id_of_short_text
from contracts.refusal import RefusalCode, Refused
from participants.gateway.serving.batching import batched
from participants.gateway.serving.requests import Awaiting, Facts, Request, Step, Subject, Work
from participants.gateway.wire.envelope import Reply, refusal
from participants.gateway.wire.visit_ids import visit_id_of
from participants.treatment.domain.results import Done, Refusal, Requested
from participants.treatment.domain.settlement import CancelRequest, State, WithdrawRequest
from participants.treatment.services import settlements

# HN's list of what 冲正 undoes; 2102 belongs to pharmacies, of which we may hear too.
WITHDRAWABLE = frozenset({"2102", "2207", "2304", "2401"})

OF_STAYS = "2305"


def cancel(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2208 and 2305: ask the hub to reverse a settlement that the hospital knows of."""

    def run(wishes: list[CancelRequest]) -> list[Requested | Done | Refusal]:
        results, outgoing = settlements.cancel(work.writing.tx, wishes, work.now, work.door.terms)
        work.writing.say(outgoing)
        return results

    return batched(requests, _cancel_wish, run, partial(_step, work))


def withdraw(work: Work, requests: Sequence[Request]) -> list[Step]:
    """2601: undo what a message did, or bury it before it comes."""

    def run(wishes: list[WithdrawRequest]) -> list[Requested | Done | Refusal]:
        results, outgoing = settlements.withdraw(work.writing.tx, wishes, work.now, work.door.terms)
        work.writing.say(outgoing)
        return results

    return batched(requests, _withdraw_wish, run, partial(_step, work))


def withdrawn(_work: Work, _request: Request, facts: Facts, settlement_id: UUID) -> Reply | None:
    """Undone is what is not settled: refused, expired, withdrawn, reversed, or void at T."""
    settlement = facts.settlements[settlement_id]
    if settlement.is_void or settlement.is_undone:
        return Reply(output={})
    if settlement.is_pending:
        return None
    if settlement.state is State.SETTLED:
        return refusal(settlement.code or RefusalCode.NOT_CANCELLABLE, settlement.detail)
    return Reply(output={})


def _step(work: Work, _request: Request, _wish: object, result: Requested | Done) -> Step:
    """Done without a settlement: there was nothing to undo, and never will be."""
    if isinstance(result, Requested):
        return Awaiting(Subject.SETTLEMENT, result.settlement_id, result.answer_by)
    if result.settlement_id is None:
        return Reply(output={})
    return Awaiting(Subject.SETTLEMENT, result.settlement_id, work.now)


def _cancel_wish(request: Request) -> CancelRequest:
    row = request.row
    try:
        settlement_id = SettlementId(id_of_short_text(row.text("setl_id")))
    except ValueError as error:
        raise Refused(RefusalCode.UNKNOWN_SETTLEMENT) from error
    return CancelRequest(
        msgid=request.envelope.msgid,
        hospital_code=request.envelope.institution_code,
        settlement_id=settlement_id,
        visit_id=visit_id_of(row.text("mdtrt_id")),
        person_id=PersonId(row.text("psn_no")),
        is_stay=request.envelope.infno == OF_STAYS,
    )


def _withdraw_wish(request: Request) -> WithdrawRequest:
    row = request.row
    if row.text("oinfno") not in WITHDRAWABLE:
        detail = f"原交易编号(oinfno){row.text('oinfno')}不支持冲正"
        raise Refused(RefusalCode.FIELD_INVALID, detail)
    return WithdrawRequest(
        msgid=request.envelope.msgid,
        hospital_code=request.envelope.institution_code,
        original_msgid=row.text("omsgid"),
        original_infno=row.text("oinfno"),
        person_id=PersonId(row.text("psn_no")),
    )
