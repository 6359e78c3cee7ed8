"""Topics that only a test knows."""

from collections.abc import Mapping

from contracts.delivery.transport import KafkaTransport
from contracts.topics import Topic


def make_topics(bootstrap: str, partitions: Mapping[str, int]) -> None:
    """Create those that are missing, and wait until each has a leader."""
    wanted = {
        name: Topic(name, "key", "test", "test", count, "of a test")
        for name, count in partitions.items()
    }
    KafkaTransport(bootstrap).create_topics(wanted)
