"""Whether the hub moves on: for probes, without a token and without anything secret."""

from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from hub.api.deps import Now, Reading
from hub.services import look_ups

router = APIRouter(tags=["运行 operation"])


class Health(BaseModel):
    """Progress, not a connection: what is unsent or unjudged, and since when."""

    status: Literal["moving", "stalled"]
    business_date: date | None
    unsent_since: datetime | None
    next_deadline: datetime | None
    open_dead_letters: int


@router.get("/health", name="health", summary="是否在推进", responses={503: {"model": Health}})
def health(tx: Reading, now: Now, response: Response) -> Health:
    """200 while work moves on, 503 when something lies for too long."""
    pulse = look_ups.pulse(tx)
    moving = pulse.is_moving(now)
    response.status_code = 200 if moving else 503
    return Health(
        status="moving" if moving else "stalled",
        business_date=pulse.open_date,
        unsent_since=pulse.unsent_since,
        next_deadline=pulse.next_deadline,
        open_dead_letters=pulse.open_dead_letters,
    )
