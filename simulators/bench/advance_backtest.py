"""The runway's promise, tested on simulated months: of what it said with p, how much came true."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from hub.domain.advance_parameters import Forecasting, Formula, Thresholds, on
from hub.domain.advance_runway import Remainder, remainder_of
from hub.domain.advance_trend import trend_of
from hub.domain.advance_usage import Spending, days_from, mark_fen
from hub.domain.clearing_terms import all_terms
from hub.domain.cycle import cycle_on
from simulators.bench.advance_months import SimulatedPair, simulated

YEAR = 2026
SAID_ON = (5, 10, 15, 20, 25)
"""On these days of each month the runway is asked; what it knows ends on the day before."""
BOUNDS_BP = (0, 200, 1_000, 2_500, 4_000, 6_000, 7_500, 9_000, 9_800, 10_001)
PERCENT = 100


@dataclass(frozen=True, slots=True)
class Said:
    """A warning that was said with a probability, and whether its month made it true."""

    chance_bp: int
    came_true: bool
    was_true_already: bool


@dataclass(frozen=True, slots=True)
class Row:
    """All that was said with a probability in [from, below)."""

    from_bp: int
    below_bp: int
    said: int
    mean_bp: int
    came_true: int

    @property
    def came_true_bp(self) -> int:
        return 10_000 * self.came_true // self.said if self.said else 0


@dataclass(frozen=True, slots=True)
class Calibration:
    """`brier_e4`: mean square of the error of what was said, in ten-thousandths (0 best).

    `blind_e4`: the same of somebody who always says how often it comes true at all.
    """

    seed: int
    pairs: int
    said: int
    rows: tuple[Row, ...]
    brier_e4: int
    blind_e4: int

    def told(self) -> str:
        head = (
            f"预付金跑道回测：{self.pairs} 对、{self.said} 次预测（种子 {self.seed}），"
            "已达到预警线的不计\n"
            f"{'预测概率':>12}  {'次数':>6}  {'平均预测':>8}  {'实际发生':>8}"
        )
        lines = [_line(row) for row in self.rows if row.said]
        score = (
            f"Brier 得分 {self.brier_e4 / 10_000:.4f}；"
            f"不看走势只报平均频率 {self.blind_e4 / 10_000:.4f}"
        )
        return "\n".join([head, *lines, score])


def run(pairs: int, seed: int) -> Calibration:
    """Ask the runway on days of every simulated month, and hold it to what the month became."""
    formula = on(Formula, date(YEAR, 1, 1))
    found = [
        said
        for pair in simulated(pairs, YEAR, seed, formula)
        if pair.held_fen
        for said in said_of(pair)
        if not said.was_true_already
    ]
    return _calibrated(found, seed, pairs)


def said_of(pair: SimulatedPair) -> Iterator[Said]:
    """For yellow and for red, on each day of asking of each month."""
    thresholds = on(Thresholds, date(YEAR, 1, 1))
    marks = [mark_fen(pair.held_fen, bp) for bp in (thresholds.yellow_bp, thresholds.red_bp)]
    for month in range(1, 13):
        cycle = cycle_on(date(YEAR, month, 1), all_terms())
        total = _sum(pair.spent, cycle.first, cycle.last)
        for number in SAID_ON:
            day = date(YEAR, month, number)
            ahead = _ahead(pair, day)
            for mark in marks:
                yield Said(ahead.chance_bp(mark), total >= mark, ahead.spent_fen >= mark)


def _ahead(pair: SimulatedPair, day: date) -> Remainder:
    """What the hub would foresee on a morning: it knows all days before, and no other."""
    forecasting = on(Forecasting, day)
    cycle, before = cycle_on(day, all_terms()), day - timedelta(days=1)
    known = {at: fen for at, fen in pair.spent.items() if at < day}
    trend = trend_of(known, before, min(pair.spent), forecasting)
    assert trend is not None, "the history begins four months before"
    spending = Spending(closed_fen=_sum(pair.spent, cycle.first, before))
    return remainder_of(spending, trend, days_from(day, cycle.last), forecasting)


def _sum(spent: Mapping[date, int], first: date, last: date) -> int:
    return sum(fen for day, fen in spent.items() if first <= day <= last)


def _calibrated(found: Sequence[Said], seed: int, pairs: int) -> Calibration:
    rows = [_row(low, high, found) for low, high in pairwise(BOUNDS_BP)]
    often = sum(said.came_true for said in found) / max(1, len(found))
    blind = sum((said.came_true - often) ** 2 for said in found)
    error = sum((said.came_true - said.chance_bp / 10_000) ** 2 for said in found)
    count = max(1, len(found))
    return Calibration(
        seed=seed,
        pairs=pairs,
        said=len(found),
        rows=tuple(rows),
        brier_e4=round(10_000 * error / count),
        blind_e4=round(10_000 * blind / count),
    )


def _row(low: int, high: int, found: Iterable[Said]) -> Row:
    of_it = [said for said in found if low <= said.chance_bp < high]
    mean = sum(said.chance_bp for said in of_it) // max(1, len(of_it))
    return Row(low, high, len(of_it), mean, sum(said.came_true for said in of_it))


def _line(row: Row) -> str:
    bounds = f"{row.from_bp / PERCENT:.0f}–{min(row.below_bp, 10_000) / PERCENT:.0f}%"
    mean, true = row.mean_bp / PERCENT, row.came_true_bp / PERCENT
    return f"{bounds:>14}  {row.said:>8}  {mean:>11.1f}%  {true:>11.1f}%"
