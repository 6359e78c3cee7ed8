"""What differs on the open day so far: provisional, and each area sees its own."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from contracts.access import Principal
from contracts.codes import Role
from hub.api.deps import Reading, who_may
from hub.api.who_may import sides_seen
from hub.domain.slices import Slice
from hub.services.open_day import open_now
from hub.store.provisional_breaks import Provisional

router = APIRouter(prefix="/open-day", tags=["对账 reconciliation"])


class SliceView(BaseModel):
    """A slice [since, until) that is not agreed; `reported_at` None: the side is silent."""

    role: Role
    area: str
    since: datetime
    until: datetime
    attempt: int
    found_at: datetime
    reported_at: datetime | None


class ProvisionalView(BaseModel):
    """One difference; no break before the day is closed and its agreed time has passed."""

    role: Role
    area: str
    business_date: date
    break_class: str
    zh: str
    counterpart: str | None
    settlement_id: UUID | None
    sign: int | None
    hub_fen: int | None
    side_fen: int | None
    found_at: datetime


class OpenDay(BaseModel):
    slices: list[SliceView]
    differences: list[ProvisionalView]


@router.get("", name="show_open_day", summary="当日连续对账")
def show(
    principal: Annotated[Principal, Depends(who_may("show_open_day"))],
    tx: Reading,
    count_max: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
) -> OpenDay:
    """Oldest first; both lists are empty while everybody agrees."""
    area, roles = sides_seen(principal)
    slices, differences = open_now(tx, count_max, area=area, roles=roles)
    return OpenDay(
        slices=[_slice(one) for one in slices],
        differences=[_difference(one) for one in differences],
    )


def _slice(one: Slice) -> SliceView:
    return SliceView(
        role=one.role,
        area=one.area,
        since=one.since,
        until=one.until,
        attempt=one.attempt,
        found_at=one.found_at,
        reported_at=one.reported_at,
    )


def _difference(one: Provisional) -> ProvisionalView:
    settlement_id, sign = one.found.row or (None, None)
    return ProvisionalView(
        role=one.role,
        area=one.area,
        business_date=one.business_date,
        break_class=one.found.break_class.value,
        zh=one.found.told(),
        counterpart=one.found.bucket[0] if one.found.bucket else None,
        settlement_id=settlement_id,
        sign=sign,
        hub_fen=one.found.hub_fen,
        side_fen=one.found.side_fen,
        found_at=one.found_at,
    )
