"""The advance fund 预付金: how it stands, who is warned, what is proposed, paid and received."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from contracts.access import Principal
from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode, Role, areas
from contracts.refusal import RefusalCode, Refused
from hub.api import advance_shapes as shapes
from hub.api.asking import RequestKey, asked
from hub.api.deps import Now, Reading, Transaction, who_may
from hub.api.who_may import concerns, sees_all
from hub.domain.advance import Pair
from hub.domain.advance_warning import Subject
from hub.domain.second_person import Proposal
from hub.services import (
    advance_drafting,
    advance_issuing,
    advance_look_ups,
    advance_paying,
    advance_positions,
    advance_top_ups,
    advance_watching,
)
from hub.services.asking import once
from hub.store.advance_warnings import OfficeToCall

router = APIRouter(prefix="/advance", tags=["预付金 advance fund"])
Year = Annotated[int, Path(ge=2000, le=2099)]


@router.get("", name="show_advances", summary="预付金使用情况与余量预测")
def board(
    principal: Annotated[Principal, Depends(who_may("show_advances"))], tx: Reading, now: Now
) -> shapes.BoardView:
    """Every pair that concerns the caller, and each treatment area as a whole."""
    found = advance_positions.situation(tx, now)
    mine = [one for one in advance_positions.subjects(found) if _sees(principal, one)]
    ahead = advance_positions.outlooks(tx, found, mine)
    return shapes.BoardView(
        cycle=found.cycle.name,
        first=found.cycle.first,
        last=found.cycle.last,
        clearing_on=found.clearing_on,
        positions=[shapes.position_view(found, one, ahead[one]) for one in mine],
    )


@router.get("/warnings", name="list_advance_warnings", summary="预付金预警")
def warnings(
    *,
    principal: Annotated[Principal, Depends(who_may("list_advance_warnings"))],
    tx: Reading,
    only_open: bool = True,
    count_max: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> list[shapes.WarningView]:
    """The newest first."""
    found = advance_look_ups.warnings(tx, principal.area, only_open=only_open, count_max=count_max)
    return [shapes.warning_view(one) for one in found if _sees(principal, one.subject)]


@router.post(
    "/warnings/{warning_id}/acknowledge",
    name="acknowledge_advance_warning",
    summary="确认知悉预警",
)
def acknowledge(
    principal: Annotated[Principal, Depends(who_may("acknowledge_advance_warning"))],
    warning_id: UUID,
    body: shapes.Acknowledgement,
    writing: Transaction,
) -> shapes.WarningView:
    """Seen: no higher tier is told of it. Refused: UNKNOWN_NOTICE, NOT_ALLOWED."""
    if not _sees(principal, advance_watching.find(writing.tx, warning_id).subject):
        raise Refused(RefusalCode.NOT_ALLOWED)
    who = principal.subject
    seen = advance_watching.acknowledge(
        writing.tx, warning_id, note=body.note, by=who, now=writing.now
    )
    return shapes.warning_view(seen)


@router.get("/contacts", name="list_advance_contacts", summary="预警联系单位")
def contacts(
    _: Annotated[Principal, Depends(who_may("list_advance_contacts"))], tx: Reading
) -> list[shapes.ContactView]:
    """Of every area, by tier: offices, never persons."""
    return [shapes.contact_view(one) for one in advance_look_ups.contacts(tx, areas())]


@router.post("/contacts", name="put_advance_contact", summary="设置预警联系单位")
def put_contact(
    principal: Annotated[Principal, Depends(who_may("put_advance_contact"))],
    body: shapes.ContactPut,
    writing: Transaction,
) -> shapes.ContactView:
    """For the caller's own area, in its own role."""
    if principal.area is None or not concerns(principal, body.role, principal.area):
        raise Refused(RefusalCode.NOT_ALLOWED)
    one = OfficeToCall(principal.area, body.role, body.tier, body.office, body.phone)
    advance_look_ups.put_contact(writing.tx, one, by=principal.subject, now=writing.now)
    return shapes.contact_view(one)


@router.get("/changes", name="list_advance_changes", summary="预付金额度调整")
def changes(
    *,
    principal: Annotated[Principal, Depends(who_may("list_advance_changes"))],
    tx: Reading,
    now: Now,
    year: Annotated[int | None, Query(ge=2000, le=2099)] = None,
) -> list[shapes.ChangeView]:
    """The oldest draft first; an area sees its own once they are issued."""
    today = shanghai_date_of(now)
    found = advance_look_ups.changes(tx, year)
    return [
        shapes.change_view(one, today)
        for one in found
        if _sees(principal, one.pair) and (sees_all(principal) or one.issue_id is not None)
    ]


@router.get("/notices", name="list_advance_notices", summary="预付金通知书")
def notices(
    principal: Annotated[Principal, Depends(who_may("list_advance_notices"))],
    tx: Reading,
    year: Annotated[int, Query(ge=2000, le=2099)],
) -> list[shapes.NoticeView]:
    """付款 and 收款通知书 of a year; an area has its own."""
    return [
        shapes.notice_view(one)
        for one in advance_issuing.issued_notices(tx, year)
        if sees_all(principal) or one.area == principal.area
    ]


