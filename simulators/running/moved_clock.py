"""A clock that can be put forward, or stand: months pass while a story is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from contracts.clock import SystemClock


class MovedClock:
    """The machine's time and how far it was put forward. It never goes back."""

    def __init__(self) -> None:
        self._machine = SystemClock()
        self._ahead = timedelta(0)
        self._stands_at: datetime | None = None

    def now(self) -> datetime:
        return self._stands_at or self._machine.now() + self._ahead

    def move_to(self, instant: datetime) -> None:
        """Let it be `instant` now; nothing happens where it is later already."""
        assert self._stands_at is None, "a clock that stands does not move"
        self._ahead += max(instant - self.now(), timedelta(0))

    @contextmanager
    def standing(self) -> Iterator[None]:
        """It is the same instant for the length of a `with` block, and then goes on from there."""
        began = self.now()
        self._stands_at = began
        try:
            yield
        finally:
            self._ahead = began - self._machine.now()
            self._stands_at = None
