"""kafka-python behind our protocols. Every option is spelled out: its defaults are not ours.

Left to itself kafka-python reads from `latest` and commits offsets on a timer, before the
database has committed: that loses messages.
"""

import logging
import selectors
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import AsyncConsumerRebalanceListener, KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import (
    AuthorizationError,
    IllegalStateError,
    KafkaConfigurationError,
    KafkaError,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
)
from kafka.structs import OffsetAndMetadata, TopicPartition

from contracts.delivery.broker import Delivery, Headers, Partition, Record, SendFailed
from contracts.delivery.kafka_lookout import KafkaLookout
from contracts.signing import KeyRing

log = logging.getLogger(__name__)

# Waiting does not mend these; everything else that a poll may raise passes.
HOPELESS = (
    AuthorizationError,
    IllegalStateError,
    KafkaConfigurationError,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
)

# What both sides need to reach the brokers; a deployment adds SASL and TLS here.
Connection = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tuning:
    """Bounds of the client. Bytes are bytes, times are milliseconds."""

    fetch_max_wait_ms: int = 100
    session_timeout_ms: int = 6_000
    heartbeat_interval_ms: int = 2_000
    max_poll_interval_ms: int = 300_000
    request_timeout_ms: int = 15_000
    bootstrap_timeout_ms: int = 30_000
    metadata_max_age_ms: int = 10_000  # a new topic or partition is read within this time
    # The sender never gives a message up: were one to fail and the next of its key to arrive, the
    # order of the key would be lost. `OutboxLimits.in_hand_max` bounds what waits.
    delivery_timeout_ms: int = 7 * 24 * 3_600_000
    max_block_ms: int = 1_000  # a topic that nobody knows may hold up the others for this long
    linger_ms: int = 0
    batch_size: int = 256 * 1024
    close_within_s: float = 2.0
    # At few messages a second every batch holds one, and a commit for each costs the client and the
    # broker as much as the message itself. What a crash leaves uncommitted comes again.
    commit_every_ms: int = 500


class QuickSelector(selectors.DefaultSelector):
    """The client asks it about a socket that is not registered each time that it waits.

    The standard one says no with a KeyError that describes the socket, its two addresses asked of
    the kernel, twice; nobody reads that.
    """

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        descriptor = fileobj.fileno()
        known = self._fd_to_key  # type: ignore[attr-defined]  # the stubs leave it out
        if descriptor < 0 or descriptor in known:
            return super().get_key(fileobj)
        raise KeyError(descriptor)


class KafkaBroker:
    """One member of a consumer group; reads from the earliest record it has not committed."""

    def __init__(
        self,
        connection: Connection,
        group: str,
        topics: Sequence[str],
        *,
        batch_max: int,
        prefix: str = "",
        tuning: Tuning | None = None,
    ) -> None:
        tuning = tuning or Tuning()
        self._prefix = prefix
        self._connection, self._topics = connection, tuple(topics)
        self.reader = group
        self._to_commit: Mapping[Partition, int] = {}  # never changed in place: two threads take it
        self._committing: Delivery | None = None
        self._commit_every_s, self._commit_after_s = tuning.commit_every_ms / 1_000, 0.0
        self._consumer = KafkaConsumer(
            **connection,
            client_id=prefix + group,
            group_id=prefix + group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            isolation_level="read_uncommitted",
            check_crcs=True,
            allow_auto_create_topics=False,
            exclude_internal_topics=True,
            max_poll_records=batch_max,
            max_poll_interval_ms=tuning.max_poll_interval_ms,
            partition_assignment_strategy=(RangePartitionAssignor,),
            bootstrap_timeout_ms=tuning.bootstrap_timeout_ms,
            session_timeout_ms=tuning.session_timeout_ms,
            heartbeat_interval_ms=tuning.heartbeat_interval_ms,
            request_timeout_ms=tuning.request_timeout_ms,
            fetch_min_bytes=1,
            fetch_max_wait_ms=tuning.fetch_max_wait_ms,
            fetch_max_bytes=16 * 1024 * 1024,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            metadata_max_age_ms=tuning.metadata_max_age_ms,
            reconnect_backoff_ms=50,
            reconnect_backoff_max_ms=1_000,
            retry_backoff_ms=100,
            metrics_enabled=False,
            selector=QuickSelector,
        )
        names = [prefix + topic for topic in topics]
        self._consumer.subscribe(names, listener=_Handover(self._commit_before_others_read))
        _ask_nobody_for_a_known_coordinator(self._consumer)
        self._know(names)

    def _know(self, topics: Sequence[str]) -> None:
        # A member that joins before it knows its topics' partitions is given none of them, and
        # keeps none until the metadata grow old.
        try:
            unknown = [t for t in topics if not self._consumer.partitions_for_topic(t)]
        except KafkaError as error:
            unknown = [type(error).__name__]
        if unknown:
            log.warning("nobody knows these topics yet: %s", ", ".join(unknown))

    def poll(self, *, batch_max: int, wait_ms: int) -> Sequence[Record]:
        """As promised by `Broker`; a broker that is away gives nothing, and is asked again."""
        try:
            self._commit_gathered()
            found = self._consumer.poll(timeout_ms=wait_ms, max_records=batch_max)
        except KafkaError as error:
            if isinstance(error, HOPELESS):
                raise
            log.warning("nothing can be read for now (%s)", type(error).__name__)
            time.sleep(wait_ms / 1_000)
            return []
        return [
            Record(
                r.topic.removeprefix(self._prefix),
                r.partition,
                r.offset,
                r.key or b"",
                r.value or b"",
                tuple((name, value or b"") for name, value in r.headers or ()),
            )
            for records in found.values()
            for r in records
        ]

    def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        # Without waiting: a lost commit only brings records again, and the inbox knows them.
        # One at a time: the client refuses more than a few requests under way, so what comes
        # meanwhile is gathered and goes with the next.
        self._to_commit = {
            **self._to_commit,
            **{(self._prefix + topic, n): offset for (topic, n), offset in next_offsets.items()},
        }
        self._commit_gathered()

    def _commit_gathered(self) -> None:
        under_way = self._committing is not None and not self._committing.is_done
        now_s = time.monotonic()
        if self._to_commit and not under_way and now_s >= self._commit_after_s:
            self._commit_after_s = now_s + self._commit_every_s
            self._committing = self._commit_now()

    def _commit_now(self) -> Any:
        offsets, self._to_commit = _offsets(self._to_commit), {}
        return self._consumer.commit_async(offsets, callback=_tell_failure)

    async def _commit_before_others_read(self) -> None:
        """In the client's thread: what is committed later would take another member back."""
        if self._to_commit:
            await self._commit_now()

    def assigned(self) -> frozenset[Partition]:
        """What it has to read now; another thread may ask."""
        try:
            places = list(self._consumer.assignment())
        except RuntimeError:  # They are being dealt out this very moment.
            return frozenset()
        return frozenset((p.topic.removeprefix(self._prefix), p.partition) for p in places)

    def lookout(self) -> KafkaLookout:
        return KafkaLookout(self._connection, self.reader, self._topics, prefix=self._prefix)

    def close(self) -> None:
        if self._to_commit:
            try:
                self._consumer.commit(_offsets(self._to_commit), timeout_ms=5_000)
            except KafkaError as error:
                _tell_failure(None, error)
            self._to_commit = {}
        self._consumer.close(autocommit=False)


