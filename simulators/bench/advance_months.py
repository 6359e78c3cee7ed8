"""Simulated years of spending between provinces: visits, bills, weeks, holidays and trends."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.calendar import is_working_day
from hub.domain.advance import yearly_amount
from hub.domain.advance_parameters import Formula

LARGE_FROM = 8
"""A day with more visits than this draws their number from a normal distribution."""


@dataclass(frozen=True, slots=True)
class SimulatedPair:
    """A pair's days in fen, and what its insured area advanced for the year of its last month."""

    number: int
    spent: dict[date, int]
    held_fen: int


def simulated(pairs: int, year: int, seed: int, formula: Formula) -> Iterator[SimulatedPair]:
    """So many pairs from October before `year` to its end; the same seed gives the same days."""
    for number in range(pairs):
        chance = random.Random(f"advance {seed} {number}")
        spent = _days(chance, date(year - 1, 9, 1), date(year, 12, 31))
        quarter = sum(fen for day, fen in spent.items() if day.year < year and day.month > 9)
        yield SimulatedPair(number, spent, yearly_amount(quarter, formula))


def _days(chance: random.Random, first: date, last: date) -> dict[date, int]:
    """Few or many visits a day, bills with a long tail, quiet weekends, a trend and a wandering."""
    visits = math.exp(chance.uniform(math.log(1.5), math.log(250)))
    bill_fen, tail = math.exp(chance.uniform(11.5, 14)), chance.uniform(0.6, 1.3)
    rest = chance.uniform(0.25, 0.9)
    growth = chance.gauss(0.03, 0.05) / 30  # a day: some pairs double within the year, some shrink
    found, wandering = {}, 0.0
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        wandering = 0.985 * wandering + chance.gauss(0, 0.02)
        level = visits * math.exp(min(1.2, growth * number) + wandering)
        count = _count(chance, level * (1.0 if is_working_day(day) else rest))
        found[day] = sum(int(bill_fen * chance.lognormvariate(0, tail)) for _ in range(count))
    return found


def _count(chance: random.Random, mean: float) -> int:
    """How many visits a day has, when `mean` are to be expected."""
    if mean > LARGE_FROM:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    left, count = chance.random(), 0
    weight = math.exp(-mean)
    while left > weight and count < 20 * LARGE_FROM:
        left -= weight
        count += 1
        weight *= mean / count
    return count
