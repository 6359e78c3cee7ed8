"""What a pair's closed days say of the days to come: level, growth, days of rest, and spread. Pure.

Whole numbers and exact fractions only: the same days always foresee the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from contracts.calendar import is_working_day
from contracts.money import BASIS_POINTS
from hub.domain.advance_parameters import Forecasting

MILLI = 1_000
MICRO = 1_000_000
WEIGHT_MAX = 5_000
OF_A_KIND_MIN = 4
"""Fewer days of rest, or of work, say nothing about how the two differ."""
RATE_BOUND = 4
"""A trend never makes the rate more than four times, or less than a quarter, of what it was."""
ZERO = Fraction(0)
IsWorking = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Trend:
    """Spending a working day, in millionths of a fen, and how it moves.

    `rest_milli`: a day without work spends so many thousandths of a working day. `growth_micro`:
    how much more a working day spends after half the history, as far as it stands out of chance;
    `growth_variance` in fen². `spread`: the variance of a sum, divided by its mean. `exposure`:
    the history in working days.
    """

    last: date
    days: int
    rate_micro: int
    growth_micro: int
    growth_variance: Fraction
    rest_milli: int
    spread: Fraction
    exposure: Fraction

    def expected_fen(self, day: date, is_working: IsWorking = is_working_day) -> int:
        """What a day after the history will spend; growth goes on for as long as the history is."""
        ahead = min((day - self.last).days, self.days)
        rate = self.rate_micro + self.growth_micro * (self.days + 2 * ahead) // self.days
        least, most = self.rate_micro // RATE_BOUND, self.rate_micro * RATE_BOUND
        bounded = min(max(rate, least), most)
        return bounded * self._weight_milli(day, is_working) // (MICRO * MILLI)

    def outlook(
        self, days: Sequence[date], wander_bp: int, is_working: IsWorking = is_working_day
    ) -> tuple[int, int]:
        """Mean (fen) and variance (fen²) of what these days will spend together."""
        mean = sum(self.expected_fen(day, is_working) for day in days)
        weight = Fraction(sum(self._weight_milli(day, is_working) for day in days), MILLI)
        lever = 1 + Fraction(len(days), self.days)
        rate = Fraction(self.rate_micro, MICRO)
        of_the_rate = self.spread * rate / self.exposure if self.exposure else ZERO
        of_the_trend = of_the_rate + lever * lever * self.growth_variance
        of_the_rest = Fraction(mean * wander_bp, BASIS_POINTS) ** 2
        variance = self.spread * mean + weight * weight * of_the_trend + of_the_rest
        return mean, int(variance)

    def _weight_milli(self, day: date, is_working: IsWorking) -> int:
        return MILLI if is_working(day) else self.rest_milli


def trend_of(
    spent: Mapping[date, int],
    last: date,
    first: date,
    forecasting: Forecasting,
    is_working: IsWorking = is_working_day,
) -> Trend | None:
    """The trend of the closed days from `first` to `last`, at most as many as are looked at.

    `spent`: fen by day; a day without a row spent nothing. None: too few days to say anything.
    """
    count = min((last - first).days + 1, forecasting.history_days)
    if count < forecasting.history_days_min:
        return None
    days = [last - timedelta(days=number) for number in reversed(range(count))]
    amounts = [spent.get(day, 0) for day in days]
    working = [is_working(day) for day in days]
    rest_milli = _rest_milli(amounts, working)
    weights = [MILLI if works else rest_milli for works in working]
    return _fitted(last, amounts, weights, rest_milli)


def _fitted(last: date, amounts: list[int], weights: list[int], rest_milli: int) -> Trend:
    half = len(amounts) // 2
    rate, exposure = _rate(amounts, weights), Fraction(sum(weights), MILLI)
    spread = _spread(amounts, weights)
    early, late = _rate(amounts[:half], weights[:half]), _rate(amounts[half:], weights[half:])
    noise = spread * (_by(early, weights[:half]) + _by(late, weights[half:]))
    growth = late - early
    # A difference is believed as far as it is larger than what chance alone would make of it.
    trust = max(ZERO, 1 - noise / (growth * growth)) if growth else ZERO
    return Trend(
        last=last,
        days=len(amounts),
        rate_micro=int(rate * MICRO),
        growth_micro=int(growth * trust * MICRO),
        growth_variance=noise * trust * trust,
        rest_milli=rest_milli,
        spread=spread,
        exposure=exposure,
    )


def _rest_milli(amounts: list[int], working: list[bool]) -> int:
    rest = [amount for amount, works in zip(amounts, working, strict=True) if not works]
    work = [amount for amount, works in zip(amounts, working, strict=True) if works]
    if min(len(rest), len(work)) < OF_A_KIND_MIN or sum(work) <= 0:
        return MILLI
    found = MILLI * sum(rest) * len(work) // (len(rest) * sum(work))
    return min(max(found, 0), WEIGHT_MAX)


def _rate(amounts: list[int], weights: list[int]) -> Fraction:
    """Fen a working day; days that undid more than they settled count, but never below nothing."""
    total = sum(weights)
    return max(ZERO, Fraction(MILLI * sum(amounts), total)) if total else ZERO


def _by(rate: Fraction, weights: list[int]) -> Fraction:
    total = sum(weights)
    return rate * MILLI / total if total else ZERO


def _spread(amounts: list[int], weights: list[int]) -> Fraction:
    """How far the days lie from what they should have spent, per fen that was spent."""
    total, weight = sum(amounts), sum(weights)
    if total <= 0 or weight == 0:
        return ZERO
    # (amount − total × w ÷ weight)², summed with one denominator.
    squares = sum(
        (amount * weight - total * own) ** 2 for amount, own in zip(amounts, weights, strict=True)
    )
    free = max(1, len(amounts) - 2)  # the level and the share of days of rest were fitted
    return Fraction(squares * len(amounts), weight * weight * total * free)
