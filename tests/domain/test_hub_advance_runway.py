"""The runway: exact chances, trends that a reader can follow, top-ups that help; all repeatable."""

from datetime import date, timedelta
from statistics import NormalDist

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.advance_chance import normal_bp, reached_bp
from hub.domain.advance_parameters import Forecasting, Formula, Thresholds, on
from hub.domain.advance_runway import Limits, Remainder, remainder_of, runway_of, top_up_fen
from hub.domain.advance_trend import Trend, trend_of
from hub.domain.advance_usage import Spending, days_from, mark_fen
from simulators.bench import advance_backtest
from tests.support.tables import rows

FIRST, LAST = date(2026, 3, 2), date(2026, 5, 24)  # twelve whole weeks
DAY = date(2026, 5, 25)
END = date(2026, 5, 31)
LIMITS = Limits(on(Thresholds, DAY), on(Forecasting, DAY), on(Formula, DAY).round_to_fen)
YUAN = 100
FEN = st.integers(0, 10**13)


def by_hand(day: date) -> bool:
    """Monday to Friday: what a reader can count, without holidays."""
    return day.weekday() < 5


def trend(spent: dict[date, int]) -> Trend:
    found = trend_of(spent, LAST, FIRST, LIMITS.forecasting, by_hand)
    assert found is not None
    return found


def days() -> list[date]:
    return days_from(FIRST, LAST)


def test_the_normal_distribution_is_that_of_the_tables() -> None:
    for z_milli in range(-5_000, 5_001, 37):
        exact = 10_000 * NormalDist().cdf(z_milli / 1_000)
        assert abs(normal_bp(z_milli) - exact) <= 4, z_milli


# The gamma distribution with this mean and deviation, at a multiple of its mean; exact values from
# a table of the distribution (shape = mean² ÷ variance), in per mille.
GAMMA = """
    deviation_percent multiple_percent per_mille
    10                100              487
    10                110              158
    10                90               841
    50                100              433
    50                200              42
    50                50               857
    100               100              368
    100               200              135
    100               300              50
"""


def test_chances_are_those_of_the_gamma_distribution() -> None:
    mean = 1_000_000 * YUAN
    for row in rows(GAMMA):
        deviation = mean * int(row["deviation_percent"]) // 100
        at_least = mean * int(row["multiple_percent"]) // 100
        found = reached_bp(at_least, mean, deviation * deviation)
        assert abs(found - 10 * int(row["per_mille"])) <= 60, (row, found)


@given(mean=FEN, variance=st.integers(0, 10**26), low=FEN, more=FEN)
def test_more_is_never_likelier_than_less(mean: int, variance: int, low: int, more: int) -> None:
    likelier, rarer = reached_bp(low, mean, variance), reached_bp(low + more, mean, variance)
    assert 0 <= rarer <= likelier <= 10_000
    assert reached_bp(0, mean, variance) == 10_000


def test_an_even_spending_goes_on_as_it_was() -> None:
    found = trend(dict.fromkeys(days(), 100 * YUAN))
    assert found.rate_micro == 100 * YUAN * 10**6
    assert found.growth_micro == 0
    assert found.rest_milli == 1_000
    mean, _ = found.outlook(days_from(DAY, END), 0, by_hand)
    assert mean == 7 * 100 * YUAN


def test_days_of_rest_spend_what_days_of_rest_spent() -> None:
    found = trend({day: (100 if by_hand(day) else 25) * YUAN for day in days()})
    assert found.rate_micro == 100 * YUAN * 10**6
    assert found.rest_milli == 250
    mean, _ = found.outlook(days_from(DAY, END), 0, by_hand)
    assert mean == (5 * 100 + 2 * 25) * YUAN


def test_a_clear_growth_is_believed_and_noise_is_not() -> None:
    rising = trend({day: (1_000 + 10 * n) * YUAN for n, day in enumerate(days())})
    tomorrow = rising.expected_fen(DAY, by_hand) / YUAN
    assert 1_750 < tomorrow < 1_900
    wavering = trend({day: (800 if n % 2 else 1_200) * YUAN for n, day in enumerate(days())})
    assert wavering.growth_micro == 0


def test_too_few_days_foresee_nothing() -> None:
    forecasting = LIMITS.forecasting
    short = LAST - timedelta(days=forecasting.history_days_min - 2)
    assert trend_of({}, LAST, short, forecasting, by_hand) is None
    found = runway_of(Spending(10, 10), 100, None, None, LIMITS)
    assert (found.days_left, found.chance_red_bp) == (None, None)


# 100 yuan a day, every day; the cycle has seven days left of which one is open. In yuan.
RUNWAY = """
    held spent days_left yellow red
    9000 2000  70        0      0
    3000 2400  6         100    99
    3000 2900  1         100    100
    3000 3000  0         100    100
"""


def test_the_runway_counts_the_days_until_nothing_is_left() -> None:
    steady = trend(dict.fromkeys(days(), 100 * YUAN))
    for row in rows(RUNWAY):
        spending = Spending(closed_fen=int(row["spent"]) * YUAN)
        ahead = remainder_of(spending, steady, days_from(DAY, END), LIMITS.forecasting)
        found = runway_of(spending, int(row["held"]) * YUAN, steady, ahead, LIMITS)
        assert found.days_left == int(row["days_left"]), row
        assert found.chance_yellow_bp is not None
        assert found.chance_red_bp is not None
        assert found.chance_yellow_bp // 100 >= int(row["yellow"]), row
        assert found.chance_red_bp // 100 >= int(row["red"]), row
        assert found.expected_fen == (int(row["spent"]) + 700) * YUAN


def test_what_the_open_day_spent_is_not_foreseen_again() -> None:
    steady = trend(dict.fromkeys(days(), 100 * YUAN))
    ahead = days_from(DAY, END)
    for open_yuan, more_yuan in ((0, 700), (40, 660), (100, 600), (500, 600)):
        spending = Spending(1_000 * YUAN, open_yuan * YUAN)
        found = remainder_of(spending, steady, ahead, LIMITS.forecasting)
        assert (found.spent_fen, found.mean_fen) == (
            (1_000 + open_yuan) * YUAN,
            more_yuan * YUAN,
        )


@given(
    spent=st.integers(-(10**9), 10**12),
    mean=st.integers(0, 10**12),
    variance=st.integers(0, 10**24),
    held=st.integers(0, 10**12),
)
def test_a_suggested_top_up_is_the_smallest_that_makes_red_unlikely(
    spent: int, mean: int, variance: int, held: int
) -> None:
    ahead = Remainder(spent, mean, variance)
    found, unit = top_up_fen(ahead, held, LIMITS), LIMITS.unit_fen
    assert found % unit == 0
    assert LIMITS.is_safe(ahead, held + found)
    assert not found or not LIMITS.is_safe(ahead, held + found - unit)
    assert not held + found or spent < mark_fen(held + found, LIMITS.thresholds.red_bp)


def test_what_the_runway_says_comes_true_as_often_as_it_says() -> None:
    """Simulated months it was not fitted to: of what was said with p, how much came true."""
    table = advance_backtest.run(pairs=60, seed=20_260)
    assert table.said > 5_000
    for row in table.rows:
        if row.said >= 80:
            assert abs(row.mean_bp - row.came_true_bp) <= 1_000, table.told()
    assert table.brier_e4 < table.blind_e4 * 3 // 10, table.told()


def test_the_same_seed_gives_the_same_table() -> None:
    assert advance_backtest.run(3, 5) == advance_backtest.run(3, 5)
    assert advance_backtest.run(3, 5) != advance_backtest.run(3, 6)
