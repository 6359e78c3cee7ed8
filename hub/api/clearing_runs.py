"""The life of a clearing run over HTTP: frozen, issued, issued again, confirmed, closed."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StringConstraints

from contracts.access import Principal
from contracts.codes import AreaCode
from contracts.message import Frozen
from hub.api.asking import Proposed, RequestKey, asked
from hub.api.deps import Reading, Transaction, who_may
from hub.api.fields import AnArea
from hub.api.who_may import sees_all
from hub.domain.clearing import STATE_ZH, ClearingRun, RunEvent, RunState, RunStep
from hub.domain.netting import Netting
from hub.services import clearing, overriding
from hub.services.asking import once

router = APIRouter(prefix="/clearing-runs", tags=["清算 clearing"])

RUNS_MAX = 200
PAIRS_MAX = 1_000
Words = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
CycleName = Annotated[str, StringConstraints(min_length=7, max_length=20, pattern=r"^[0-9.-]+$")]


class RunSummary(BaseModel):
    """A run as it stands. `override_reason`: why two persons confirmed it; empty if they did not.

    The sums are of the whole country and for the hub's own people: an area sees None.
    """

    run_id: UUID
    cycle: str
    first_day: date
    last_day: date
    version: int
    state: RunState
    state_zh: str
    netting: Netting
    opened_at: datetime
    frozen_at: datetime | None
    issued_at: datetime | None
    confirmed_at: datetime | None
    paid_at: datetime | None
    closed_at: datetime | None
    override_proposal: UUID | None
    override_reason: str
    payable_fen: int | None
    receivable_fen: int | None


class StepView(BaseModel):
    """A step of its history; `by` and `why` are for the hub's own people."""

    position: int
    from_state: RunState
    event: RunEvent
    to_state: RunState
    to_state_zh: str
    version: int
    at: datetime
    by: str | None
    why: str | None


class RunDetail(RunSummary):
    """`unconfirmed`: answers that are missing or contest; None while no area was asked."""

    unconfirmed: int | None
    steps: list[StepView]


class Opening(Frozen):
    """`netting` None: as the terms of that time say."""

    cycle: CycleName
    netting: Netting | None = None


class APair(Frozen):
    insured_area: AnArea
    treatment_area: AnArea


class Freezing(Frozen):
    """`hold_over`: pairs whose days are left to a later run, with the reason."""

    hold_over: Annotated[tuple[APair, ...], Field(max_length=PAIRS_MAX)] = ()
    why: Words | None = None


class Again(Frozen):
    """Why the next version is made, and which pairs it leaves to a later run."""

    hold_over: Annotated[tuple[APair, ...], Field(max_length=PAIRS_MAX)] = ()
    why: Words


class Reason(Frozen):
    """Why the run shall stand without the areas' answers."""

    reason: Words


class OverrideProposed(Proposed):
    """`unconfirmed`: how many answers were missing when it was proposed."""

    unconfirmed: int


@router.get("", name="list_clearing_runs", summary="清算批次")
def listed(
    principal: Annotated[Principal, Depends(who_may("list_clearing_runs"))],
    tx: Reading,
    count_max: Annotated[int, Query(ge=1, le=RUNS_MAX)] = 24,
) -> list[RunSummary]:
    """The newest periods first."""
    return [RunSummary(**_summary(one, principal)) for one in clearing.listed(tx, count_max)]


@router.post("", name="open_clearing_run", summary="建立清算批次")
def open_run(
    principal: Annotated[Principal, Depends(who_may("open_clearing_run"))],
    body: Opening,
    writing: Transaction,
) -> RunSummary:
    """The run of a cycle; the one that is there if it was opened before."""
    found = clearing.open_run(writing.tx, body.cycle, now=writing.now, netting=body.netting)
    return RunSummary(**_summary(found, principal))


@router.get("/{run_id}", name="show_clearing_run", summary="清算批次及经过")
def show(
    principal: Annotated[Principal, Depends(who_may("show_clearing_run"))],
    run_id: UUID,
    tx: Reading,
) -> RunDetail:
    found = clearing.find_run(tx, run_id)
    asked = None if found.issued_at is None else clearing.unconfirmed(tx, found)
    steps = [_step(one, principal) for one in clearing.history(tx, run_id)]
    return RunDetail(**_summary(found, principal), unconfirmed=asked, steps=steps)


