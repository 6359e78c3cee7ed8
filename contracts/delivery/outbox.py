"""What a transaction decided to say: written with it, sent right after it, never forgotten.

One `Outbox` a process. `transaction()` is the only way an edge opens a transaction that may send:
the messages go out as soon as it has committed, and what the broker has taken is struck from
`outbox_unsent` by the next transaction, so that the hot path needs no commit of its own for it.
`tend()` is the sweeper: it sends again what a crash or a broken broker left behind.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from contracts.clock import Clock
from contracts.delivery import bulk
from contracts.delivery.broker import Delivery, Sender, SendFailed
from contracts.delivery.codec import encode
from contracts.message import Outgoing

log = logging.getLogger(__name__)

_QUEUE = """
    WITH said (message_id, topic, key, value, queued_at) AS (VALUES %s),
         kept AS (INSERT INTO outbox (message_id, topic, key, value, queued_at) SELECT * FROM said)
    INSERT INTO outbox_unsent (message_id, queued_at) SELECT message_id, queued_at FROM said
    RETURNING position, message_id
"""
_STRIKE = "DELETE FROM outbox_unsent WHERE position = ANY(%s::bigint[])"
_LEFT_BEHIND = """
    SELECT unsent.position, outbox.topic, outbox.key, outbox.value
    FROM outbox_unsent AS unsent JOIN outbox USING (message_id)
    WHERE unsent.queued_at <= %s ORDER BY unsent.position LIMIT %s
    FOR UPDATE OF unsent SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Queued:
    position: int
    topic: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """Bounds of the sweeper; each has a reason to be small."""

    sweep_every: timedelta = timedelta(seconds=1)
    swept_when_older_than: timedelta = timedelta(seconds=5)  # younger rows are still in hand
    swept_at_once_max: int = 500
    flush_within_s: float = 10.0


@dataclass(slots=True)
class Writing:
    """A transaction under way, and what it will say once it has committed."""

    tx: Connection
    now: datetime
    queued: list[Queued] = field(default_factory=list)

    def say(self, outgoing: Iterable[Outgoing]) -> None:
        said = list(outgoing)
        values = [encode(o.message) for o in said]
        rows = [
            (o.message.head.message_id, o.topic, o.key, value, self.now)
            for o, value in zip(said, values, strict=True)
        ]
        positions = {
            id_: position
            for position, id_ in bulk.write_and_return(
                self.tx, _QUEUE, "(%s::uuid, %s, %s, %s, %s::timestamptz)", rows
            )
        }
        for o, value in zip(said, values, strict=True):
            position = positions[o.message.head.message_id]
            self.queued.append(Queued(position, o.topic, o.key.encode(), value.encode()))


class Outbox:
    """Thread-safe: an API's threads share one."""

    def __init__(
        self, engine: Engine, sender: Sender, clock: Clock, limits: OutboxLimits | None = None
    ) -> None:
        self.engine, self.clock = engine, clock
        self.limits = limits or OutboxLimits()
        self._sender = sender
        self._on_the_way: list[tuple[int, Delivery]] = []
        self._behind = True  # A predecessor may have died with unsent rows: sweep first.
        self._swept_at: datetime | None = None
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[Writing]:
        """One transaction: commits at the end of the block, then sends what `say` queued."""
        arrived = self._take_arrived()
        try:
            with self.engine.begin() as tx:
                _strike(tx, arrived)
                writing = Writing(tx, self.clock.now())
                yield writing
        except BaseException:
            self._put_back(arrived)
            raise
        self._send(writing.queued)

    def tend(self) -> int:
        """Strike what arrived and send again what was left behind; how many were sent again."""
        now = self.clock.now()
        if not self._due(now):
            return 0
        with self._lock:
            self._swept_at = now
            age = timedelta(0) if self._behind else self.limits.swept_when_older_than
        sent = self._sweep(now - age)
        arrived = self._take_arrived()
        if arrived:
            with self.engine.begin() as tx:
                _strike(tx, arrived)
        return sent

    def close(self) -> None:
        """Wait for what is on its way and strike it, so that nobody sends it again."""
        self._sender.flush(self.limits.flush_within_s)
        arrived = self._take_arrived()
        if arrived:
            with self.engine.begin() as tx:
                _strike(tx, arrived)
        self._sender.close()

    def _due(self, now: datetime) -> bool:
        return self._swept_at is None or now - self._swept_at >= self.limits.sweep_every

    def _send(self, queued: Sequence[Queued]) -> None:
        # While older rows wait to be swept nothing may overtake them: the sweeper sends all.
        with self._lock:
            for item in [] if self._behind else queued:
                try:
                    delivery = self._sender.send(item.topic, item.key, item.value)
                except SendFailed:
                    log.warning("the broker does not take messages; the sweeper will try again")
                    self._behind = True
                    return
                self._on_the_way.append((item.position, delivery))

    def _take_arrived(self) -> list[tuple[int, Delivery]]:
        with self._lock:
            arrived, still = [], []
            for entry in self._on_the_way:
                if not entry[1].is_done:
                    still.append(entry)
                elif entry[1].failed():
                    self._behind = True  # It stays in outbox_unsent.
                else:
                    arrived.append(entry)
            self._on_the_way = still
        return arrived

    def _put_back(self, arrived: list[tuple[int, Delivery]]) -> None:
        with self._lock:
            self._on_the_way = arrived + self._on_the_way

    def _sweep(self, queued_until: datetime) -> int:
        """Send unsent rows in order until none is left; stops at the first that fails."""
        total = 0
        while True:
            with self.engine.begin() as tx:
                found = bulk.fetch(tx, _LEFT_BEHIND, (queued_until, self.limits.swept_at_once_max))
                deliveries = self._send_again(found)
                _strike(tx, [(p, d) for p, d in deliveries if d.is_done and not d.failed()])
            total += len(deliveries)
            if any(d.failed() or not d.is_done for _, d in deliveries) or len(deliveries) < len(
                found
            ):
                return total
            if len(found) < self.limits.swept_at_once_max:
                with self._lock:
                    self._behind = False
                return total

    def _send_again(self, rows: Sequence[tuple[int, str, str, str]]) -> list[tuple[int, Delivery]]:
        deliveries = []
        try:
            for position, topic, key, value in rows:
                delivery = self._sender.send(topic, key.encode(), value.encode())
                deliveries.append((position, delivery))
        except SendFailed:
            log.warning("the broker still does not take messages")
        if deliveries:
            self._sender.flush(self.limits.flush_within_s)
        return deliveries


def _strike(tx: Connection, arrived: Sequence[tuple[int, Delivery]]) -> None:
    if arrived:
        bulk.run(tx, _STRIKE, ([position for position, _ in arrived],))
