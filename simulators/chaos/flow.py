"""How the work flows: the ordinary rate, and how long after a fault it is there again."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)
WINDOW_S = 3
STEP = timedelta(milliseconds=100)
# Of the ordinary rate: what is drawn varies from second to second.
WINDOW_PERCENT, SECOND_PERCENT = 75, 50


@dataclass(frozen=True, slots=True)
class Flow:
    """Settlements a second that were acknowledged before anything broke."""

    ordinary_per_s: float

    def recovered_at(self, settled_at: Sequence[datetime], since: datetime) -> datetime | None:
        """When the first window since then begins in which work flowed as ever; None: not yet.

        `settled_at`: instants of acknowledgements, in order. One second with all that had queued
        up is no flow: there must be work in each. The last acknowledgement tells what is over.
        """
        begin = since
        while settled_at and begin + WINDOW_S * SECOND <= settled_at[-1]:
            if self._is_ordinary(settled_at, begin):
                return begin
            begin += STEP
        return None

    def _is_ordinary(self, settled_at: Sequence[datetime], begin: datetime) -> bool:
        counts = [
            acknowledged(settled_at, begin + n * SECOND, begin + (n + 1) * SECOND)
            for n in range(WINDOW_S)
        ]
        enough = sum(counts) >= self.ordinary_per_s * WINDOW_S * WINDOW_PERCENT / 100
        return enough and min(counts) >= self.ordinary_per_s * SECOND_PERCENT / 100


def flow_between(settled_at: Sequence[datetime], begin: datetime, end: datetime) -> Flow:
    return Flow(acknowledged(settled_at, begin, end) / (end - begin).total_seconds())


def acknowledged(settled_at: Sequence[datetime], begin: datetime, end: datetime) -> int:
    """How many from `begin` on and before `end`."""
    return bisect_left(settled_at, end) - bisect_left(settled_at, begin)
