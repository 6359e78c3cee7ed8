"""One settlement with its steps, for the parties it concerns."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from contracts.access import Principal
from contracts.codes import InsuranceKind, Role
from contracts.ids import SettlementId
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode, Refused
from hub.api.deps import Reading, who_may
from hub.api.who_may import concerns, owns
from hub.domain.settlement import Settlement
from hub.services import look_ups
from hub.services.look_ups import StepTaken

router = APIRouter(prefix="/settlements", tags=["结算 settlement"])


class StepView(BaseModel):
    position: int
    from_state: str
    event: str
    to_state: str
    at: datetime


class SettlementView(BaseModel):
    """Amounts in fen; shares only when it was settled; code, zh and en only with a no."""

    settlement_id: UUID
    person_id: str
    insured_area: str
    treatment_area: str
    insurance_kind: InsuranceKind
    total_fen: int
    state: str
    shares: Shares | None
    deductible_fen: int
    settled_on: date | None
    reversed_on: date | None
    concluded_at: datetime | None
    code: str | None
    zh: str | None
    en: str | None
    detail: str
    steps: list[StepView]


@router.get("/{settlement_id}", name="find_settlement", summary="查询一笔结算")
def find(
    principal: Annotated[Principal, Depends(who_may("find_settlement"))],
    settlement_id: UUID,
    tx: Reading,
) -> SettlementView:
    """For its insured area, its treatment area, its person, and the hub's own people."""
    found = look_ups.settlement(tx, SettlementId(settlement_id))
    parties = ((Role.INSURED, found.insured_area), (Role.TREATMENT, found.treatment_area))
    is_party = any(concerns(principal, role, area) for role, area in parties)
    if not is_party and not owns(principal, found.person_id):
        raise Refused(RefusalCode.NOT_ALLOWED)
    return _view(found, look_ups.steps_of(tx, found.settlement_id))


def _view(one: Settlement, steps: list[StepTaken]) -> SettlementView:
    return SettlementView(
        settlement_id=one.settlement_id,
        person_id=one.person_id,
        insured_area=one.insured_area,
        treatment_area=one.treatment_area,
        insurance_kind=one.insurance_kind,
        total_fen=one.total_fen,
        state=one.state.value,
        shares=one.shares,
        deductible_fen=one.deductible_fen,
        settled_on=one.settled_on,
        reversed_on=one.reversed_on,
        concluded_at=one.concluded_at,
        code=one.refusal.value if one.refusal else None,
        zh=one.refusal.zh if one.refusal else None,
        en=one.refusal.en if one.refusal else None,
        detail=one.refusal_detail,
        steps=[_step(step) for step in steps],
    )


def _step(step: StepTaken) -> StepView:
    return StepView(
        position=step.position,
        from_state=step.source.value,
        event=step.event.value,
        to_state=step.target.value,
        at=step.at,
    )
