"""The in-process broker as a process sees it: a reading end and a writing end of one log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts.delivery.broker import Headers, Partition, Record, SendFailed
from contracts.signing import KeyRing
from simulators.simulation.record_log import Log, named, told
from simulators.simulation.steps import Step, Steps

LOOKS_EVERY_S = 5.0


@dataclass(slots=True)
class Landed:
    """The delivery of a record; whether its sender hears so is another matter."""

    is_lost: bool
    is_done: bool = True

    def failed(self) -> bool:
        return self.is_lost


@dataclass(slots=True)
class Reader:
    """One process's reading end: the only member of its group."""

    log: Log
    steps: Steps
    process: str
    group: str
    topics: frozenset[str]
    next: dict[Partition, int] = field(default_factory=dict)

    def poll(self, *, batch_max: int, wait_ms: int) -> Sequence[Record]:  # noqa: ARG002
        """As Kafka's; where there is nothing, it comes back when there is, or to be tended."""
        found = self._take(batch_max)
        if not found:
            self._wait()
            found = self._take(batch_max)
        for record in found:
            self.log.events.note(self.process, "read", f"{named(record)} {told(record.value)}")
        return found

    def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        self.steps.reached(self.process, Step.BEFORE_OFFSET_COMMIT)
        weather = self.log.weather
        if weather.is_stopped or self.log.chance(weather.lost_commit_percent):
            self.log.events.note(self.process, "lost offsets", self.group)
        else:
            self.log.committed[self.group].update(next_offsets)
        self.steps.reached(self.process, Step.AFTER_OFFSET_COMMIT)

    def close(self) -> None:
        """There is no connection to close."""

    def _wait(self) -> None:
        loop, upcoming = self.log.rhythm.scheduler.running(), self._next_visible_at()
        self.log.waiting[loop] = self.topics
        try:
            if upcoming is not None and not self.log.weather.is_stopped:
                away = upcoming - self.log.clock.at
                self.log.rhythm.scheduler.sleep(max(0.0, away.total_seconds()))
            else:
                self.log.rhythm.rest(self.process, LOOKS_EVERY_S)
        finally:
            del self.log.waiting[loop]

    def _next_visible_at(self) -> datetime | None:
        times = [
            self.log.visible_at[p][self.next.get(p, 0)]
            for p in self._partitions()
            if self.next.get(p, 0) < len(self.log.records[p])
        ]
        return min(times, default=None)

    def _partitions(self) -> list[Partition]:
        return sorted(p for p in self.log.records if p[0] in self.topics)

    def _take(self, batch_max: int) -> list[Record]:
        weather = self.log.weather
        if weather.is_stopped:
            return []
        if self.log.chance(weather.redeliver_percent):
            self.next = dict(self.log.committed[self.group])
        partitions = self._partitions()
        self.log.random.shuffle(partitions)
        found: list[Record] = []
        for partition in partitions:
            found += self._visible(partition, batch_max - len(found))
        if len(found) > 1 and self.log.chance(weather.split_percent):
            found = found[: self.log.random.randrange(1, len(found))]
        for record in found:
            self.next[record.topic, record.partition] = record.offset + 1
        return found

    def _visible(self, partition: Partition, most: int) -> list[Record]:
        start, times = self.next.get(partition, 0), self.log.visible_at[partition]
        end = start
        while end < min(len(times), start + most) and times[end] <= self.log.clock.at:
            end += 1
        return self.log.records[partition][start:end]


@dataclass(frozen=True, slots=True)
class Writer:
    """One process's writing end."""

    log: Log
    steps: Steps
    process: str

    @property
    def keys(self) -> KeyRing:
        return self.log.keys

    def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Landed:
        self.steps.reached(self.process, Step.BEFORE_SEND)
        weather = self.log.weather
        if weather.is_stopped:
            raise SendFailed(topic)
        self.log.append(self.process, topic, key, value, headers)
        if self.log.chance(weather.repeat_percent):
            self.log.append(self.process, topic, key, value, headers)
        self.steps.reached(self.process, Step.AFTER_SEND)
        return Landed(is_lost=self.log.chance(weather.lost_ack_percent))

    def flush(self, timeout_s: float) -> None:
        """What was sent has arrived, or never will."""

    def close(self) -> None:
        """There is no connection to close."""


@dataclass(frozen=True, slots=True)
class Ends:
    """One process's way to the log: a Transport."""

    log: Log
    steps: Steps
    process: str

    def reader(self, group: str, topics: Sequence[str], *, batch_max: int) -> Reader:  # noqa: ARG002
        start = dict(self.log.committed[group])
        return Reader(self.log, self.steps, self.process, group, frozenset(topics), start)

    def sender(self, client_id: str) -> Writer:  # noqa: ARG002
        return Writer(self.log, self.steps, self.process)
