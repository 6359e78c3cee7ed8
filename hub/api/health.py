"""Whether the hub moves on: for probes, without a token and without anything secret."""

from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from hub.api.deps import Now, Reading, TheHub
from hub.services import look_ups

router = APIRouter(tags=["运行 operation"])


class Subscription(BaseModel):
    """One reader in one partition. `oldest_ms`: how old the oldest message is that waits."""

    reader: str
    topic: str
    partition: int
    lag: int
    oldest_ms: int | None
    last_success_at: datetime
    looked_at: datetime
    moving: bool


class Health(BaseModel):
    """Progress, not a connection: what is unsent or unjudged, and since when.

    `violations`: promises that do not hold in the books, with how many rows; see /verification.
    """

    status: Literal["moving", "stalled"]
    business_date: date | None
    unsent_since: datetime | None
    next_deadline: datetime | None
    open_dead_letters: int
    violations: dict[str, int]
    subscriptions: list[Subscription]


@router.get("/health", name="health", summary="是否在推进", responses={503: {"model": Health}})
def health(tx: Reading, now: Now, hub: TheHub, response: Response) -> Health:
    """200 while work moves on, 503 when something lies for too long."""
    pulse, delivery = look_ups.pulse(tx), look_ups.delivery_pulse(tx)
    moving = pulse.is_moving(now) and delivery.is_moving(now, hub.stalled_after)
    response.status_code = 200 if moving else 503
    return Health(
        status="moving" if moving else "stalled",
        business_date=pulse.open_date,
        unsent_since=pulse.unsent_since,
        next_deadline=pulse.next_deadline,
        open_dead_letters=pulse.open_dead_letters,
        violations=look_ups.violations(tx),
        subscriptions=[
            Subscription.model_validate(one) for one in delivery.told(now, hub.stalled_after)
        ],
    )
