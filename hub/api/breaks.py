"""The work queue of breaks 对账差错: look, take on, repair one or many, by query or by a sheet."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import TypeAdapter

from contracts.access import Principal
from contracts.refusal import RefusalCode, Refused
from hub.api.asking import RequestKey, asked
from hub.api.break_shapes import (
    Asked,
    BreakId,
    ChangeView,
    Chosen,
    ClassSumView,
    Given,
    HistoryView,
    PreviewView,
    ProposedView,
    QueuedView,
    RepairProposed,
    RepairWanted,
    SheetGiven,
    SheetTaken,
    Touched,
    UndoProposed,
)
from hub.api.deps import Now, Reading, Transaction, who_may
from hub.api.paging import PAGE_MAX, Cursor, Page, Size, after, page
from hub.domain.repair import QueuedBreak
from hub.domain.second_person import Proposal
from hub.services import break_queue, proposing_repairs, repair_sheets
from hub.services.asking import once

router = APIRouter(prefix="/breaks", tags=["对账差错 breaks"])

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KEY: TypeAdapter[int] = TypeAdapter(BreakId)


@router.post("/search", name="search_breaks", summary="差错工作队列")
def search(
    *,
    _: Annotated[Principal, Depends(who_may("search_breaks"))],
    body: Asked,
    tx: Reading,
    now: Now,
    size: Size = PAGE_MAX,
    cursor: Cursor = None,
) -> Page[QueuedView]:
    """Open breaks whose agreed time is over, by number."""
    last = after(cursor, _KEY) or 0
    found = break_queue.queued(tx, body.query(), after=last, count=size + 1)
    return page(found, size, lambda one: QueuedView.of(one, now), _KEY, lambda one: one.break_id)


@router.get("/sums", name="sum_breaks", summary="差错分类汇总")
def sums(
    _: Annotated[Principal, Depends(who_may("sum_breaks"))], tx: Reading, now: Now
) -> list[ClassSumView]:
    """The whole queue class by class."""
    return [ClassSumView.of(one, now) for one in break_queue.sums(tx)]


@router.post("/claim", name="claim_breaks", summary="认领差错")
def claim(
    principal: Annotated[Principal, Depends(who_may("claim_breaks"))],
    body: Chosen,
    writing: Transaction,
) -> Touched:
    count = break_queue.claim(writing.tx, body.break_ids, principal, writing.now)
    return Touched(count=count)


@router.post("/assign", name="assign_breaks", summary="指派差错")
def assign(
    principal: Annotated[Principal, Depends(who_may("assign_breaks"))],
    body: Given,
    writing: Transaction,
) -> Touched:
    count = break_queue.assign(writing.tx, body.break_ids, body.to, principal, writing.now)
    return Touched(count=count)


@router.post("/release", name="release_breaks", summary="放弃认领")
def release(
    principal: Annotated[Principal, Depends(who_may("release_breaks"))],
    body: Chosen,
    writing: Transaction,
) -> Touched:
    count = break_queue.release(writing.tx, body.break_ids, principal, writing.now)
    return Touched(count=count)


@router.post("/repairs/preview", name="preview_repairs", summary="差错处理预览")
def preview(
    _: Annotated[Principal, Depends(who_may("preview_repairs"))],
    body: RepairWanted,
    tx: Reading,
) -> PreviewView:
    """What would be proposed: of a query the breaks that are free, and that the repair fits."""
    changes = [ChangeView.about(one, body.kind or one.proposed) for one in _wanted(tx, body)]
    return _preview(changes)


@router.post("/repairs", name="propose_repairs", summary="提出差错处理")
def propose(
    principal: Annotated[Principal, Depends(who_may("propose_repairs"))],
    body: RepairProposed,
    writing: Transaction,
    key: RequestKey = None,
) -> ProposedView:
    """Put before a second person; nothing happens to the breaks before that person's yes.

    Refused: OUT_OF_STEP when another number of breaks is found than `count`.
    """
    tx, now = writing.tx, writing.now

    def propose_it() -> Proposal:
        wanted = dict.fromkeys(_chosen(tx, body), body.kind)
        return proposing_repairs.propose(tx, wanted, reason=body.reason, by=principal, now=now)

    request = asked(key, "propose_repairs", body)
    return _proposed(once(tx, request, propose_it, by=principal, now=now))


@router.post("/repairs/{repair_id}/undo", name="propose_undo_of_repair", summary="提出撤销处理")
def undo(
    principal: Annotated[Principal, Depends(who_may("propose_undo_of_repair"))],
    repair_id: UUID,
    body: UndoProposed,
    writing: Transaction,
    key: RequestKey = None,
) -> ProposedView:
    """Taking back by contrary entries is for two people, too."""
    tx, now, reason = writing.tx, writing.now, body.reason
    propose = partial(
        proposing_repairs.propose_undo, tx, repair_id, reason=reason, by=principal, now=now
    )
    request = asked(key, "propose_undo_of_repair", body, repair_id)
    return _proposed(once(tx, request, propose, by=principal, now=now))


@router.post(
    "/sheet-exports",
    name="export_breaks",
    summary="导出差错表",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
)
def export(
    _: Annotated[Principal, Depends(who_may("export_breaks"))], body: Asked, tx: Reading
) -> Response:
    """The queue as a workbook, to be edited and sent back."""
    headers = {"Content-Disposition": 'attachment; filename="breaks.xlsx"'}
    return Response(repair_sheets.out(tx, body.query()), media_type=XLSX, headers=headers)


@router.post("/sheet-previews", name="preview_sheet", summary="差错表预览")
def preview_sheet(
    _: Annotated[Principal, Depends(who_may("preview_sheet"))], body: SheetGiven, tx: Reading
) -> PreviewView:
    """What an edited sheet would propose; nothing is changed."""
    found = repair_sheets.preview(tx, body.content())
    return _preview([ChangeView.of(one) for one in found.changes], found.sheet_sha256)


@router.post("/sheets", name="propose_sheet", summary="按差错表提出处理")
def propose_sheet(
    principal: Annotated[Principal, Depends(who_may("propose_sheet"))],
    body: SheetTaken,
    writing: Transaction,
    key: RequestKey = None,
) -> ProposedView:
    """Only the very file that was previewed."""
    tx, now = writing.tx, writing.now
    propose = partial(
        repair_sheets.propose, tx, body.content(), body.sheet_sha256, by=principal, now=now
    )
    request = asked(key, "propose_sheet", body)
    return _proposed(once(tx, request, propose, by=principal, now=now))


@router.get("/{break_id}", name="show_break", summary="差错详情与处理历史")
def show(
    _: Annotated[Principal, Depends(who_may("show_break"))],
    break_id: BreakId,
    tx: Reading,
    now: Now,
) -> HistoryView:
    return HistoryView.of(break_id, break_queue.history(tx, break_id), now)


def _chosen(tx: Reading, body: RepairProposed) -> list[int]:
    """The breaks that are named, or that the query finds: as many as the preview showed."""
    if body.query is None:
        body.check()
        ids = list(body.break_ids or [])
    else:
        ids = [one.break_id for one in _wanted(tx, body)]
    if body.count is not None and body.count != len(ids):
        raise Refused(RefusalCode.OUT_OF_STEP, f"现为{len(ids)}笔，请重新预览")
    return ids


def _wanted(tx: Reading, body: RepairWanted) -> list[QueuedBreak]:
    body.check()
    if body.query is not None:
        return proposing_repairs.chosen_by(tx, body.query.query(free_only=True), body.kind)
    return proposing_repairs.checked(tx, dict.fromkeys(body.break_ids or [], body.kind))


def _preview(changes: list[ChangeView], sheet_sha256: str | None = None) -> PreviewView:
    return PreviewView(
        count=len(changes),
        at_risk_fen=sum(one.at_risk_fen for one in changes),
        changes=changes,
        sheet_sha256=sheet_sha256,
    )


def _proposed(found: Proposal) -> ProposedView:
    return ProposedView(
        proposal_id=found.proposal_id,
        subject=found.subject,
        value_fen=found.value_fen,
        state=found.state.value,
    )
