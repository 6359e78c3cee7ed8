"""Route weather 路况: how each insured area answers now, and the canaries that find out."""

from enum import StrEnum
from typing import Annotated, ClassVar, NewType
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.message import Body, Frozen
from contracts.messages.settlement import Care, Standing
from contracts.messages.values import Area, Bill, Shares
from contracts.refusal import RefusalCode

CanaryId = NewType("CanaryId", UUID)

CANARY = f"{'CANARY':0<29}"
"""The person of every canary. Nobody has this token, and no table of bills or benefits takes it."""

Count = Annotated[int, Field(ge=0, le=2_000_000_000)]
ROUTES_MAX = 100


class Condition(StrEnum):
    """How an insured area's route stands."""

    CLEAR = "clear"  # it answers in time, or nothing of late says otherwise
    SLOW = "slow"  # it answers late, or not always, or our own messages lie unsent
    DOWN = "down"  # nothing of late had any sign of it


class Route(Frozen):
    """The weather on the way to one insured area, of the newest requests that were sent there.

    `tried`: how many the figures are made of; without any the others are None. `success_bp`: the
    share that was answered in time, in basis points. `lag_ms`: how long the oldest request that
    has no answer waits.
    """

    insured_area: Area
    condition: Condition
    since: AwareDatetime
    tried: Count
    success_bp: Annotated[int, Field(ge=0, le=10_000)] | None
    p50_ms: Count | None
    p95_ms: Count | None
    lag_ms: Count


class RouteWeatherPublished(Body):
    """Hub → every treatment area: these routes as of an instant; others stay as they were told."""

    KIND: ClassVar[str] = "route_weather_published"
    observed_at: AwareDatetime
    routes: Annotated[tuple[Route, ...], Field(max_length=ROUTES_MAX)]


class CanarySent(Body):
    """Hub → insured area: calculate this bill of nobody, write that you did, and answer.

    It waits in line with real bills. It is no settlement: nothing is granted, posted or counted.
    """

    KIND: ClassVar[str] = "canary_sent"
    canary_id: CanaryId
    care: Care
    bill: Bill
    standing: Standing


class CanaryAnswered(Body):
    """Insured area → hub: who would have paid what, or the code of the refusal."""

    KIND: ClassVar[str] = "canary_answered"
    canary_id: CanaryId
    shares: Shares | None
    code: RefusalCode | None = None
