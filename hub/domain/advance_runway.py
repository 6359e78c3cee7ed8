"""The runway of an advance: days left, the chance of yellow and red, and what would help. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from hub.domain.advance_chance import reached_bp
from hub.domain.advance_parameters import Forecasting, Thresholds
from hub.domain.advance_trend import Trend
from hub.domain.advance_usage import Spending, mark_fen


@dataclass(frozen=True, slots=True)
class Limits:
    """What a runway is judged by. `unit_fen`: a top-up is a whole number of these."""

    thresholds: Thresholds
    forecasting: Forecasting
    unit_fen: int

    def chance_of_red_bp(self, ahead: "Remainder", held_fen: int) -> int:
        return ahead.chance_bp(mark_fen(held_fen, self.thresholds.red_bp))

    def is_safe(self, ahead: "Remainder", held_fen: int) -> bool:
        """Whether so much held leaves no more than the permitted chance of red."""
        most = self.forecasting.red_chance_max_bp
        return held_fen > 0 and self.chance_of_red_bp(ahead, held_fen) <= most


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a cycle has spent so far, and what is foreseen for its days to come."""

    spent_fen: int
    mean_fen: int
    variance_fen2: int

    def chance_bp(self, at_least_fen: int) -> int:
        """The chance that the cycle ends with so much spent."""
        return reached_bp(at_least_fen - self.spent_fen, self.mean_fen, self.variance_fen2)


@dataclass(frozen=True, slots=True)
class Runway:
    """What lies ahead. Without a trend everything is None: too few closed days.

    `days_left`: until the trend has spent all that is held, were nothing cleared; None also when
    that is beyond the horizon. `expected_fen`: what the cycle will have spent when it ends.
    """

    days_left: int | None = None
    expected_fen: int | None = None
    chance_yellow_bp: int | None = None
    chance_red_bp: int | None = None


def remainder_of(
    spending: Spending,
    trend: Trend,
    days: Sequence[date],
    forecasting: Forecasting,
    *,
    unfrozen: int = 1,
) -> Remainder:
    """`days`: those after the history, of which the first `unfrozen` have spent something already.

    What they have spent is not foreseen again.
    """
    mean, variance = trend.outlook(days, forecasting.wander_bp)
    begun = sum(trend.expected_fen(day) for day in days[:unfrozen])
    still = mean - min(max(spending.open_fen, 0), begun)
    return Remainder(spending.fen, max(0, still), variance)


def runway_of(
    spending: Spending, held_fen: int, trend: Trend | None, ahead: Remainder | None, limits: Limits
) -> Runway:
    """`ahead`: what is foreseen for the rest of the cycle, or None as the trend is."""
    if trend is None or ahead is None or held_fen <= 0:
        return Runway()
    return Runway(
        days_left=_days_left(spending, held_fen, trend, limits.forecasting.horizon_days),
        expected_fen=ahead.spent_fen + ahead.mean_fen,
        chance_yellow_bp=ahead.chance_bp(mark_fen(held_fen, limits.thresholds.yellow_bp)),
        chance_red_bp=limits.chance_of_red_bp(ahead, held_fen),
    )


def top_up_fen(ahead: Remainder, held_fen: int, limits: Limits) -> int:
    """The least number of units after which red is no longer likely before the clearing."""

    def helps(units: int) -> bool:
        return limits.is_safe(ahead, held_fen + units * limits.unit_fen)

    if helps(0):
        return 0
    high = next(1 << power for power in count() if helps(1 << power))
    low = high // 2  # Does not help: nothing, or the power before.
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if helps(middle) else (middle, high)
    return high * limits.unit_fen


def _days_left(spending: Spending, held_fen: int, trend: Trend, horizon_days: int) -> int | None:
    """Whole days, the open one included, that the rest of the advance lasts."""
    left = held_fen - spending.closed_fen
    if spending.fen >= held_fen:
        return 0
    for number in range(1, horizon_days + 1):
        left -= trend.expected_fen(trend.last + timedelta(days=number))
        if left < 0:
            return number - 1
    return None
