"""How every advance stands: what is held, what the cycle has spent, and the runway ahead."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.messages.advance import Level
from hub.domain.advance import Balance, Pair
from hub.domain.advance_parameters import (
    Forecasting,
    Formula,
    Thresholds,
    all_thresholds,
    on,
    thresholds_for,
)
from hub.domain.advance_runway import Limits, Remainder, Runway, remainder_of, runway_of, top_up_fen
from hub.domain.advance_trend import Trend, trend_of
from hub.domain.advance_usage import Spending, days_from, level_of
from hub.domain.advance_warning import Standing, Subject
from hub.domain.clearing_terms import Due, all_terms
from hub.domain.cycle import Cycle, cycle_on, due_dates
from hub.store import advance as store
from hub.store import advance_spending
from hub.store.advance_spending import Front


@dataclass(frozen=True, slots=True)
class Situation:
    """All advances in the cycle of a day; `clearing_on`: when its clearing is signed."""

    day: date
    cycle: Cycle
    clearing_on: date
    front: Front
    limits: Limits
    balances: Mapping[Pair, Balance]
    spending: Mapping[Pair, Spending]

    def pairs_of(self, subject: Subject) -> list[Pair]:
        """The pair itself, or the pairs of a treatment area that hold something."""
        insured, treatment = subject
        if insured is not None:
            return [(insured, treatment)]
        return [
            pair
            for pair, balance in self.balances.items()
            if pair[1] == treatment and balance.held_fen > 0
        ]

    def held_fen(self, subject: Subject) -> int:
        pairs = self.pairs_of(subject)
        return sum(self.balances.get(pair, Balance()).held_fen for pair in pairs)

    def spent(self, subject: Subject) -> Spending:
        pairs = self.pairs_of(subject)
        return sum((self.spending.get(pair, Spending()) for pair in pairs), Spending())

    def limits_of(self, subject: Subject) -> Limits:
        """With the marks that hold for this pair, or this treatment area."""
        marks = thresholds_for(all_thresholds(), self.day, *subject)
        return replace(self.limits, thresholds=marks)

    def level(self, subject: Subject, spent_fen: int) -> Level:
        return level_of(spent_fen, self.held_fen(subject), self.limits_of(subject).thresholds)

    def standing(self, subject: Subject) -> Standing:
        held, spent = self.held_fen(subject), self.spent(subject).fen
        return Standing(subject, self.cycle.name, self.level(subject, spent), spent, held)


@dataclass(frozen=True, slots=True)
class Outlook:
    """`top_up_fen`: what would make red unlikely before the clearing; None: nothing is held."""

    runway: Runway
    top_up_fen: int | None


def today_of(tx: Connection, now: datetime) -> date:
    """The open business day, or the calendar's where none is open."""
    first = shanghai_date_of(now)
    return advance_spending.front(tx, first, first).open_date or first


def situation(tx: Connection, now: datetime) -> Situation:
    day = today_of(tx, now)
    cycle = cycle_on(day, all_terms())
    limits = limits_on(day)
    counts = limits.thresholds.counts_account
    return Situation(
        day=day,
        cycle=cycle,
        clearing_on=due_dates(cycle)[Due.NOTIFY].on,
        front=advance_spending.front(tx, cycle.first, cycle.last),
        limits=limits,
        balances=store.balances(tx),
        spending=advance_spending.spending(tx, cycle.first, cycle.last, counts_account=counts),
    )


def limits_on(day: date) -> Limits:
    return Limits(on(Thresholds, day), on(Forecasting, day), on(Formula, day).round_to_fen)


def subjects(found: Situation) -> list[Subject]:
    """Every pair that has an advance or spends, then every treatment area that holds any."""
    pairs: set[Pair] = {*found.balances, *found.spending}
    areas = {pair[1] for pair, balance in found.balances.items() if balance.held_fen > 0}
    wholes: list[Subject] = [(None, area) for area in sorted(areas)]
    return [*sorted(pairs), *wholes]


def red_pairs(tx: Connection, found: Situation) -> frozenset[Pair]:
    """Pairs at red, by this cycle or, until its clearing is signed, by the one before.

    What a month used is what its clearing will take: that a new month begins gives nothing back.
    """
    cycles = [found.spending]
    before = cycle_on(found.cycle.first - timedelta(days=1), all_terms())
    if found.day <= due_dates(before)[Due.NOTIFY].on:
        counts = found.limits.thresholds.counts_account
        span = (before.first, before.last)
        cycles.append(advance_spending.spending(tx, *span, counts_account=counts))
    return frozenset(
        pair
        for spending in cycles
        for pair, spent in spending.items()
        if found.level(pair, spent.fen) is Level.RED
    )


def outlooks(tx: Connection, found: Situation, wanted: Iterable[Subject]) -> dict[Subject, Outlook]:
    """The runway of each subject, from the closed days before it."""
    last, first = found.front.last_frozen, found.front.first_frozen
    if last is None or first is None:
        return {subject: _outlook(found, subject, None) for subject in wanted}
    begin = last - timedelta(days=found.limits.forecasting.history_days - 1)
    counts = found.limits.thresholds.counts_account
    days = advance_spending.history(tx, begin, last, counts_account=counts)
    trends = {
        subject: trend_of(
            _together(days, found.pairs_of(subject)), last, first, found.limits.forecasting
        )
        for subject in wanted
    }
    return {subject: _outlook(found, subject, trend) for subject, trend in trends.items()}


def _outlook(found: Situation, subject: Subject, trend: Trend | None) -> Outlook:
    held, spent = found.held_fen(subject), found.spent(subject)
    ahead = None if trend is None else _ahead(found, spent, trend)
    runway = runway_of(spent, held, trend, ahead, found.limits_of(subject))
    return Outlook(runway, None if held <= 0 else _top_up(found, subject, ahead))


def _ahead(found: Situation, spent: Spending, trend: Trend) -> Remainder:
    # A cycle that the frozen days have not reached yet lies wholly ahead.
    first = max(trend.last + timedelta(days=1), found.cycle.first)
    days = days_from(first, found.cycle.last)
    forecasting = found.limits.forecasting
    return remainder_of(spent, trend, days, forecasting, unfrozen=found.front.unfrozen_to_date)


def _top_up(found: Situation, subject: Subject, ahead: Remainder | None) -> int:
    """Beside what is on its way already. Without a trend: as if nothing more were spent."""
    pairs = found.pairs_of(subject)
    amount = sum(found.balances.get(pair, Balance()).amount_fen for pair in pairs)
    if ahead is not None:
        return top_up_fen(ahead, amount, found.limits_of(subject))
    most = Remainder(found.spent(subject).fen, 0, 0)
    return top_up_fen(most, amount, found.limits_of(subject))


def _together(days: Mapping[Pair, Mapping[date, int]], pairs: Iterable[Pair]) -> dict[date, int]:
    found: Counter[date] = Counter()
    for pair in pairs:
        found.update(days.get(pair, {}))
    return dict(found)
