"""Where readers and senders come from: Kafka in production, a log in memory in one process."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contracts.delivery.broker import Broker, Sender
from contracts.signing import KeyRing
from contracts.topics import Topic


class Transport(Protocol):
    """One way to reach a broker; `contracts.delivery.memory.MemoryLog` is another."""

    def reader(self, group: str, topics: Sequence[str], *, batch_max: int) -> Broker: ...

    def sender(self, client_id: str) -> Sender: ...


@dataclass(frozen=True, slots=True, repr=False)
class KafkaTransport:
    """`address`: host:port[,host:port][/prefix]. `security`: kafka-python's SASL and TLS options.

    Without `keys` nothing can be signed: enough for who only makes topics.

    A prefix stands before every topic and every group, as a chroot does with ZooKeeper: several
    worlds can share one Kafka, and nobody inside a world knows.
    """

    address: str
    keys: KeyRing = field(default_factory=lambda: KeyRing({}))
    security: Mapping[str, Any] = field(default_factory=dict)

    def reader(self, group: str, topics: Sequence[str], *, batch_max: int) -> Broker:
        from contracts.delivery.kafka import KafkaBroker

        return KafkaBroker(
            self._connection(), group, topics, batch_max=batch_max, prefix=self.prefix
        )

    def sender(self, client_id: str) -> Sender:
        from contracts.delivery.kafka import KafkaSender

        return KafkaSender(self._connection(), client_id, keys=self.keys, prefix=self.prefix)

    def create_topics(self, topics: Mapping[str, Topic], replication: int = 1) -> list[str]:
        """Create those that are missing; the names of the new ones, as they are agreed."""
        from contracts.delivery.kafka_topics import create_topics

        named = {self.prefix + name: topic for name, topic in topics.items()}
        created = create_topics(self._connection(), named, replication)
        return [name.removeprefix(self.prefix) for name in created]

    def give_rights(self, passwords: Mapping[str, str]) -> tuple[int, int]:
        """Make these participants Kafka's users, with these passwords, and give them their rights.

        How many rights are new, and how many are gone. UnknownUser, KafkaRefused, KafkaError.
        """
        from contracts.delivery.kafka_rights import rights
        from contracts.delivery.kafka_users import give_rights, set_passwords

        wanted = rights(passwords.keys())
        set_passwords(self._connection(), passwords)
        return give_rights(self._connection(), wanted, self.prefix)

    def delete_topics(self, topics: Iterable[str]) -> None:
        """Take away a world that is over, with everything its topics hold."""
        from contracts.delivery.kafka_topics import delete_topics

        delete_topics(self._connection(), [self.prefix + name for name in topics])

    @property
    def prefix(self) -> str:
        return self.address.partition("/")[2]

    def _connection(self) -> dict[str, Any]:
        servers = self.address.partition("/")[0]
        return {"bootstrap_servers": servers.split(","), **self.security}