@router.post("/{run_id}/freeze", name="freeze_clearing_run", summary="冻结并核平")
def freeze(
    principal: Annotated[Principal, Depends(who_may("freeze_clearing_run"))],
    run_id: UUID,
    body: Freezing,
    writing: Transaction,
) -> RunSummary:
    """Reconciled, or broken where lines and ledger differ; then it may be frozen again."""
    found = clearing.freeze(
        writing.tx,
        run_id,
        by=principal.subject,
        now=writing.now,
        hold_over=_pairs(body.hold_over),
        why=body.why or "",
    )
    return RunSummary(**_summary(found, principal))


@router.post("/{run_id}/issue", name="issue_clearing_run", summary="出具清算明细")
def issue(
    principal: Annotated[Principal, Depends(who_may("issue_clearing_run"))],
    run_id: UUID,
    writing: Transaction,
) -> RunSummary:
    """Every area with a line is told."""
    found, outgoing = clearing.issue(writing.tx, run_id, by=principal.subject, now=writing.now)
    writing.say(outgoing)
    return RunSummary(**_summary(found, principal))


@router.post("/{run_id}/again", name="reissue_clearing_run", summary="重新出具下一版")
def again(
    principal: Annotated[Principal, Depends(who_may("reissue_clearing_run"))],
    run_id: UUID,
    body: Again,
    writing: Transaction,
) -> RunSummary:
    """The next version of a contested run."""
    found, outgoing = clearing.again(
        writing.tx,
        run_id,
        hold_over=_pairs(body.hold_over),
        why=body.why,
        by=principal.subject,
        now=writing.now,
    )
    writing.say(outgoing)
    return RunSummary(**_summary(found, principal))


@router.post("/{run_id}/confirm", name="confirm_clearing_run", summary="确认清算批次")
def confirm(
    principal: Annotated[Principal, Depends(who_may("confirm_clearing_run"))],
    run_id: UUID,
    writing: Transaction,
) -> RunSummary:
    """Only once both areas of every line have confirmed it; then what is owed stands."""
    found = clearing.confirm(writing.tx, run_id, by=principal.subject, now=writing.now)
    return RunSummary(**_summary(found, principal))


@router.post("/{run_id}/override", name="override_clearing_run", summary="申请强制确认")
def override(
    principal: Annotated[Principal, Depends(who_may("override_clearing_run"))],
    run_id: UUID,
    body: Reason,
    writing: Transaction,
    key: RequestKey = None,
) -> OverrideProposed:
    """Put before a second person; approved, the run stands and is marked with the reason."""
    tx, now = writing.tx, writing.now
    propose = partial(overriding.propose, tx, run_id, reason=body.reason, by=principal, now=now)
    request = asked(key, "override_clearing_run", body, run_id)
    found = once(tx, request, propose, by=principal, now=now)
    return OverrideProposed(
        proposal_id=found.proposal_id,
        state=found.state,
        unconfirmed=found.content["unconfirmed"],
    )


@router.post("/{run_id}/close", name="close_clearing_run", summary="清算批次关账")
def close(
    principal: Annotated[Principal, Depends(who_may("close_clearing_run"))],
    run_id: UUID,
    writing: Transaction,
) -> RunSummary:
    """Once all is paid and received; nothing of it changes any more."""
    found = clearing.close(writing.tx, run_id, by=principal.subject, now=writing.now)
    return RunSummary(**_summary(found, principal))


def _pairs(given: Sequence[APair]) -> list[tuple[AreaCode, AreaCode]]:
    return [(AreaCode(one.insured_area), AreaCode(one.treatment_area)) for one in given]


def _summary(one: ClearingRun, principal: Principal) -> dict[str, object]:
    is_ours = sees_all(principal)
    return {
        "run_id": one.run_id,
        "cycle": one.cycle,
        "first_day": one.first_day,
        "last_day": one.last_day,
        "version": one.version,
        "state": one.state,
        "state_zh": STATE_ZH[one.state],
        "netting": one.netting,
        "opened_at": one.opened_at,
        "frozen_at": one.frozen_at,
        "issued_at": one.issued_at,
        "confirmed_at": one.confirmed_at,
        "paid_at": one.paid_at,
        "closed_at": one.closed_at,
        "override_proposal": one.override_proposal,
        "override_reason": one.override_reason,
        "payable_fen": one.payable_fen if is_ours else None,
        "receivable_fen": one.receivable_fen if is_ours else None,
    }


def _step(one: RunStep, principal: Principal) -> StepView:
    is_ours = sees_all(principal)
    return StepView(
        position=one.position,
        from_state=one.from_state,
        event=one.event,
        to_state=one.to_state,
        to_state_zh=STATE_ZH[one.to_state],
        version=one.version,
        at=one.at,
        by=one.by if is_ours else None,
        why=one.why if is_ours else None,
    )
