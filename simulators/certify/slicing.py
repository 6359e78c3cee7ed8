"""Slices of the open day: told by the hub's instants, and truly, though a settlement be missing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Protocol, TypeVar

from contracts.control_totals import Entry
from contracts.messages.reconciliation import DayBuckets
from simulators.certify.cases import expect_same
from simulators.certify.closing import Day

SLICE = timedelta(seconds=1)
MOMENT = timedelta(microseconds=1)
LONG_AGO_S = 40_000
"""An instant of a slice lies so far back at most: nothing else was concluded just then."""

S = TypeVar("S")


class Open(Protocol):
    """A settlement of a day that both sides know of, and of which nobody has said the end yet."""

    @property
    def entry(self) -> Entry: ...

    def settle(self, at: datetime) -> None:
        """The hub says that it settled it at this instant."""
        ...

    def reverse(self, at: datetime) -> None:
        """The hub says that it reversed it at this instant; what was granted is given back."""
        ...


Begin = Callable[[S], tuple[Day, Open]]
"""A day of its own, and a settlement of it, as a role's cases make them."""


@dataclass(frozen=True, slots=True)
class Slices:
    """What an area says of one day, slice by slice; `first` is an instant of long ago."""

    day: Day
    first: datetime

    def expect(self, since: datetime, until: datetime, entries: Sequence[Entry]) -> None:
        """NotMet unless the slice has these rows of the day and no others of any day."""
        buckets = self.day.expected(entries)
        days = (DayBuckets(business_date=self.day.business_date, buckets=buckets),)
        expect_same("该时段控制总数", days if entries else (), self.day.slice(since, until))

    def expect_at(self, at: datetime, entries: Sequence[Entry]) -> None:
        self.expect(at, at + SLICE, entries)


def of_day(day: Day) -> Slices:
    ago = timedelta(seconds=SystemRandom().randrange(3_600, LONG_AGO_S))
    return Slices(day, day.concluded_at - ago)


def without_its_end(stage: S, begin: Begin[S]) -> None:
    """[since, until): the instant of `since` is of the slice, that of `until` of the next."""
    day, one = begin(stage)
    slices = of_day(day)
    at = slices.first
    one.settle(at)
    slices.expect_at(at, [one.entry])
    slices.expect(at - SLICE, at, [])
    slices.expect(at - SLICE, at + MOMENT, [one.entry])
    slices.expect(at + MOMENT, at + SLICE, [])
    one.reverse(at + 2 * SLICE)


def lacks_what_was_not_told(stage: S, begin: Begin[S]) -> None:
    """The end was lost on its way: the slice and its rows lack it, until it has come after all."""
    day, one = begin(stage)
    slices = of_day(day)
    at = slices.first
    slices.expect_at(at, [])
    one.settle(at)
    slices.expect_at(at, [one.entry])
    day.expect_rows_of(at, at + SLICE, [one.entry])
    day.expect_totals([one.entry])
    one.reverse(at + 2 * SLICE)


def apart(stage: S, begin: Begin[S]) -> None:
    """Settled in one slice and reversed in another; the day is the sum of both."""
    day, one = begin(stage)
    slices = of_day(day)
    settled_at, reversed_at = slices.first, slices.first + 10 * SLICE
    back = Entry(one.entry.settlement_id, -1, one.entry.total_fen, one.entry.parts_fen)
    one.settle(settled_at)
    one.reverse(reversed_at)
    day.hub.settle_down()
    slices.expect_at(settled_at, [one.entry])
    slices.expect_at(reversed_at, [back])
    slices.expect(settled_at, reversed_at + SLICE, [one.entry, back])
    day.expect_totals([one.entry, back])


def runs(letter: str, begin: Begin[S]) -> Mapping[str, Callable[[S], None]]:
    """The cases of a role, whose ids begin with this letter."""

    def case(run: Callable[[S, Begin[S]], None]) -> Callable[[S], None]:
        return lambda stage: run(stage, begin)

    return {
        f"{letter}-510": case(without_its_end),
        f"{letter}-511": case(lacks_what_was_not_told),
        f"{letter}-512": case(apart),
    }
