"""The log of a simulation's broker: what it holds, when it can be seen, and how it misbehaves.

What it never does is reorder one partition: Kafka does not. Everything else that at-least-once
allows may happen between a `send` and a `poll`.
"""

import hashlib
import json
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from contracts.delivery.broker import Headers, Partition, Record
from contracts.delivery.memory import keys_of_one_process
from contracts.signing import KeyRing
from simulators.simulation.clocks import VirtualClock
from simulators.simulation.event_log import EventLog
from simulators.simulation.rhythm import Rhythm
from simulators.simulation.scheduler import Loop

PARTITIONS = 3
ROUTINE = ("canary_", "route_weather_", "slice_")
"""Beginnings of the kinds that are said whether or not anything happens."""


@dataclass(slots=True)
class Weather:
    """How the broker behaves for now; chances in percent."""

    is_stopped: bool = False
    delay_s: float = 0.02
    late_percent: int = 2
    late_s: float = 1.0
    repeat_percent: int = 0  # a record is written twice, as by a sender that saw no answer
    lost_ack_percent: int = 0  # it is written, and its sender hears that it is not
    lost_commit_percent: int = 0  # offsets are not kept
    redeliver_percent: int = 0  # a reader begins again where it last committed
    split_percent: int = 30  # a poll gives less than there is


@dataclass(slots=True)
class Log:
    """Partitions of records, and what each group has committed. `broker.Ends` are its two ends."""

    clock: VirtualClock
    events: EventLog
    rhythm: Rhythm
    random: Random
    weather: Weather = field(default_factory=Weather)
    keys: KeyRing = field(default_factory=keys_of_one_process)
    records: dict[Partition, list[Record]] = field(default_factory=lambda: defaultdict(list))
    visible_at: dict[Partition, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[str, dict[Partition, int]] = field(default_factory=lambda: defaultdict(dict))
    waiting: dict[Loop, frozenset[str]] = field(default_factory=dict)

    def chance(self, percent: int) -> bool:
        return percent > 0 and self.random.randrange(100) < percent

    def append(
        self, who: str, topic: str, key: bytes, value: bytes, headers: Headers = ()
    ) -> Record:
        """Keep it, after everything that its partition has, and wake who waits for it."""
        partition = (topic, zlib.crc32(key) % PARTITIONS)
        rows, times = self.records[partition], self.visible_at[partition]
        record = Record(topic, partition[1], len(rows), key, value, headers)
        rows.append(record)
        times.append(max(times[-1] if times else self.clock.at, self.clock.at + self._delay()))
        kind = told(value)
        self.events.note(who, "sent", f"{named(record)} {kind} {mark(value)}")
        if not kind.startswith(ROUTINE):
            self.rhythm.stir(who, topic)
        for loop, topics in self.waiting.items():
            if topic in topics:
                self.rhythm.scheduler.hasten(loop, times[-1])
        return record

    def _delay(self) -> timedelta:
        weather = self.weather
        longest_s = weather.late_s if self.chance(weather.late_percent) else weather.delay_s
        return timedelta(seconds=self.random.random() * longest_s)


def named(record: Record) -> str:
    return f"{record.topic}[{record.partition}]@{record.offset}"


def mark(value: bytes) -> str:
    """Short for the content: two messages of the same id with other figures look different."""
    return f"#{hashlib.sha256(value).hexdigest()[:8]}"


def told(value: bytes) -> str:
    """A message's kind, its id and the settlement that it is about, without its content."""
    try:
        letter = json.loads(value)
        kind, id_ = letter["head"]["kind"], letter["head"]["message_id"]
        about = letter["body"].get("settlement_id") or ""
    except (ValueError, TypeError, KeyError):
        return "not a message"
    return f"{kind} {id_} {about}".rstrip()
