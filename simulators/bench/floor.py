"""The floor: what kafka-python and COPY alone need for the same messages and the same rows.

Nothing that keeps these libraries can be faster, so the ratio of our rate to this one says how
much our own work costs, whatever the machine does that day.
"""

import io
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing.queues import Queue
from statistics import median

from sqlalchemy import Engine, text

from contracts.delivery.broker import Headers, Sender
from contracts.delivery.transport import KafkaTransport
from contracts.topics import Topic

TOPIC = Topic("bench.floor", "number", "bench", "bench", 4, "messages of no meaning")
READ_WITHIN_S, ROUNDS = 120.0, 3
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it goes over the wire; `headers` hold its signature."""

    key: bytes
    value: bytes
    headers: Headers

    @property
    def size(self) -> int:
        """Bytes without Kafka's own frame."""
        named = sum(len(name.encode()) + len(value) for name, value in self.headers)
        return len(self.key) + len(self.value) + named


@dataclass(frozen=True, slots=True)
class Floor:
    """Seconds for `settlements` settlements' worth of messages, and of rows.

    `message_bytes` is the mean of a message with its key and its signature.
    """

    settlements: int
    messages: int
    message_bytes: int
    rows: int
    kafka_s: float
    copy_s: float

    def per_second(self) -> float:
        return self.settlements / (self.kafka_s + self.copy_s)


def pass_messages(address: str, said: Sequence[Said], count: int) -> float:
    """Seconds for one producer and one consumer process to pass `count` of these, over and over.

    The median of ROUNDS: one alone says as much of the moment as of the library.
    """
    transport = KafkaTransport(address)
    transport.create_topics({TOPIC.name: TOPIC})  # waits until the partitions have leaders
    results: Queue[int] = _SPAWN.Queue()
    reader = _SPAWN.Process(target=_read_all, args=(address, count, results), daemon=True)
    reader.start()
    sender = transport.sender("bench-floor")
    _send(sender, said, 1)  # the reader has joined its group when it has seen this one
    results.get(timeout=READ_WITHIN_S)
    seconds = [_round(sender, said, count, results) for _ in range(ROUNDS)]
    sender.close()
    reader.join(READ_WITHIN_S)
    transport.delete_topics([TOPIC.name])
    return median(seconds)


def copy_rows(engine: Engine, tables: Mapping[str, int]) -> tuple[int, float]:
    """COPY up to so many rows of each table into a bare twin: rows, and seconds for writing."""
    total_rows, seconds = 0, 0.0
    for table, limit in tables.items():
        if limit == 0:
            continue
        with engine.connect() as connection:
            rows, taken_s = _copy_table(connection.connection.driver_connection, table, limit)
            connection.execute(text(f"DROP TABLE floor_{table}"))
            connection.commit()
        total_rows, seconds = total_rows + rows, seconds + taken_s
    return total_rows, seconds


def _copy_table(connection: object, table: str, limit: int) -> tuple[int, float]:
    content = io.StringIO()
    with connection.cursor() as cursor:  # type: ignore[attr-defined]  # a psycopg2 connection
        cursor.copy_expert(f"COPY (SELECT * FROM {table} LIMIT {limit}) TO STDOUT", content)
        cursor.execute(f"CREATE TABLE floor_{table} (LIKE {table})")
        connection.commit()  # type: ignore[attr-defined]
        content.seek(0)
        started = time.perf_counter()
        cursor.copy_expert(f"COPY floor_{table} FROM STDIN", content)
        connection.commit()  # type: ignore[attr-defined]
        return cursor.rowcount, time.perf_counter() - started


def _round(sender: Sender, said: Sequence[Said], count: int, results: "Queue[int]") -> float:
    started = time.perf_counter()
    _send(sender, said, count)
    read = results.get(timeout=READ_WITHIN_S)
    seconds = time.perf_counter() - started
    assert read == count, f"{read} of {count} messages came through Kafka"
    return seconds


def _send(sender: Sender, said: Sequence[Said], count: int) -> None:
    deliveries = [
        sender.send(TOPIC.name, one.key, one.value, one.headers)
        for one in islice(cycle(said), count)
    ]
    sender.flush(READ_WITHIN_S)
    assert all(d.is_done and not d.failed() for d in deliveries), "Kafka did not take them all"


def _read_all(address: str, count: int, results: "Queue[int]") -> None:
    """Say when the first message is here, and of each round's `count` how many came in time."""
    broker = KafkaTransport(address).reader("bench-floor", [TOPIC.name], batch_max=500)
    for wanted in (1, *[count] * ROUNDS):
        until, seen = time.monotonic() + READ_WITHIN_S, 0
        while seen < wanted and time.monotonic() < until:
            seen += len(broker.poll(batch_max=500, wait_ms=200))
        results.put(seen)
    broker.close()
