"""A slice 时段 of the open day: what the hub concluded in [since, until), compared with one side."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.codes import AreaCode, Role

SliceKey = tuple[Role, AreaCode, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice that is not agreed; `reported_at` None while the side has not answered for it."""

    role: Role
    area: AreaCode
    since: datetime
    until: datetime
    attempt: int
    found_at: datetime
    reported_at: datetime | None = None

    @property
    def key(self) -> SliceKey:
        return self.role, self.area, self.since, self.until


@dataclass(frozen=True, slots=True)
class Watching:
    """How soon a side that is silent is asked, and how often what differs is asked again.

    Sides report slices themselves, five seconds after their end: so one that has not said a word
    of a row that old has probably lost it.
    """

    silent_after: timedelta = timedelta(seconds=25)
    ask_first: timedelta = timedelta(seconds=10)
    ask_last: timedelta = timedelta(minutes=5)
    asked_at_once_max: int = 200
    ahead_max: timedelta = timedelta(seconds=1)  # a side's clock before ours

    def pause(self, attempt: int) -> timedelta:
        """Until a slice that was asked for so often is asked for again."""
        doubled = self.ask_first * (1 << min(max(attempt - 1, 0), 16))
        return min(doubled, self.ask_last)


WATCHING = Watching()
