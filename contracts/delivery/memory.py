"""A broker inside one process, behind the same protocols as Kafka. It does not outlive it.

It can misbehave on request: deliver twice, deliver partitions in another order, stop, and lose
what its readers had not committed. What it never does is reorder one partition: Kafka does not.
"""

import os
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from contracts.clock import Clock, SystemClock
from contracts.delivery.broker import Headers, Partition, Record, SendFailed
from contracts.delivery.codec import encode, headers_of
from contracts.message import Outgoing
from contracts.signing import KeyRing, MessageKey
from contracts.topics import account_of

FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 9999))


class BrokerDown(Exception):
    """The broker is stopped."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong on purpose; chances in percent, drawn from the seeded `random`."""

    random: Random
    duplicate_percent: int = 0
    shuffle_partitions: bool = False


@dataclass(frozen=True, slots=True)
class Arrived:
    """The delivery of a record that the log holds."""

    is_done: bool = True

    def failed(self) -> bool:
        return False


class KeysForAll(Mapping[str, tuple[MessageKey, ...]]):
    """A key for whoever is asked for, valid for ever: one process has no strangers."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[MessageKey, ...]] = {}

    def __getitem__(self, participant: str) -> tuple[MessageKey, ...]:
        if participant not in self._made:
            made = MessageKey(participant, "own", os.urandom(32), FIRST, LAST)
            return self._made.setdefault(participant, (made,))
        return self._made[participant]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._made))

    def __len__(self) -> int:
        return len(self._made)


def keys_of_one_process() -> KeyRing:
    return KeyRing(KeysForAll())


@dataclass(slots=True)
class MemoryLog:
    """The log itself: partitions of records, and what each group has committed."""

    partitions: int = 4
    faults: Faults | None = None
    stopped: bool = False
    keys: KeyRing = field(default_factory=keys_of_one_process)
    clock: Clock = field(default_factory=SystemClock)  # when things were written, and signed
    _records: dict[Partition, list[Record]] = field(default_factory=lambda: defaultdict(list))
    _written_at: dict[Partition, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    _committed: dict[str, dict[Partition, int]] = field(default_factory=lambda: defaultdict(dict))
    _grown: threading.Condition = field(default_factory=threading.Condition)

    def sender(self, client_id: str) -> "MemorySender":
        """One log has one kind of sender, whoever the client is."""
        return MemorySender(self)

    def reader(self, group: str, topics: Sequence[str], *, batch_max: int) -> "MemoryReader":
        """The only member of its group: the log does not share partitions out.

        `poll` says how many it takes, so `batch_max` sizes nothing here.
        """
        return MemoryReader(self, group, frozenset(topics))

    def post(self, outgoing: Outgoing) -> Record:
        """Say this, signed in its sender's name: how a test plays the other party."""
        sender, value = outgoing.message.head.sender, encode(outgoing.message).encode()
        return self.say(sender, outgoing.topic, outgoing.key.encode(), value)

    def say(self, sender: str, topic: str, key: bytes, value: bytes) -> Record:
        """Append bytes with a true signature of `sender`, whatever they are."""
        signature = self.keys.sign(account_of(topic, sender), topic, key, value, self.clock.now())
        return self.append(topic, key, value, headers_of(signature))

    def append(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Record:
        with self._grown:
            if self.stopped:
                raise BrokerDown
            partition = (topic, zlib.crc32(key) % self.partitions)
            record = Record(topic, partition[1], len(self._records[partition]), key, value, headers)
            self._records[partition].append(record)
            self._written_at[partition].append(self.clock.now())
            self._grown.notify_all()
        return record

    def records(self, topic: str) -> list[Record]:
        """Everything a topic holds, partition by partition."""
        with self._grown:
            return [
                r
                for (name, _), rows in sorted(self._records.items())
                if name == topic
                for r in rows
            ]

    def committed(self, group: str) -> dict[Partition, int]:
        with self._grown:
            return dict(self._committed[group])

    def stop(self) -> None:
        with self._grown:
            self.stopped = True

    def start(self) -> None:
        with self._grown:
            self.stopped = False
            self._grown.notify_all()


@dataclass(frozen=True, slots=True)
class MemorySender:
    log: MemoryLog

    @property
    def keys(self) -> KeyRing:
        return self.log.keys

    def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Arrived:
        try:
            self.log.append(topic, key, value, headers)
        except BrokerDown as error:
            raise SendFailed(topic) from error
        return Arrived()

    def flush(self, timeout_s: float) -> None:
        """Everything has arrived as soon as it was sent."""

    def close(self) -> None:
        """There is no connection to close."""


class MemoryReader:
    def __init__(self, log: MemoryLog, group: str, topics: frozenset[str]) -> None:
        self._log, self._group, self._topics = log, group, topics
        self._next: dict[Partition, int] = log.committed(group)

    def poll(self, *, batch_max: int, wait_ms: int) -> Sequence[Record]:
        until = time.monotonic() + wait_ms / 1_000
        with self._log._grown:  # noqa: SLF001 - the reader is the log's other half
            while not (found := self._unread(batch_max)):
                left = until - time.monotonic()
                if left <= 0:
                    return []
                self._log._grown.wait(left)  # noqa: SLF001
        for record in found:
            partition = (record.topic, record.partition)
            self._next[partition] = max(self._next.get(partition, 0), record.offset + 1)
        return self._repeated(found)

    def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        with self._log._grown:  # noqa: SLF001
            if self._log.stopped:
                return  # Lost, as an asynchronous commit may be: the records come again.
            self._log._committed[self._group].update(next_offsets)  # noqa: SLF001

    @property
    def reader(self) -> str:
        return self._group

    def assigned(self) -> frozenset[Partition]:
        """All there is: it is the only member."""
        return frozenset((topic, n) for topic in self._topics for n in range(self._log.partitions))

    def lookout(self) -> "MemoryLookout":
        return MemoryLookout(self._log, self._group, self._topics)

    def restart(self) -> None:
        """As after a crash: read again from what was committed."""
        self._next = self._log.committed(self._group)

    def close(self) -> None:
        """There is no connection to close."""

    def _unread(self, batch_max: int) -> list[Record]:
        if self._log.stopped:
            return []
        records = self._log._records  # noqa: SLF001
        mine = sorted(p for p in records if p[0] in self._topics)
        if self._log.faults is not None and self._log.faults.shuffle_partitions:
            self._log.faults.random.shuffle(mine)
        found: list[Record] = []
        for partition in mine:
            start = self._next.get(partition, 0)
            found += records[partition][start : start + batch_max - len(found)]
        return found

    def _repeated(self, found: list[Record]) -> list[Record]:
        faults = self._log.faults
        if faults is None:
            return found
        again = [r for r in found if faults.random.randrange(100) < faults.duplicate_percent]
        return found + again


@dataclass(frozen=True, slots=True)
class MemoryLookout:
    """How far a group is in the log."""

    log: MemoryLog
    group: str
    topics: frozenset[str]

    def look(self) -> dict[Partition, tuple[int, int]]:
        with self.log._grown:  # noqa: SLF001 - the log's other half
            if self.log.stopped:
                raise BrokerDown
            done, records = self.log._committed[self.group], self.log._records  # noqa: SLF001
            return {
                (topic, n): (done.get((topic, n), 0), len(records[topic, n]))
                for topic in sorted(self.topics)
                for n in range(self.log.partitions)
            }

    def written_at(self, partition: Partition, offset: int) -> datetime | None:
        with self.log._grown:  # noqa: SLF001
            written = self.log._written_at[partition]  # noqa: SLF001
            return written[offset] if offset < len(written) else None

    def close(self) -> None:
        """There is no connection to close."""
