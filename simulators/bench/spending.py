"""What settlements leave behind: bytes on topics and on the wire, rows, write-ahead log, disk."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from contracts.delivery.kafka_topics import administrator
from simulators.bench.stage import Bench, number_of, rows_of

_WAL = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
_SIZE = "SELECT pg_database_size(current_database())"
_SAID = "SELECT count(*) FROM outbox"
_SAID_BYTES = "SELECT coalesce(sum(octet_length(value)), 0) FROM outbox"
LOOPBACKS = ("lo", "lo0")


@dataclass(frozen=True, slots=True)
class Counted:
    """How far every counter was at one moment; bytes unless said otherwise.

    `loopback`: what crossed the machine's own network, everybody's; PostgreSQL's socket is not it.
    """

    messages: int
    message_bytes: int
    log_bytes: int
    loopback_bytes: int
    wal_bytes: int
    disk_bytes: int
    rows: Mapping[str, int]
    """By role; of all areas in a role together."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What one settlement cost in each, on the mean of `settlements`."""

    settlements: int
    messages: float
    message_bytes: float
    log_bytes: float
    loopback_bytes: float
    wal_bytes: float
    disk_bytes: float
    rows: Mapping[str, float]

    def as_dict(self) -> dict[str, object]:
        """What one settlement costs; `log` is Kafka's, `wal` and `disk` are the databases'."""
        return {
            "settlements": self.settlements,
            "messages": round(self.messages, 2),
            "message_bytes": round(self.message_bytes),
            "log_bytes": round(self.log_bytes),
            "loopback_bytes": round(self.loopback_bytes),
            "wal_bytes": round(self.wal_bytes),
            "disk_bytes": round(self.disk_bytes),
            "rows": round(sum(self.rows.values()), 1),
            "rows_by_role": {role: round(number, 1) for role, number in self.rows.items()},
        }


def counted(bench: Bench) -> Counted:
    """Ask PostgreSQL, Kafka and the kernel; takes a moment once much has been written."""
    rows: Counter[str] = Counter()
    messages = message_bytes = disk_bytes = 0
    for side in bench.sides:
        rows[side.role] += sum(rows_of(side.engine).values())
        messages += number_of(side.engine, _SAID)
        message_bytes += number_of(side.engine, _SAID_BYTES)
        disk_bytes += number_of(side.engine, _SIZE)
    network = psutil.net_io_counters(pernic=True)
    return Counted(
        messages=messages,
        message_bytes=message_bytes,
        log_bytes=_log_bytes(bench),
        loopback_bytes=sum(network[name].bytes_sent for name in LOOPBACKS if name in network),
        wal_bytes=number_of(bench.engine_of("hub"), _WAL),
        disk_bytes=disk_bytes,
        rows=rows,
    )


def spent(before: Counted, after: Counted, settlements: int) -> Spending:
    """On the mean of at least one settlement."""
    return Spending(
        settlements=settlements,
        messages=(after.messages - before.messages) / settlements,
        message_bytes=(after.message_bytes - before.message_bytes) / settlements,
        log_bytes=(after.log_bytes - before.log_bytes) / settlements,
        loopback_bytes=(after.loopback_bytes - before.loopback_bytes) / settlements,
        wal_bytes=(after.wal_bytes - before.wal_bytes) / settlements,
        disk_bytes=(after.disk_bytes - before.disk_bytes) / settlements,
        rows={r: (number - before.rows[r]) / settlements for r, number in after.rows.items()},
    )


def _log_bytes(bench: Bench) -> int:
    """Of this run's topics, on the disks of all brokers."""
    servers, _, prefix = bench.kafka.partition("/")
    with administrator({"bootstrap_servers": servers.split(",")}) as admin:
        brokers = admin.describe_log_dirs()
    folders = [folder for broker in brokers for folder in broker["log_dirs"]]
    topics = [topic for folder in folders for topic in folder["topics"]]
    return sum(
        partition["partition_size"]
        for topic in topics
        if topic["name"].startswith(prefix)
        for partition in topic["partitions"]
    )
