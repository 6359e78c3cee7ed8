"""kafka-python behind our protocols. Every option is spelled out: its defaults are not ours.

Left to itself kafka-python reads from `latest` and commits offsets on a timer, before the
database has committed: that loses messages.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata, TopicPartition

from contracts.delivery.broker import Delivery, Partition, Record, SendFailed

log = logging.getLogger(__name__)

# What both sides need to reach the brokers; a deployment adds SASL and TLS here.
Connection = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tuning:
    """Bounds of the client. Bytes are bytes, times are milliseconds."""

    fetch_max_wait_ms: int = 100
    session_timeout_ms: int = 10_000
    heartbeat_interval_ms: int = 3_000
    max_poll_interval_ms: int = 300_000
    request_timeout_ms: int = 15_000
    delivery_timeout_ms: int = 20_000
    max_block_ms: int = 5_000
    linger_ms: int = 0
    batch_size: int = 256 * 1024
    buffer_memory: int = 64 * 1024 * 1024


class KafkaBroker:
    """One member of a consumer group; reads from the earliest record it has not committed."""

    def __init__(
        self,
        connection: Connection,
        group: str,
        topics: Sequence[str],
        *,
        batch_max: int,
        tuning: Tuning | None = None,
    ) -> None:
        tuning = tuning or Tuning()
        self._consumer = KafkaConsumer(
            *topics,
            **connection,
            client_id=group,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level="read_uncommitted",
            check_crcs=True,
            allow_auto_create_topics=False,
            exclude_internal_topics=True,
            max_poll_records=batch_max,
            max_poll_interval_ms=tuning.max_poll_interval_ms,
            session_timeout_ms=tuning.session_timeout_ms,
            heartbeat_interval_ms=tuning.heartbeat_interval_ms,
            request_timeout_ms=tuning.request_timeout_ms,
            fetch_min_bytes=1,
            fetch_max_wait_ms=tuning.fetch_max_wait_ms,
            fetch_max_bytes=16 * 1024 * 1024,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            metadata_max_age_ms=60_000,
            reconnect_backoff_ms=50,
            reconnect_backoff_max_ms=1_000,
            retry_backoff_ms=100,
            metrics_enabled=False,
        )

    def poll(self, *, batch_max: int, wait_ms: int) -> Sequence[Record]:
        found = self._consumer.poll(timeout_ms=wait_ms, max_records=batch_max)
        return [
            Record(r.topic, r.partition, r.offset, r.key or b"", r.value or b"")
            for records in found.values()
            for r in records
        ]

    def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        # Without waiting: a lost commit only brings records again, and the inbox knows them.
        self._consumer.commit_async(
            {
                TopicPartition(topic, partition): OffsetAndMetadata(offset, "", -1)
                for (topic, partition), offset in next_offsets.items()
            },
            callback=_tell_failure,
        )

    def close(self) -> None:
        self._consumer.close(autocommit=False)


def _tell_failure(_offsets: object, outcome: object) -> None:
    if isinstance(outcome, Exception):
        log.warning("offsets were not committed (%s); records will come again", outcome)


class KafkaSender:
    """Idempotent and in order per partition: acks from all replicas, retried by the client."""

    def __init__(
        self, connection: Connection, client_id: str, *, tuning: Tuning | None = None
    ) -> None:
        tuning = tuning or Tuning()
        self._producer = KafkaProducer(
            **connection,
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            max_in_flight_requests_per_connection=5,
            retries=1_000,  # bounded by the delivery timeout
            retry_backoff_ms=50,
            delivery_timeout_ms=tuning.delivery_timeout_ms,
            request_timeout_ms=tuning.request_timeout_ms,
            max_block_ms=tuning.max_block_ms,
            linger_ms=tuning.linger_ms,
            batch_size=tuning.batch_size,
            buffer_memory=tuning.buffer_memory,
            compression_type=None,
            max_request_size=4 * 1024 * 1024,
            allow_auto_create_topics=False,
            metadata_max_age_ms=60_000,
            reconnect_backoff_ms=50,
            reconnect_backoff_max_ms=1_000,
            metrics_enabled=False,
        )

    def send(self, topic: str, key: bytes, value: bytes) -> Delivery:
        try:
            future: Delivery = self._producer.send(topic, key=key, value=value)
        except KafkaError as error:
            raise SendFailed(type(error).__name__) from error
        return future

    def flush(self, timeout_s: float) -> None:
        try:
            self._producer.flush(timeout=timeout_s)
        except KafkaError as error:
            log.warning("not everything was sent in time (%s)", type(error).__name__)

    def close(self) -> None:
        self._producer.close(timeout=10)
