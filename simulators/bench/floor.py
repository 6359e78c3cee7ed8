"""The floor: what kafka-python and COPY alone need for the same messages and the same rows.

Nothing that keeps these libraries can be faster, so the ratio of our rate to this one says how
much our own work costs, whatever the machine does that day.
"""

import io
import multiprocessing
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.queues import Queue

from sqlalchemy import Engine, text

from contracts.delivery.broker import Sender
from contracts.delivery.transport import KafkaTransport
from contracts.topics import Topic

TOPIC = Topic("bench.floor", "number", "bench", "bench", 4, "messages of no meaning")
READ_WITHIN_S = 120.0
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Floor:
    """Seconds for `settlements` settlements' worth of messages, and of rows."""

    settlements: int
    messages: int
    message_bytes: int
    rows: int
    kafka_s: float
    copy_s: float

    def per_second(self) -> float:
        return self.settlements / (self.kafka_s + self.copy_s)


def pass_messages(address: str, count: int, size: int) -> float:
    """Seconds for one producer and one consumer process to pass `count` messages of `size`."""
    transport = KafkaTransport(address)
    transport.create_topics({TOPIC.name: TOPIC})  # waits until the partitions have leaders
    results: Queue[int] = _SPAWN.Queue()
    reader = _SPAWN.Process(target=_read_all, args=(address, count, results), daemon=True)
    reader.start()
    sender = transport.sender("bench-floor")
    _send(sender, 1, size)  # the reader has joined its group when it has seen this one
    results.get(timeout=READ_WITHIN_S)
    started = time.perf_counter()
    _send(sender, count, size)
    read = results.get(timeout=READ_WITHIN_S)
    seconds = time.perf_counter() - started
    assert read == count, f"{read} of {count} messages came through Kafka"
    sender.close()
    reader.join(READ_WITHIN_S)
    transport.delete_topics([TOPIC.name])
    return seconds


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


def _send(sender: Sender, count: int, size: int) -> None:
    value = b"x" * size
    deliveries = [sender.send(TOPIC.name, str(n).encode(), value) for n in range(count)]
    sender.flush(READ_WITHIN_S)
    assert all(d.is_done and not d.failed() for d in deliveries), "Kafka did not take them all"


def _read_all(address: str, count: int, results: "Queue[int]") -> None:
    """Say when the first message is here, and how many of the next `count` came in time."""
    broker = KafkaTransport(address).reader("bench-floor", [TOPIC.name], batch_max=500)
    until = time.monotonic() + READ_WITHIN_S
    seen = 0
    for wanted in (1, 1 + count):
        while seen < wanted and time.monotonic() < until:
            seen += len(broker.poll(batch_max=500, wait_ms=200))
        results.put(seen - 1 if wanted > 1 else seen)
    broker.close()
