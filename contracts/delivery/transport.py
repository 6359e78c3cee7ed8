"""Where readers and senders come from: Kafka in production, a log in memory in one process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contracts.delivery.broker import Broker, Sender


class Transport(Protocol):
    """One way to reach a broker; `contracts.delivery.memory.MemoryLog` is another."""

    def reader(self, group: str, topics: Sequence[str], *, batch_max: int) -> Broker: ...

    def sender(self, client_id: str) -> Sender: ...


@dataclass(frozen=True, slots=True, repr=False)
class KafkaTransport:
    """`bootstrap`: host:port[,host:port]. `security`: kafka-python's SASL and TLS options."""

    bootstrap: str
    security: Mapping[str, Any] = field(default_factory=dict)

    def reader(self, group: str, topics: Sequence[str], *, batch_max: int) -> Broker:
        from contracts.delivery.kafka import KafkaBroker

        return KafkaBroker(self._connection(), group, topics, batch_max=batch_max)

    def sender(self, client_id: str) -> Sender:
        from contracts.delivery.kafka import KafkaSender

        return KafkaSender(self._connection(), client_id)

    def _connection(self) -> dict[str, Any]:
        return {"bootstrap_servers": self.bootstrap.split(","), **self.security}
