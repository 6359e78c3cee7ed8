"""Whether an insured area answers of late: what the newest bills sent to it say."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files


class RouteState(StrEnum):
    """How an insured area's route stands."""

    UP = "up"  # it answers in time, or nothing was sent of late that says otherwise
    SLOW = "slow"  # some bills expired, wait past half their deadline, or lie unsent with us
    DOWN = "down"  # the newest bills all expired without a sign of the area


@dataclass(frozen=True, slots=True)
class Thresholds:
    """As hub/data/route.toml says."""

    window_minutes: int
    recent_max: int
    down_after: int
    unsent_for_s: int

    def since(self, now: datetime) -> datetime:
        return now - timedelta(minutes=self.window_minutes)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The newest bills of an area that ended, newest first: True when it gave no sign at all.

    `expired`: how many of them were not answered in time. `waits_long`: a bill that waits is past
    half its deadline. `unsent_since`: since when our oldest message to anybody lies unsent.
    """

    silent: tuple[bool, ...] = ()
    expired: int = 0
    waits_long: bool = False
    unsent_since: datetime | None = None


NO_TRAFFIC = Traffic()


@cache
def thresholds() -> Thresholds:
    text = files("hub").joinpath("data/route.toml").read_text(encoding="utf-8")
    return Thresholds(**tomllib.loads(text))


def state_of(traffic: Traffic, now: datetime) -> RouteState:
    limits = thresholds()
    newest = traffic.silent[: limits.down_after]
    if len(newest) == limits.down_after and all(newest):
        return RouteState.DOWN
    unsent = traffic.unsent_since
    lies = unsent is not None and now - unsent > timedelta(seconds=limits.unsent_for_s)
    return RouteState.SLOW if traffic.expired or traffic.waits_long or lies else RouteState.UP


def having_answered(state: RouteState) -> RouteState:
    """Whoever has just answered us is not down, whatever its last bills say."""
    return RouteState.SLOW if state is RouteState.DOWN else state
