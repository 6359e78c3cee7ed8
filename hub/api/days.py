"""Business days: what is open, what is closed, and closing by hand."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from contracts.access import Principal
from contracts.refusal import RefusalCode, Refused
from hub.api.deps import Day, Reading, Transaction, who_may
from hub.domain.day import day_after
from hub.services import days, look_ups
from hub.store.days import NoOpenDay

router = APIRouter(prefix="/business-days", tags=["结算日 business day"])


class DayView(BaseModel):
    business_date: date
    state: str
    opened_at: datetime
    closed_at: datetime | None


class Closing(BaseModel):
    """The day to close, so that a repeated request does not close the next one."""

    business_date: Day


class Closed(BaseModel):
    closed_date: date
    open_date: date


@router.get("", name="list_business_days", summary="查询结算日")
def latest(
    _: Annotated[Principal, Depends(who_may("list_business_days"))],
    tx: Reading,
    count_max: Annotated[int, Query(ge=1, le=400)] = 62,
) -> list[DayView]:
    """The last days, newest first."""
    return [
        DayView(
            business_date=day.business_date,
            state=day.state.value,
            opened_at=day.opened_at,
            closed_at=day.closed_at,
        )
        for day in look_ups.business_days(tx, count_max)
    ]


@router.post("/close", name="close_business_day", summary="日终")
def close(
    _: Annotated[Principal, Depends(who_may("close_business_day"))],
    body: Closing,
    writing: Transaction,
) -> Closed:
    """Close the open day and open the next; the jobs then begin its comparison by themselves.

    Refused: OUT_OF_STEP when the day named is not the open one.
    """
    try:
        closed = days.close(writing.tx, writing.now)
    except NoOpenDay as error:
        raise Refused(RefusalCode.OUT_OF_STEP, "尚未开启首个结算日") from error
    if closed != body.business_date:
        raise Refused(RefusalCode.OUT_OF_STEP, f"当前结算日为{closed.isoformat()}")
    return Closed(closed_date=closed, open_date=day_after(closed))
