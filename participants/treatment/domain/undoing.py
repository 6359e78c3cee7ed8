"""What a hospital hears when it cancels 撤销 or withdraws 冲正, state by state."""

from collections.abc import Mapping

from contracts.codes import VisitKind
from contracts.refusal import RefusalCode
from participants.treatment.domain.answering import Standing
from participants.treatment.domain.results import Done, Refusal, Requested
from participants.treatment.domain.settlement import (
    SETTLEMENT,
    CancelRequest,
    Event,
    State,
    WithdrawRequest,
)

ON_ITS_WAY: Mapping[Event, frozenset[State]] = {
    Event.CANCEL: frozenset({State.REVERSING}),
    Event.WITHDRAW: frozenset({State.WITHDRAWING, State.REVERSING}),
}
"""Asked of the hub already: wait for the same answer, send nothing."""

OVER: Mapping[Event, frozenset[State]] = {
    Event.CANCEL: frozenset({State.REVERSED}),
    Event.WITHDRAW: frozenset({State.REFUSED, State.EXPIRED, State.WITHDRAWN, State.REVERSED}),
}
"""Nothing is left to undo."""


def without_a_step(before: Standing, event: Event) -> Requested | Done | Refusal | None:
    """What a wish comes to that moves nothing; None when it moves the settlement."""
    if before.is_void:
        is_undone = event is Event.WITHDRAW
        return Done(before.settlement_id) if is_undone else Refusal(RefusalCode.NOT_CANCELLABLE)
    if before.state in ON_ITS_WAY[event]:
        return Requested(before.settlement_id, before.answer_by)
    if before.state in OVER[event]:
        return Done(before.settlement_id)
    if not SETTLEMENT.allows(before.state, event):
        return Refusal(RefusalCode.NOT_CANCELLABLE)
    return None


def is_of(request: CancelRequest, before: Standing) -> bool:
    """Whether a hospital cancels its own settlement, of the visit and person it names."""
    return (
        before.hospital_code == request.hospital_code
        and request.visit_id in (None, before.visit_id)
        and request.person_id in (None, before.person_id)
        and request.is_stay in (None, before.visit_kind is VisitKind.INPATIENT)
    )


def is_by(request: WithdrawRequest, before: Standing) -> bool:
    """Whether a hospital withdraws a request of its own for the person that it was for."""
    return request.person_id in (None, before.person_id)
