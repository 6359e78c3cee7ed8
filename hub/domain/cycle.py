"""Clearing cycles 清算期: their days, when their steps are due, and what may still come late."""

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from contracts.calendar import is_certain, working_day_after
from hub.domain.clearing_terms import Due, DueRule, Terms, terms_on
from hub.domain.pair_day import Span

_A_DAY = timedelta(days=1)
_NAME = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])(?:-(\d{2})\.\.(\d{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cycle:
    """One period of clearing, from its first to its last business day, and the terms it is under.

    `name`: 'YYYY-MM' for a month, 'YYYY-MM-DD..DD' for less.
    """

    name: str
    first: date
    last: date
    terms: Terms


@dataclass(frozen=True, slots=True)
class DueDate:
    """When a step of a cycle is due; provisional where a year's holidays are not published yet."""

    step: Due
    zh: str
    who: str
    on: date
    is_provisional: bool


def cycle_on(day: date, table: Sequence[Terms]) -> Cycle:
    """The cycle that a business day lies in."""
    terms = terms_on(day, table)
    end = _month_end(day)
    if terms.length is None:
        return Cycle(f"{day:%Y-%m}", day.replace(day=1), end, terms)
    # What is left is a piece of its own from half a length on: 28 February ends a third 旬.
    pieces = max(1, (2 * end.day + terms.length) // (2 * terms.length))
    piece = min((day.day - 1) // terms.length, pieces - 1)
    first = day.replace(day=piece * terms.length + 1)
    last = end if piece == pieces - 1 else first + (terms.length - 1) * _A_DAY
    return Cycle(f"{first.isoformat()}..{last:%d}", first, last, terms)


def cycle_named(name: str, table: Sequence[Terms]) -> Cycle:
    """The cycle of this name; ValueError when the terms of that time have none."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"not a clearing cycle: {name[:20]!r}")
    year, month, first, _ = match.groups()
    found = cycle_on(date(int(year), int(month), int(first or 1)), table)
    if found.name != name:
        raise ValueError(f"not a clearing cycle under the terms of that time: {name}")
    return found


def cycles(first: date, until: date, table: Sequence[Terms]) -> Iterator[Cycle]:
    """Every cycle from the one of `first` on that has ended before `until`, in order."""
    found = cycle_on(first, table)
    while found.last < until:
        yield found
        found = cycle_on(found.last + _A_DAY, table)


def due_dates(cycle: Cycle) -> dict[Due, DueDate]:
    """When each step of a cycle is due, in the order of the work (domain §7)."""
    found: dict[Due, DueDate] = {}
    for rule in cycle.terms.rules:
        on = _due_on(rule, cycle, found)
        counted_from = found[rule.after] if rule.after else None
        provisional = counted_from is not None and (
            counted_from.is_provisional or not is_certain(counted_from.on, on)
        )
        found[rule.step] = DueDate(rule.step, rule.zh, rule.who, on, provisional)
    return found


def span_of(cycle: Cycle) -> Span:
    """Which pair days a run of this cycle may take: its own, and late ones still in their time.

    A day may come `late_months` late; and all of a year is issued by the year's end of the rules,
    so that a run that is issued after it takes nothing of the year before.
    """
    oldest = _months_before(cycle.first, cycle.terms.late_months)
    issued_on = due_dates(cycle)[Due.ISSUE].on
    year_is_shut = (issued_on.month, issued_on.day) > cycle.terms.year_end
    if year_is_shut:
        oldest = max(oldest, min(date(issued_on.year, 1, 1), cycle.first))
    return Span(oldest, cycle.first, cycle.last)


def _due_on(rule: DueRule, cycle: Cycle, before: dict[Due, DueDate]) -> date:
    month_after = _month_end(cycle.last) + _A_DAY
    if rule.day is not None:
        return month_after.replace(day=rule.day)
    if rule.month_end:
        return _month_end(month_after)
    if rule.after_days is not None:
        return cycle.last + rule.after_days * _A_DAY
    assert rule.after is not None, rule
    assert rule.working_days is not None, rule
    return working_day_after(before[rule.after].on, rule.working_days)


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _months_before(day: date, count: int) -> date:
    """The first day of the month so many months before that of `day`."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)
