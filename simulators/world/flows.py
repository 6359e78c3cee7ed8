"""Who is treated where: the gravity model of data/world/flows.toml over the places."""

from collections.abc import Mapping
from functools import cache

from contracts.codes import AreaCode
from simulators.world.files import table
from simulators.world.places import Place, distance_km, places, population_of_provinces

Pair = tuple[AreaCode, AreaCode]
"""(insured area, treatment area); never twice the same."""


@cache
def flows() -> Mapping[Pair, float]:
    """The share of the country's visits of each of the 992 ordered pairs; they add up to one."""
    everywhere = places().values()
    pulls = {
        (home.area, away.area): _pull(home, away)
        for home in everywhere
        for away in everywhere
        if home.area != away.area
    }
    total = sum(pulls.values())
    return {pair: pull / total for pair, pull in pulls.items()}


def treated_in() -> dict[AreaCode, float]:
    """The share of each area as the one that treats, the largest first."""
    return _summed(1)


def sent_from() -> dict[AreaCode, float]:
    """The share of each area as the one that insures, the largest first."""
    return _summed(0)


def _summed(side: int) -> dict[AreaCode, float]:
    found = dict.fromkeys(places(), 0.0)
    for pair, share in flows().items():
        found[pair[side]] += share
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _pull(home: Place, away: Place) -> float:
    terms = table("flows")
    leave = home.insured * _better_off(home) ** -terms["wealth"]
    draw = away.gdp_yi * _better_off(away) ** terms["quality"]
    return float(leave * draw * (distance_km(home, away) + terms["near_km"]) ** -terms["friction"])


def _better_off(place: Place) -> float:
    country = sum(one.gdp_yi for one in places().values()) / population_of_provinces()
    return place.gdp_per_head / country
