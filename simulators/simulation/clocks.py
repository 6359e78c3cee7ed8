"""Virtual time: one clock that only the scheduler moves, and areas' clocks that are a bit off."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class VirtualClock:
    """What time it truly is in the simulation."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def elapsed_s(self) -> float:
        """For whoever measures how long something takes: nothing does, unless it gives way."""
        return self.at.timestamp()


@dataclass(frozen=True, slots=True)
class SkewedClock:
    """The clock of a machine that is `ahead` of the true time, or behind."""

    true: VirtualClock
    ahead: timedelta

    def now(self) -> datetime:
        return self.true.at + self.ahead
