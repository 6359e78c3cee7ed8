"""A clock that can be put forward: months pass while a story is told."""

from datetime import datetime, timedelta

from contracts.clock import SystemClock


class MovedClock:
    """The machine's time and how far it was put forward. It never goes back."""

    def __init__(self) -> None:
        self._machine = SystemClock()
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return self._machine.now() + self._ahead

    def move_to(self, instant: datetime) -> None:
        """Let it be `instant` now; nothing happens where it is later already."""
        self._ahead += max(instant - self.now(), timedelta(0))
