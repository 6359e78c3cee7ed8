"""What this process has handed to the broker, and which topics must wait for the sweeper.

The order of a key rests on one rule: nothing is handed over while an older row of its topic is
not. A topic that has such rows is *behind*; only the sweeper, which reads them in order, sends to
it. What was handed over and is still on its way does not count: the sender keeps its order.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.delivery.broker import Delivery, Sender, SendFailed
from contracts.delivery.trust import sign
from contracts.signing import NoValidKey

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Queued:
    """A row of the outbox; `position` is its place in the order of sending."""

    position: int
    topic: str
    key: bytes
    value: bytes


class Relay:
    """Thread-safe. `in_hand_max` bounds what waits in memory while the broker is away.

    A topic that refused a record (it is missing, the broker is away, no key signs) rests for
    `rest`: asking again at once would hold up all the others.
    """

    def __init__(self, sender: Sender, *, in_hand_max: int, rest: timedelta) -> None:
        self._sender, self._in_hand_max, self._rest = sender, in_hand_max, rest
        self._in_hand: dict[int, tuple[str, Delivery]] = {}
        self._arrived: list[int] = []
        self._caught_up = False  # A predecessor may have died with unsent rows: sweep first.
        self._behind: set[str] = set()
        self._behind_since: set[str] = set()  # since the sweep that is under way began
        self._resting_until: dict[str, datetime] = {}
        self._lock = threading.RLock()

    def send(self, queued: Sequence[Queued], now: datetime) -> None:
        """Hand over what may go; the rest is left to the sweeper."""
        with self._lock:
            for item in queued:
                if not self._caught_up or item.topic in self._behind:
                    self.leave_to_sweeper([item.topic])
                else:
                    self._hand_over(item, now)

    def leave_to_sweeper(self, topics: Iterable[str]) -> None:
        """These topics have, or may have, committed rows that nobody has handed over."""
        with self._lock:
            for topic in topics:
                self._behind.add(topic)
                self._behind_since.add(topic)

    def take_arrived(self) -> list[int]:
        """Positions of rows that the broker holds now: strike them, or put them back."""
        with self._lock:
            for position, (topic, delivery) in list(self._in_hand.items()):
                if delivery.is_done:
                    del self._in_hand[position]
                    if delivery.failed():
                        self.leave_to_sweeper([topic])
                    else:
                        self._arrived.append(position)
            arrived, self._arrived = self._arrived, []
            return arrived

    def put_back(self, arrived: Sequence[int]) -> None:
        """The transaction that was to strike them failed."""
        with self._lock:
            self._arrived += arrived

    def is_behind(self) -> bool:
        with self._lock:
            return not self._caught_up or bool(self._behind)

    def begin_sweep(self) -> None:
        with self._lock:
            self._behind_since = set()

    def not_to_sweep(self, now: datetime) -> tuple[list[int], list[str]]:
        """Positions that are in hand or arrived, and topics that rest."""
        with self._lock:
            resting = [topic for topic, until in self._resting_until.items() if now < until]
            return [*self._in_hand, *self._arrived], resting

    def sweep(self, rows: Sequence[Queued], now: datetime) -> list[Delivery]:
        """Hand over rows in their order, skipping topics that refuse; what is on its way now."""
        refused: set[str] = set()
        under_way = []
        for item in rows:
            with self._lock:
                if item.topic not in refused and self._hand_over(item, now):
                    under_way.append(self._in_hand[item.position][1])
                else:
                    refused.add(item.topic)
        return under_way

    def end_sweep(self, resting: Sequence[str]) -> None:
        """Every row was handed over, but for resting topics and what came during the sweep."""
        with self._lock:
            self._caught_up = True
            self._behind = self._behind_since | set(resting)

    def is_full(self) -> bool:
        with self._lock:
            return len(self._in_hand) >= self._in_hand_max

    def _hand_over(self, item: Queued, now: datetime) -> bool:
        if len(self._in_hand) >= self._in_hand_max:
            self.leave_to_sweeper([item.topic])
            return False
        try:
            # Signed here, each time anew, and not where it was written: a row may wait for days,
            # and the key that was valid then may have ended when it leaves.
            headers = sign(self._sender.keys, item.topic, item.key, item.value, now)
            delivery = self._sender.send(item.topic, item.key, item.value, headers)
        except SendFailed as error:
            log.warning("the broker does not take messages for %s (%s)", item.topic, error)
            return self._refused(item.topic, now)
        except NoValidKey as error:
            log.error("no valid key of %s signs messages for %s", error, item.topic)  # noqa: TRY400
            return self._refused(item.topic, now)
        self._in_hand[item.position] = (item.topic, delivery)
        return True

    def _refused(self, topic: str, now: datetime) -> bool:
        self.leave_to_sweeper([topic])
        self._resting_until[topic] = now + self._rest
        return False
