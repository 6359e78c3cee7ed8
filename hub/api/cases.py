"""Cases 协同事项 over HTTP: opened and read by their parties, each its own only."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, TypeAdapter

from contracts.access import Principal
from contracts.ids import SettlementId, id_of_effect
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.api.case_shapes import OpeningWanted, items_of
from hub.api.case_views import CaseInFull, CaseView, in_full, view
from hub.api.deps import Now, Reading, TheHub, Transaction, who_may
from hub.api.paging import Cursor, Page, Size, after, page
from hub.api.registrations import IdempotencyKey
from hub.domain.attachments import KINDS
from hub.domain.case_states import CaseState, CaseType
from hub.domain.cases import Case
from hub.services import case_look_ups, case_threads, cases, opening_cases
from hub.services.case_parties import parties_seen_by
from hub.services.case_threads import Said
from hub.services.opening_cases import Opening
from hub.store.cases import Wanted

router = APIRouter(prefix="/cases", tags=["协同事项 cases"])
_KEY: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[AwareDatetime, UUID])
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {facts.media_type: {} for facts in KINDS.values()}}
}


def keys_of(hub: TheHub) -> Sealer:
    """What seals the threads. Refused: NOT_ALLOWED when this hub has no key for it."""
    if hub.case_keys is None:
        raise Refused(RefusalCode.NOT_ALLOWED, "枢纽未配置YIDI_HUB_SEALING_KEYS，不能受理协同事项")
    return hub.case_keys


Keys = Annotated[Sealer, Depends(keys_of)]


@router.post("", status_code=201, name="open_case", summary="发起争议、费用协查或问题协同")
def open_one(
    principal: Annotated[Principal, Depends(who_may("open_case"))],
    body: OpeningWanted,
    key: IdempotencyKey,
    keys: Keys,
    writing: Transaction,
) -> CaseView:
    """The key is the case's id: the same key and content gives the same case.

    A dispute and an assistance go to the other side of their settlements. An assistance is of one
    inpatient bill over the threshold, and waits for the day of its batch.
    """
    said = Said(id_of_effect(key, "case opened"), body.text, body.institution)
    opening = Opening(
        case_id=key,
        kind=body.type,
        said=said,
        respondents=tuple(body.respondents),
        settlements=tuple(SettlementId(one) for one in body.settlements),
        claimed=items_of(body.items),
        follows=body.follows,
    )
    case = opening_cases.open_case(writing.tx, opening, principal, keys=keys, now=writing.now)
    first = case_look_ups.openings(writing.tx, [case], keys).get(case.case_id)
    return view(case, first, writing.now)


@router.get("", name="list_cases", summary="协同事项列表")
def listed(  # noqa: PLR0917 - FastAPI gives each
    principal: Annotated[Principal, Depends(who_may("list_cases"))],
    keys: Keys,
    now: Now,
    tx: Reading,
    state: Annotated[list[CaseState] | None, Query(max_length=len(CaseState))] = None,
    type_: Annotated[list[CaseType] | None, Query(alias="type", max_length=len(CaseType))] = None,
    size: Size = 50,
    cursor: Cursor = None,
) -> Page[CaseView]:
    """Newest first: the caller's own, and for the hub's people all."""
    wanted = Wanted(
        parties_seen_by(principal),
        states=tuple(state) if state else None,
        kinds=tuple(type_) if type_ else None,
        after=after(cursor, _KEY),
    )
    found = cases.listed(tx, wanted, size + 1)
    firsts = case_look_ups.openings(tx, found, keys)
    return page(found, size, lambda case: view(case, firsts.get(case.case_id), now), _KEY, _place)


@router.get("/{case_id}", name="show_case", summary="协同事项及其全部经过")
def show(
    principal: Annotated[Principal, Depends(who_may("show_case"))],
    case_id: UUID,
    keys: Keys,
    now: Now,
    tx: Reading,
) -> CaseInFull:
    """The whole thread. Refused: UNKNOWN_CASE, also for somebody else's."""
    found = case_look_ups.in_full(tx, case_id, principal, keys)
    return in_full(found.case, found.thread, found.items, found.steps, found.decided, now)


@router.get(
    "/{case_id}/attachments/{attachment_id}",
    name="fetch_attachment",
    summary="下载附件",
    response_class=Response,
    responses=_FILE,
)
def fetch(
    principal: Annotated[Principal, Depends(who_may("fetch_attachment"))],
    case_id: UUID,
    attachment_id: UUID,
    keys: Keys,
    tx: Reading,
) -> Response:
    """The file as it came, never to be shown inside a page of ours."""
    case = cases.visible(tx, case_id, principal)
    one, content = case_threads.fetch(tx, case, attachment_id, keys)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(one.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
        "Cache-Control": "no-store",
        "ETag": f'"{one.sha256.hex()}"',
    }
    return Response(content, media_type=KINDS[one.kind].media_type, headers=headers)


def _place(case: Case) -> tuple[datetime, UUID]:
    return case.opened_at, case.case_id