class _Handover(AsyncConsumerRebalanceListener):  # type: ignore[misc]  # the client has no types
    """Ends what a member began before its partitions are dealt out anew."""

    def __init__(self, end: Callable[[], Awaitable[None]]) -> None:
        self._end = end

    async def on_partitions_revoked(self, _revoked: object) -> None:
        try:
            await self._end()
        except KafkaError as error:
            log.info("offsets were not handed over (%s)", type(error).__name__)  # told as well

    async def on_partitions_assigned(self, _assigned: object) -> None:
        pass


def _ask_nobody_for_a_known_coordinator(consumer: KafkaConsumer) -> None:
    """Every poll asks the client's thread whether the coordinator is known, and waits for it.

    To wake a thread twice for what stands in a variable is a third of what an empty poll costs.
    """
    coordinator = consumer._coordinator  # noqa: SLF001
    ask = coordinator.ensure_coordinator_ready

    def known(timeout_ms: float | None = None) -> bool:
        return not coordinator.coordinator_unknown() or ask(timeout_ms=timeout_ms)

    coordinator.ensure_coordinator_ready = known


def _offsets(next_offsets: Mapping[Partition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {
        TopicPartition(topic, partition): OffsetAndMetadata(offset, "", -1)
        for (topic, partition), offset in next_offsets.items()
    }


def _tell_failure(_offsets: object, outcome: object) -> None:
    if isinstance(outcome, Exception):
        log.warning("offsets were not committed (%s); records will come again", outcome)


class KafkaSender:
    """Idempotent and in order per partition: acks from all replicas, retried by the client."""

    def __init__(
        self,
        connection: Connection,
        client_id: str,
        *,
        keys: KeyRing,
        prefix: str = "",
        tuning: Tuning | None = None,
    ) -> None:
        tuning = tuning or Tuning()
        self.keys = keys
        self._prefix = prefix
        self._close_within_s = tuning.close_within_s
        self._producer = KafkaProducer(
            **connection,
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            max_in_flight_requests_per_connection=5,
            retries=2**31 - 1,  # bounded by the delivery timeout
            retry_backoff_ms=50,
            delivery_timeout_ms=tuning.delivery_timeout_ms,
            request_timeout_ms=tuning.request_timeout_ms,
            max_block_ms=tuning.max_block_ms,
            linger_ms=tuning.linger_ms,
            batch_size=tuning.batch_size,
            compression_type=None,
            max_request_size=1_000_000,  # what a broker takes unless told otherwise
            allow_auto_create_topics=False,
            metadata_max_age_ms=tuning.metadata_max_age_ms,
            reconnect_backoff_ms=50,
            reconnect_backoff_max_ms=1_000,
            metrics_enabled=False,
            selector=QuickSelector,
        )

    def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Delivery:
        try:
            future: Delivery = self._producer.send(
                self._prefix + topic, key=key, value=value, headers=list(headers)
            )
        except Exception as error:
            # Whatever it has to say, its transaction has committed: the row waits in the outbox.
            raise SendFailed(type(error).__name__) from error
        return future

    def flush(self, timeout_s: float) -> None:
        try:
            self._producer.flush(timeout=timeout_s)
        except KafkaError as error:
            log.warning("not everything was sent in time (%s)", type(error).__name__)

    def close(self) -> None:
        try:
            self._producer.close(timeout=self._close_within_s)
        except KafkaError as error:
            log.warning("closed with messages on their way (%s)", type(error).__name__)
            # It gives up before it stops its thread, which would try for ever.
            self._producer._sender.force_close()  # noqa: SLF001
            self._producer._sender.join(self._close_within_s)  # noqa: SLF001
