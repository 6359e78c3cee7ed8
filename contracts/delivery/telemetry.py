"""What a loop says about itself: health is progress, not a connection."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class Progress:
    """Counts of one loop. Written by its thread, read by others: each field stands alone."""

    records: int = 0  # handled since the start
    batches: int = 0  # batches that held at least one record
    last_turn_at: datetime | None = None  # the loop came round, with or without work
    last_work_at: datetime | None = None  # the loop handled something

    def handled(self, count: int, now: datetime) -> None:
        self.last_turn_at = now
        if count:
            self.records += count
            self.batches += 1
            self.last_work_at = now

    def is_moving(self, now: datetime, within: timedelta) -> bool:
        """Whether the loop came round lately. A loop that never has is not moving."""
        return self.last_turn_at is not None and now - self.last_turn_at <= within
