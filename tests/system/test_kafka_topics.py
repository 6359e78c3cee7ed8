"""Topics on a real Apache Kafka: made once, with the agreed partitions, however often we ask."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import InvalidReplicationFactorError

from contracts.codes import AreaCode
from contracts.delivery.kafka_topics import MESSAGE_BYTES_MAX, create_topics
from contracts.topics import HUB_SETTLEMENTS, all_topics
from simulators.stack.servers import servers

ANHUI, SHANGHAI = AreaCode("340000"), AreaCode("310000")

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def connection() -> Iterator[dict[str, Any]]:
    with servers(kafka=True, durable=False) as started:
        assert started.kafka is not None
        yield {"bootstrap_servers": started.kafka.split(",")}


def test_topics_are_made_once_and_have_the_agreed_partitions(connection: dict[str, Any]) -> None:
    first, all_of_them = all_topics([ANHUI]), all_topics([ANHUI, SHANGHAI])
    create_topics(connection, first)
    assert set(create_topics(connection, all_of_them)) <= all_of_them.keys() - first.keys()
    assert create_topics(connection, all_of_them) == []
    with closing(KafkaConsumer(**connection)) as consumer:
        found = {name: len(consumer.partitions_for_topic(name) or ()) for name in all_of_them}
    assert found == {name: topic.partitions for name, topic in all_of_them.items()}


def test_a_topic_takes_messages_as_large_as_we_send(connection: dict[str, Any]) -> None:
    create_topics(connection, all_topics([ANHUI]))
    with closing(KafkaAdminClient(**connection)) as admin:
        told = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, HUB_SETTLEMENTS)])
    assert str(MESSAGE_BYTES_MAX) in str(told)


def test_more_replicas_than_brokers_is_an_error_that_says_so(connection: dict[str, Any]) -> None:
    topics = {
        name: topic for name, topic in all_topics([AreaCode("650000")]).items() if "65" in name
    }
    with pytest.raises(InvalidReplicationFactorError, match="replication factor"):
        create_topics(connection, topics, replication=3)
