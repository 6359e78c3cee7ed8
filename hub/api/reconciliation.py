"""Where a day's comparison stands, with its breaks; each area sees its own sides."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from contracts.access import Principal
from contracts.codes import Role
from hub.api.deps import Day, Reading, Transaction, who_may
from hub.api.who_may import concerns, sides_seen
from hub.services import reconciliation
from hub.services.day_summary import SideSummary, StoredBreak, summary

router = APIRouter(prefix="/reconciliation", tags=["对账 reconciliation"])


class SideView(BaseModel):
    """A side beside the hub: rows and signed fen; reported_… None before its first report."""

    role: Role
    area: str
    state: str
    attempt: int
    hub_count: int
    hub_fen: int
    reported_count: int | None
    reported_fen: int | None
    open_breaks: int
    break_after: datetime
    agreed_at: datetime | None


class DayComparison(BaseModel):
    """`agreed`: all three parties say the same about the whole day."""

    business_date: date
    begun_at: datetime | None
    agreed: bool
    sides: list[SideView]


class BreakView(BaseModel):
    """One difference; `zh` names it with its likely cause."""

    break_id: int
    role: Role
    area: str
    break_class: str
    zh: str
    counterpart: str | None
    insurance_kind: str | None
    visit_kind: str | None
    settlement_id: UUID | None
    sign: int | None
    hub_fen: int | None
    side_fen: int | None
    other_date: date | None
    found_at: datetime
    resolved_at: datetime | None


class Asked(BaseModel):
    asked: int


@router.get("/{business_date}", name="show_reconciliation", summary="对账进度")
def show(
    principal: Annotated[Principal, Depends(who_may("show_reconciliation"))],
    business_date: Day,
    tx: Reading,
) -> DayComparison:
    """Side by side; a day that has not begun has none."""
    found = summary(tx, business_date)
    return DayComparison(
        business_date=found.business_date,
        begun_at=found.begun_at,
        agreed=found.agreed,
        sides=[
            _side(one) for one in found.sides if concerns(principal, one.side.role, one.side.area)
        ],
    )


@router.get("/{business_date}/breaks", name="list_breaks", summary="对账差错")
def breaks(
    principal: Annotated[Principal, Depends(who_may("list_breaks"))],
    business_date: Day,
    tx: Reading,
    count_max: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
) -> list[BreakView]:
    """Open and resolved ones, side by side."""
    area, roles = sides_seen(principal)
    found = summary(tx, business_date, area=area, roles=roles, breaks_max=count_max)
    return [_break(one) for one in found.breaks]


@router.post("/{business_date}/ask", name="ask_sides", summary="再次要求报送")
def ask(
    _: Annotated[Principal, Depends(who_may("ask_sides"))],
    business_date: Day,
    writing: Transaction,
) -> Asked:
    """Ask every side that has not agreed, now."""
    outgoing = reconciliation.ask(writing.tx, business_date, writing.now)
    writing.say(outgoing)
    return Asked(asked=len(outgoing))


def _side(one: SideSummary) -> SideView:
    return SideView(
        role=one.side.role,
        area=one.side.area,
        state=one.side.state.value,
        attempt=one.side.attempt,
        hub_count=one.hub_count,
        hub_fen=one.hub_fen,
        reported_count=one.side.reported_count,
        reported_fen=one.side.reported_fen,
        open_breaks=one.open_breaks,
        break_after=one.side.break_after,
        agreed_at=one.side.agreed_at,
    )


def _break(one: StoredBreak) -> BreakView:
    counterpart, insurance, visit = one.found.bucket or (None, None, None)
    settlement_id, sign = one.found.row or (None, None)
    return BreakView(
        break_id=one.break_id,
        role=one.side[1],
        area=one.side[2],
        break_class=one.found.break_class.value,
        zh=one.found.told(),
        counterpart=counterpart,
        insurance_kind=insurance,
        visit_kind=visit,
        settlement_id=settlement_id,
        sign=sign,
        hub_fen=one.found.hub_fen,
        side_fen=one.found.side_fen,
        other_date=one.found.other_date,
        found_at=one.found_at,
        resolved_at=one.resolved_at,
    )
