"""Several worlds on one Kafka: a prefix keeps them apart, and nobody inside a world knows."""

import pytest

from contracts.delivery.broker import Record, next_offsets
from contracts.delivery.transport import KafkaTransport
from contracts.ids import new_id, short_text_of
from contracts.topics import Topic

TOPIC = Topic("prefix.test", "number", "test", "test", 2, "words of this test")


@pytest.mark.kafka
def test_two_worlds_on_one_kafka_hear_only_themselves(kafka_bootstrap: str) -> None:
    worlds = [KafkaTransport(f"{kafka_bootstrap}/{short_text_of(new_id())}.") for _ in range(2)]
    for number, world in enumerate(worlds):
        assert world.create_topics({TOPIC.name: TOPIC}) == [TOPIC.name]
        said = world.sender("test")
        said.send(TOPIC.name, b"k", b"world %d" % number)
        said.flush(10)
        said.close()
    try:
        for number, world in enumerate(worlds):
            assert [(r.topic, r.value) for r in heard(world)] == [
                (TOPIC.name, b"world %d" % number)
            ]
            assert heard(world) == [], "what was committed comes again"
    finally:
        for world in worlds:
            world.delete_topics([TOPIC.name])


def heard(world: KafkaTransport) -> list[Record]:
    """What a member of the group hears, committed; polls until it is quiet."""
    reader = world.reader("readers", [TOPIC.name], batch_max=10)
    found: list[Record] = []
    for _ in range(6):
        records = reader.poll(batch_max=10, wait_ms=500)
        found += records
        if records:
            reader.commit(next_offsets(records))
    reader.close()
    return found
