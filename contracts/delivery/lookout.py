"""The reading side seen from outside, whether or not its reader still moves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

from contracts.delivery.broker import Partition


class Lookout(Protocol):
    """Has a connection of its own, and belongs to one thread."""

    def look(self) -> Mapping[Partition, tuple[int, int]]:
        """Of every partition: the offset that the group has to read next, and the log's end."""
        ...

    def written_at(self, partition: Partition, offset: int) -> datetime | None:
        """When the record at that offset was written; None when it cannot be had now."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class Watchable(Protocol):
    """A broker's reader that can be looked at from outside."""

    @property
    def reader(self) -> str:
        """The name of its consumer group."""
        ...

    def assigned(self) -> frozenset[Partition]:
        """What it has to read now; none while partitions are being dealt out."""
        ...

    def lookout(self) -> Lookout: ...
