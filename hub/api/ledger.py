"""The ledger over HTTP: how accounts stand, and adjustments, which two persons make."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StringConstraints

from contracts.access import Principal
from contracts.codes import AreaCode, Fund, InsuranceKind, Role, VisitKind
from contracts.ids import SettlementId
from contracts.message import Frozen
from contracts.refusal import RefusalCode, Refused
from hub.api.asking import Proposed
from hub.api.deps import Day, Reading, Transaction, who_may
from hub.api.fields import AnArea
from hub.api.labels import ADJUSTMENT_REASONS, FUNDS, INSURANCE_KINDS
from hub.api.who_may import concerns
from hub.domain.adjustment import Adjustment, AdjustmentReason, Booked
from hub.services import adjusting, balances, look_ups

router = APIRouter(prefix="/ledger", tags=["账簿 ledger"])

ROWS_MAX = 10_000
Words = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
Fen = Annotated[int, Field(strict=True, ge=-(10**13), le=10**13)]


class BalanceView(BaseModel):
    """`balance_fen`: what the insured area owes the treatment area by its postings so far."""

    insured_area: AreaCode
    treatment_area: AreaCode
    insurance_kind: InsuranceKind
    insurance_kind_zh: str
    fund: Fund
    fund_zh: str
    balance_fen: int


class AdjustmentView(BaseModel):
    """`amount_fen` > 0 raised what the insured area owes."""

    adjustment_id: UUID
    business_date: date
    insured_area: AreaCode
    treatment_area: AreaCode
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    fund: Fund
    amount_fen: int
    reason: AdjustmentReason
    reason_zh: str
    settlement_id: UUID | None
    case_id: UUID | None
    cause: str
    by: str
    second: str
    at: datetime


class Wanted(Frozen):
    """An adjustment as one person proposes it; the caller mints its id, and may repeat it."""

    adjustment_id: UUID
    insured_area: AnArea
    treatment_area: AnArea
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    fund: Fund
    amount_fen: Fen
    reason: AdjustmentReason
    cause: Words
    settlement_id: UUID | None = None


@router.get("/balances", name="list_balances", summary="账户余额")
def standing(
    principal: Annotated[Principal, Depends(who_may("list_balances"))],
    tx: Reading,
    on: Annotated[Day | None, Query(description="结算日；缺省为当前")] = None,
) -> list[BalanceView]:
    """Accounts as they stood at the end of a day; an area sees those it is a party of."""
    found = balances.standing(tx, on or date.max, principal.area)
    return [
        BalanceView(
            insured_area=one.insured_area,
            treatment_area=one.treatment_area,
            insurance_kind=one.insurance_kind,
            insurance_kind_zh=INSURANCE_KINDS[one.insurance_kind],
            fund=one.fund,
            fund_zh=FUNDS[one.fund],
            balance_fen=one.balance_fen,
        )
        for one in found
        if _is_party(principal, one.insured_area, one.treatment_area)
    ]


@router.get("/adjustments", name="list_adjustments", summary="账务调整")
def listed(
    principal: Annotated[Principal, Depends(who_may("list_adjustments"))],
    tx: Reading,
    first: Day,
    last: Day,
) -> list[AdjustmentView]:
    """Those of these business days, both included; an area sees its own."""
    found = look_ups.adjustments(tx, first, last, principal.area, ROWS_MAX)
    return [
        _view(one)
        for one in found
        if _is_party(principal, one.adjustment.insured_area, one.adjustment.treatment_area)
    ]


@router.post("/adjustments", name="propose_adjustment", summary="申请账务调整", status_code=202)
def propose(
    principal: Annotated[Principal, Depends(who_may("propose_adjustment"))],
    body: Wanted,
    writing: Transaction,
) -> Proposed:
    """Put it before a second person. Repeated, it is the same proposal, decided or not.

    Refused: CONFLICTING_REPLAY for another content or person under this adjustment's id.
    """
    wanted = Adjustment(
        adjustment_id=body.adjustment_id,
        insured_area=_known(writing, body.insured_area),
        treatment_area=_known(writing, body.treatment_area),
        insurance_kind=body.insurance_kind,
        visit_kind=body.visit_kind,
        fund=body.fund,
        amount_fen=body.amount_fen,
        reason=body.reason,
        cause=body.cause,
        by=principal.subject,
        second="",
        settlement_id=SettlementId(body.settlement_id) if body.settlement_id else None,
    )
    found = adjusting.propose(writing.tx, wanted, reason=body.cause, by=principal, now=writing.now)
    return Proposed.of(found)


def _known(writing: Transaction, area: str) -> AreaCode:
    if all(one.area != area for one in look_ups.everyone(writing.tx)):
        raise Refused(RefusalCode.UNKNOWN_AREA, area)
    return AreaCode(area)


def _is_party(principal: Principal, insured: AreaCode, treatment: AreaCode) -> bool:
    return concerns(principal, Role.INSURED, insured) or concerns(
        principal, Role.TREATMENT, treatment
    )


def _view(booked: Booked) -> AdjustmentView:
    one = booked.adjustment
    return AdjustmentView(
        adjustment_id=one.adjustment_id,
        business_date=booked.business_date,
        insured_area=one.insured_area,
        treatment_area=one.treatment_area,
        insurance_kind=one.insurance_kind,
        visit_kind=one.visit_kind,
        fund=one.fund,
        amount_fen=one.amount_fen,
        reason=one.reason,
        reason_zh=ADJUSTMENT_REASONS[one.reason],
        settlement_id=one.settlement_id,
        case_id=one.case_id,
        cause=one.cause,
        by=one.by,
        second=one.second,
        at=booked.at,
    )
