"""Route weather 路况 as the hub told it: how an insured area answers, and how old the news is."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from contracts.clock import SHANGHAI
from contracts.codes import AreaCode, areas
from contracts.messages.weather import Condition, Route


@dataclass(frozen=True, slots=True)
class Words:
    """As participants/treatment/data/weather.toml says; `zh` by condition."""

    stale_after: timedelta
    probe_every: timedelta
    zh: Mapping[Condition, str]
    stale_zh: str
    down_zh: str


@dataclass(frozen=True, slots=True)
class Weather:
    """The last word on one route. What is stale says nothing about now."""

    route: Route
    observed_at: datetime

    def age_s(self, now: datetime) -> int:
        return max(0, (now - self.observed_at) // timedelta(seconds=1))

    def is_stale(self, now: datetime) -> bool:
        return now - self.observed_at > words().stale_after

    def is_down(self, now: datetime) -> bool:
        """Known to be down: old news of a disaster stops nobody."""
        return self.route.condition is Condition.DOWN and not self.is_stale(now)

    def zh(self, now: datetime) -> str:
        """What a cashier reads of it."""
        return words().stale_zh if self.is_stale(now) else words().zh[self.route.condition]


@cache
def words() -> Words:
    text = files("participants.treatment").joinpath("data/weather.toml").read_text("utf-8")
    read = tomllib.loads(text)
    return Words(
        stale_after=timedelta(seconds=read["stale_after_s"]),
        probe_every=timedelta(seconds=read["probe_every_s"]),
        zh={Condition(name): zh for name, zh in read["zh"].items()},
        stale_zh=read["stale_zh"],
        down_zh=read["down_zh"],
    )


def down_told(weather: Weather) -> str:
    """Beside ROUTE_DOWN, whose own words have the fallback: who is down, since when, what then."""
    area = AreaCode(weather.route.insured_area)
    since = weather.route.since.astimezone(SHANGHAI)
    name = areas()[area].name if area in areas() else area
    return words().down_zh.format(area=name, since=f"{since:%m-%d %H:%M}")
