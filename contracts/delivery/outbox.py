"""What a transaction decided to say: written with it, sent right after it, never forgotten.

One `Outbox` a process. `transaction()` is the only way an edge opens a transaction that may send:
the messages go out as soon as it has committed, and what the broker has taken is struck from
`outbox_unsent` with the next thing said, so that the hot path needs no statement of its own for it.
`tend()` is the sweeper: it strikes what nothing followed, and sends what a crash or a broken broker
left behind. Every process that has an outbox must call it about once a second, or both stay there.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import Connection, Engine

from contracts.clock import Clock
from contracts.delivery import prepared
from contracts.delivery.broker import Delivery, Sender
from contracts.delivery.codec import encode
from contracts.delivery.key_watch import KeyWatch
from contracts.delivery.relay import Queued, Relay
from contracts.message import Outgoing

# With it goes what has arrived since: it costs no statement of its own.
_QUEUE = prepared.statement_of_rows(
    """
    WITH struck AS (DELETE FROM outbox_unsent WHERE position = ANY($6)),
         said (message_id, topic, key, value, queued_at) AS %s,
         kept AS (INSERT INTO outbox (message_id, topic, key, value, queued_at) SELECT * FROM said)
    INSERT INTO outbox_unsent (message_id, queued_at) SELECT message_id, queued_at FROM said
    RETURNING position, message_id
    """,
    "uuid text text text timestamptz",
    then="bigint[]",
)
_STRIKE = prepared.statement("DELETE FROM outbox_unsent WHERE position = ANY($1)", "bigint[]")
_LEFT_BEHIND = prepared.statement(
    """
    SELECT unsent.position, outbox.topic, outbox.key, outbox.value
    FROM outbox_unsent AS unsent JOIN outbox USING (message_id)
    WHERE ($1 IS NULL OR unsent.queued_at <= $1)
      AND unsent.position <> ALL($2) AND outbox.topic <> ALL($3)
    ORDER BY unsent.position LIMIT $4
    """,
    "timestamptz bigint[] text[] int",
)
# One sweeper at a time. Two that shared the rows out (SKIP LOCKED) would send the messages of one
# key side by side, and out of order.
_SWEEP_ALONE = prepared.statement("SELECT pg_try_advisory_xact_lock(5201314)")

# Kafka refuses records over one million bytes; such a message would never leave the outbox.
VALUE_BYTES_MAX = 900_000


class TooLargeToSend(Exception):
    """A message over VALUE_BYTES_MAX: whoever decided to say it must say it in parts."""


class TransactionSpoilt(Exception):
    """A statement failed and somebody went on: PostgreSQL would answer COMMIT with ROLLBACK."""


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """Bounds of the sweeper; each has a reason to be small."""

    sweep_every: timedelta = timedelta(seconds=1)
    swept_when_older_than: timedelta = timedelta(seconds=5)  # younger rows are still in hand
    swept_at_once_max: int = 500
    flush_within_s: float = 5.0  # at the end
    swept_within_s: float = 5.0  # a page; whose loop has deadlines to keep takes less
    in_hand_max: int = 10_000  # messages on their way; beyond that they wait in the database
    rest_after_refusal: timedelta = timedelta(seconds=2)


@dataclass(slots=True)
class Writing:
    """A transaction under way, and what it will say once it has committed.

    `arrived`: rows that it strikes, with the first thing that it says.
    """

    tx: Connection
    now: datetime
    arrived: Sequence[int] = ()
    queued: list[Queued] = field(default_factory=list)

    def say(self, outgoing: Iterable[Outgoing]) -> None:
        """Queue these messages, in this order; TooLargeToSend when one can never leave."""
        said = list(outgoing)
        if not said:
            return
        texts = [encode(o.message) for o in said]
        values = [text.encode() for text in texts]
        for o, value in zip(said, values, strict=True):
            if len(value) > VALUE_BYTES_MAX:
                raise TooLargeToSend(o.message.head.kind)
        rows = [
            (o.message.head.message_id, o.topic, o.key, text, self.now)
            for o, text in zip(said, texts, strict=True)
        ]
        written = prepared.write_and_return(self.tx, _QUEUE, rows, self.arrived)
        self.arrived = ()
        positions = {id_: position for position, id_ in written}
        for o, value in zip(said, values, strict=True):
            position = positions[o.message.head.message_id]
            self.queued.append(Queued(position, o.topic, o.key.encode(), value))


class Outbox:
    """Thread-safe: an API's threads share one."""

    def __init__(
        self, engine: Engine, sender: Sender, clock: Clock, limits: OutboxLimits | None = None
    ) -> None:
        self.engine, self.clock = engine, clock
        self.limits = limits or OutboxLimits()
        self.keys = sender.keys
        self._sender, self._key_watch = sender, KeyWatch(sender.keys)
        self._relay = Relay(
            sender, in_hand_max=self.limits.in_hand_max, rest=self.limits.rest_after_refusal
        )
        self._swept_at: datetime | None = None
        self._sweeping = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Writing]:
        """One transaction: commits at the end of the block, then sends what `say` queued."""
        arrived = self._relay.take_arrived()
        queued: list[Queued] = []
        try:
            with self.engine.begin() as tx:
                writing = Writing(tx, self.clock.now(), arrived)
                yield writing
                _refuse_if_spoilt(tx)
                queued = writing.queued
        except BaseException:
            self._relay.put_back(arrived)
            # When COMMIT itself failed, it may have happened: the sweeper will see.
            self._relay.leave_to_sweeper({item.topic for item in queued})
            raise
        self._relay.put_back(writing.arrived)  # Nothing was said: the next one strikes them.
        self._relay.send(queued, writing.now)

    def tend(self) -> int:
        """Strike what arrived and send what was left behind; how many were sent again."""
        now = self.clock.now()
        if not self._sweeping.acquire(blocking=False):
            return 0  # Another thread is at it.
        try:
            if self._swept_at is not None and now - self._swept_at < self.limits.sweep_every:
                return 0
            self._swept_at = now
            self._key_watch.look(now)
            with self._striking():
                pass
            return self._sweep(now)
        finally:
            self._sweeping.release()

    def close(self) -> None:
        """Wait for what is on its way and strike it, so that nobody sends it again."""
        try:
            self._sender.flush(self.limits.flush_within_s)
            with self._striking():
                pass
        finally:
            self._sender.close()

    def _sweep(self, now: datetime) -> int:
        """Hand over unsent rows in their order, page by page, as long as they arrive."""
        age = self.limits.swept_when_older_than
        queued_until = None if self._relay.is_behind() else now - age
        self._relay.begin_sweep()
        total = 0
        while not self._relay.is_full():
            page = self._send_page(queued_until, now)
            if page is None:
                return total  # Another process sweeps, and sends ours with its own.
            found, under_way = page
            total += len(under_way)
            if not all(delivery.is_done for delivery in under_way):
                return total
            if found < self.limits.swept_at_once_max:
                self._relay.end_sweep(self._relay.not_to_sweep(now)[1])
                return total
        return total

    def _send_page(
        self, queued_until: datetime | None, now: datetime
    ) -> tuple[int, list[Delivery]] | None:
        """Rows found and what was handed over of them; None while another process sweeps."""
        with self._striking() as tx:
            if not prepared.fetch(tx, _SWEEP_ALONE)[0][0]:
                return None
            in_hand, resting = self._relay.not_to_sweep(now)
            most = self.limits.swept_at_once_max
            which = (queued_until, in_hand, resting, most)
            rows = [
                Queued(position, topic, key.encode(), value.encode())
                for position, topic, key, value in prepared.fetch(tx, _LEFT_BEHIND, *which)
            ]
            under_way = self._relay.sweep(rows, now)
            if under_way:
                self._sender.flush(self.limits.swept_within_s)
            return len(rows), under_way

    @contextmanager
    def _striking(self) -> Iterator[Connection]:
        """A transaction of our own that, in its end, strikes what has arrived."""
        arrived: list[int] = []
        try:
            with self.engine.begin() as tx:
                yield tx
                arrived = self._relay.take_arrived()
                _strike(tx, arrived)
        except BaseException:
            self._relay.put_back(arrived)
            raise


def _strike(tx: Connection, arrived: Sequence[int]) -> None:
    if arrived:
        prepared.run(tx, _STRIKE, list(arrived))


def _refuse_if_spoilt(tx: Connection) -> None:
    connection = tx.connection.driver_connection
    assert connection is not None, "the transaction has ended"
    if connection.info.transaction_status == TRANSACTION_STATUS_INERROR:
        raise TransactionSpoilt
