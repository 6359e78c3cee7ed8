"""A consumer group on Kafka, seen from outside."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from contracts.delivery.broker import Partition


class KafkaLookout:
    """Asks how far a group is, as one who knows the group but is not a member of it."""

    def __init__(
        self, connection: Mapping[str, Any], group: str, topics: Sequence[str], *, prefix: str = ""
    ) -> None:
        self._prefix, self._topics = prefix, [prefix + topic for topic in topics]
        self._consumer = KafkaConsumer(
            **connection,
            client_id=f"{prefix}{group}.watch",
            group_id=prefix + group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            max_poll_records=1,
            # A look at one record: the broker gives whole batches, and no more than one of them.
            fetch_max_bytes=1,
            max_partition_fetch_bytes=1,
            bootstrap_timeout_ms=5_000,
            request_timeout_ms=15_000,
            metrics_enabled=False,
        )

    def look(self) -> dict[Partition, tuple[int, int]]:
        known = [(topic, self._consumer.partitions_for_topic(topic)) for topic in self._topics]
        places = [TopicPartition(topic, n) for topic, numbers in known for n in numbers or ()]
        ends = self._consumer.end_offsets(places)
        begins = self._consumer.beginning_offsets(places)
        done = {place: self._consumer.committed(place, timeout_ms=5_000) for place in places}
        return {
            (place.topic.removeprefix(self._prefix), place.partition): (
                begins[place] if done[place] is None else done[place],
                ends[place],
            )
            for place in places
        }

    def written_at(self, partition: Partition, offset: int) -> datetime | None:
        place = TopicPartition(self._prefix + partition[0], partition[1])
        self._consumer.assign([place])
        self._consumer.seek(place, offset)
        found = self._consumer.poll(timeout_ms=500, max_records=1)
        records = [record for rows in found.values() for record in rows]
        return datetime.fromtimestamp(records[0].timestamp / 1_000, UTC) if records else None

    def close(self) -> None:
        self._consumer.close(autocommit=False)