@router.post("/rounds/{year}", name="draft_advance_year", summary="生成年度预付金额度草稿")
def draft_year(
    _: Annotated[Principal, Depends(who_may("draft_advance_year"))],
    year: Year,
    writing: Transaction,
) -> shapes.RoundView:
    """Drafts of the year are made anew; what is issued stays. Refused: OUT_OF_STEP."""
    today = shanghai_date_of(writing.now)
    found = advance_drafting.draft_year(writing.tx, year, writing.now)
    return shapes.RoundView(
        drafts=[shapes.change_view(one, today) for one in found.drafts],
        in_the_way=[shapes.change_view(one, today) for one in found.in_the_way],
    )


@router.post("/proposals", name="propose_advances", summary="提交预付金额度调整复核")
def propose(
    principal: Annotated[Principal, Depends(who_may("propose_advances"))],
    body: shapes.Proposing,
    writing: Transaction,
    key: RequestKey = None,
) -> shapes.AdvanceProposed:
    """A second person then approves it among the proposals; only that issues the notices."""
    tx, now = writing.tx, writing.now
    propose = partial(
        advance_issuing.propose,
        tx,
        body.change_ids,
        reason=body.reason,
        by=principal,
        now=now,
        amount_fen=body.amount_fen,
    )
    request = asked(key, "propose_advances", body)
    return shapes.proposed_view(once(tx, request, propose, by=principal, now=now))


@router.post("/openings", name="propose_opening_advance", summary="提交期初预付金复核")
def propose_opening(
    principal: Annotated[Principal, Depends(who_may("propose_opening_advance"))],
    body: shapes.Opening,
    writing: Transaction,
    key: RequestKey = None,
) -> shapes.AdvanceProposed:
    """An amount that is held already, from before the hub kept account of it."""
    tx, now = writing.tx, writing.now
    pair = _pair(body.insured_area, body.treatment_area)

    def propose_it() -> Proposal:
        draft = advance_drafting.draft_opening(tx, pair, body.amount_fen, now)
        return advance_issuing.propose(
            tx, [draft.change_id], reason=body.reason, by=principal, now=now
        )

    request = asked(key, "propose_opening_advance", body)
    return shapes.proposed_view(once(tx, request, propose_it, by=principal, now=now))


@router.post("/top-ups", name="ask_for_advance_top_up", summary="申请紧急调增")
def ask(
    principal: Annotated[Principal, Depends(who_may("ask_for_advance_top_up"))],
    body: shapes.Asking,
    writing: Transaction,
) -> shapes.ChangeView:
    """At red, by the treatment area. Refused: OUT_OF_STEP."""
    assert principal.area is not None, principal.role
    pair = _pair(body.insured_area, principal.area)
    asked = advance_top_ups.ask_for_top_up(writing.tx, pair, principal.subject, writing.now)
    return shapes.change_view(asked, shanghai_date_of(writing.now))


@router.post("/changes/{change_id}/drop", name="drop_advance_draft", summary="作废草稿")
def drop(
    _: Annotated[Principal, Depends(who_may("drop_advance_draft"))],
    change_id: UUID,
    writing: Transaction,
) -> shapes.ChangeView:
    dropped = advance_drafting.drop(writing.tx, change_id)
    return shapes.change_view(dropped, shanghai_date_of(writing.now))


@router.post("/changes/{change_id}/payments", name="record_advance_payment", summary="登记付款")
def pay(
    principal: Annotated[Principal, Depends(who_may("record_advance_payment"))],
    change_id: UUID,
    body: shapes.Paying,
    writing: Transaction,
) -> shapes.PaymentView:
    """By the payer. Refused: UNKNOWN_NOTICE, NOT_ALLOWED, PAYMENT_DIFFERS, PAID_TOO_MUCH…"""
    change = advance_paying.find(writing.tx, change_id)
    if not concerns(principal, Role.INSURED if change.is_up else Role.TREATMENT, change.payer):
        raise Refused(RefusalCode.NOT_ALLOWED)
    paid = advance_paying.pay(
        writing.tx, change_id, **body.model_dump(), by=principal.subject, now=writing.now
    )
    return shapes.payment_view(paid)


@router.post("/payments/{payment_id}/receipt", name="confirm_advance_receipt", summary="确认到账")
def confirm(
    principal: Annotated[Principal, Depends(who_may("confirm_advance_receipt"))],
    payment_id: UUID,
    body: shapes.Receiving,
    writing: Transaction,
) -> shapes.PaymentView:
    """By the payee. Refused: UNKNOWN_PAYMENT, NOT_ALLOWED, PAYMENT_DIFFERS…"""
    payment = advance_paying.find_payment(writing.tx, payment_id)
    change = advance_paying.find(writing.tx, payment.change_id)
    if not concerns(principal, Role.TREATMENT if change.is_up else Role.INSURED, change.payee):
        raise Refused(RefusalCode.NOT_ALLOWED)
    confirmed = advance_paying.confirm(
        writing.tx, payment_id, **body.model_dump(), by=principal.subject, now=writing.now
    )
    return shapes.payment_view(confirmed)


def _sees(principal: Principal, subject: Subject) -> bool:
    return sees_all(principal) or any(
        concerns(principal, role, area) for role, area in advance_watching.parties(subject)
    )


def _pair(insured: str, treatment: str) -> Pair:
    pair = (AreaCode(insured), AreaCode(treatment))
    if not set(pair) <= set(areas()):
        raise Refused(RefusalCode.UNKNOWN_AREA)
    if insured == treatment:
        raise Refused(RefusalCode.NOT_OUT_OF_AREA)
    return pair
