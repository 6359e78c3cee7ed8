"""What we need of a broker, whichever it is: poll and commit on one side, send on the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.signing import KeyRing

Partition = tuple[str, int]
Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: Headers = ()


class Broker(Protocol):
    """The reading side, as one member of a consumer group."""

    def poll(self, *, batch_max: int, wait_ms: int) -> Sequence[Record]:
        """Up to `batch_max` records, or none after `wait_ms`; never one twice without a restart."""
        ...

    def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        """Remember where to read on. It may be lost in a crash: then records come again."""
        ...

    def close(self) -> None: ...


class Delivery(Protocol):
    """What became of one sent record. Neither done nor failed: still on its way."""

    @property
    def is_done(self) -> bool: ...

    def failed(self) -> bool: ...


class SendFailed(Exception):
    """The broker did not take a record; it stays in the outbox."""


class Sender(Protocol):
    """The writing side. One key's records arrive in the order they were sent."""

    @property
    def keys(self) -> KeyRing:
        """What its participant signs with, and knows others by."""
        ...

    def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Delivery:
        """Hand over one record; SendFailed when it cannot even be queued.

        Nothing is signed here: what is sent without a signature is buried by its reader.
        """
        ...

    def flush(self, timeout_s: float) -> None:
        """Wait until nothing is on its way, or the time is over. Failures speak in `Delivery`."""
        ...

    def close(self) -> None: ...


def next_offsets(records: Sequence[Record]) -> dict[Partition, int]:
    """Kafka commits the offset to read next, not the one last read."""
    last: dict[Partition, int] = {}
    for record in records:
        partition = (record.topic, record.partition)
        last[partition] = max(last.get(partition, 0), record.offset + 1)
    return last
