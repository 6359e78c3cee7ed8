"""What a loop says about itself: health is progress, not a connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.delivery.broker import Partition


@dataclass(slots=True)
class Progress:
    """Counts of one loop. Written by its thread, read by others: each field stands alone."""

    records: int = 0  # handled since the start
    batches: int = 0  # batches that held at least one record
    distrusted: int = 0  # buried because nobody whom we trust has signed them: an alarm above zero
    last_turn_at: datetime | None = None  # the loop came round, with or without work
    last_work_at: datetime | None = None  # the loop handled something
    positions: dict[Partition, int] = field(default_factory=dict)  # what to read next, as we know
    is_stuck: bool = False  # work waits for it and does not move, as its watch sees

    def handled(
        self, count: int, now: datetime, positions: Mapping[Partition, int] | None = None
    ) -> None:
        self.last_turn_at = now
        self.positions.update(positions or {})
        if count:
            self.records += count
            self.batches += 1
            self.last_work_at = now

    def is_moving(self, now: datetime, within: timedelta) -> bool:
        """Whether the loop came round lately and gets on. A loop that never has is not moving."""
        if self.last_turn_at is None or self.is_stuck:
            return False
        return now - self.last_turn_at <= within
