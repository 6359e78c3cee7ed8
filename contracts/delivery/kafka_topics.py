"""Makes the agreed topics on a Kafka, every option spelled out; asking again changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import NoError, TopicAlreadyExistsError, for_code

from contracts.delivery.kafka import Connection
from contracts.topics import Topic

REQUEST_TIMEOUT_MS = 30_000
BOOTSTRAP_TIMEOUT_MS = 10_000
DAY_MS = 24 * 60 * 60 * 1000
# As long as a reader may be away. What is older can still be sent again from the writer's outbox.
RETENTION_MS = 7 * DAY_MS
# Kafka's own default, spelled out; contracts.delivery.outbox says nothing larger.
MESSAGE_BYTES_MAX = 1_048_588


def create_topics(
    connection: Connection, topics: Mapping[str, Topic], replication: int = 1
) -> list[str]:
    """Create the topics that are missing; returns their names when each has a leader.

    A topic that is there already stays as it is: more partitions would send a key elsewhere while
    its older messages still wait. `connection` is what a KafkaTransport connects with. Raises
    KafkaError, for instance when there are fewer brokers than `replication`.
    """
    wanted = {name: _options(topic, replication) for name, topic in topics.items()}
    with administrator(connection) as admin:
        answer = admin.create_topics(wanted, timeout_ms=REQUEST_TIMEOUT_MS, raise_errors=False)
        created = _created(answer["topics"])
        admin.wait_for_topics(list(wanted))
    return created


def delete_topics(connection: Connection, names: Sequence[str]) -> None:
    """Delete these topics; one that is not there is no error."""
    with administrator(connection) as admin:
        admin.delete_topics(list(names), timeout_ms=REQUEST_TIMEOUT_MS, raise_errors=False)


def _options(topic: Topic, replication: int) -> dict[str, Any]:
    return {
        "num_partitions": topic.partitions,
        "replication_factor": replication,
        "configs": {
            "cleanup.policy": "delete",
            "retention.ms": str(RETENTION_MS),
            "max.message.bytes": str(MESSAGE_BYTES_MAX),
            "message.timestamp.type": "CreateTime",
            # With three replicas one broker may be away, and nothing acknowledged is on one alone.
            "min.insync.replicas": str(max(1, replication - 1)),
            "unclean.leader.election.enable": "false",
        },
    }


def _created(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    created = []
    for topic in answers:
        error = for_code(topic["error_code"])
        if error is NoError:
            created.append(topic["name"])
        elif error is not TopicAlreadyExistsError:
            raise error(f"{topic['name']}: {topic['error_message']}")
    return sorted(created)


@contextmanager
def administrator(connection: Connection) -> Iterator[KafkaAdminClient]:
    """A client for the length of a block; KafkaError when no broker answers in time."""
    admin = KafkaAdminClient(
        **connection,
        client_id="yidi-administrator",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        bootstrap_timeout_ms=BOOTSTRAP_TIMEOUT_MS,
        retry_backoff_ms=100,
        reconnect_backoff_ms=50,
        reconnect_backoff_max_ms=1_000,
    )
    try:
        yield admin
    finally:
        admin.close()
