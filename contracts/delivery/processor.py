"""One loop for every consumer: poll a batch, handle it in one transaction, commit offsets.

What no trusted participant signed is buried before a byte of it is read.

Why this order. The database commits first, the offsets second. A crash between the two replays
the batch, and the inbox turns the replay into nothing. The other order loses money.
"""

import logging
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts import topics
from contracts.delivery import burial, inbox
from contracts.delivery.broker import Broker, Record, next_offsets
from contracts.delivery.burial import DISTRUSTED, Fault
from contracts.delivery.codec import Letter, NotAMessage, body_of, decode
from contracts.delivery.outbox import Outbox
from contracts.delivery.passing import is_passing
from contracts.delivery.progress import STALLED_AFTER_S
from contracts.delivery.telemetry import Progress
from contracts.delivery.trust import Distrusted, Speaker, refuse_another_name, trusted
from contracts.message import Body, Message, Outgoing

log = logging.getLogger(__name__)

# A handler's batch is all of one kind, none handled before, and no key appears in it twice.
Handle = Callable[[Connection, Sequence[Message[Any]], datetime], Iterable[Outgoing]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One row of a processors table: this kind on this topic goes to this use case."""

    topic: str
    body: type[Body]
    handle: Handle


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound of the loop. Waits between tries double from `first_wait_s`."""

    batch_max: int = 500
    wait_ms: int = 200
    tries_max: int = 8
    first_wait_s: float = 0.1
    longest_wait_s: float = 5.0
    bugs_in_a_row_max: int = 10
    stalled_after_s: float = STALLED_AFTER_S  # work waits and nothing moves for so long: not well
    watch_every_s: float = 5.0


class TooManyDeadLetters(Exception):
    """One message after the other fails: the fault is ours, so stop instead of burying them all."""


class GaveUp(Exception):
    """The database stayed away for as long as we may try; offsets stand where they stood."""


def patiently(work: Callable[[], object], limits: Limits, pause: Callable[[float], object]) -> None:
    """A deadlock or a lost connection passes: try again, a bounded number of times; else GaveUp."""
    wait_s = limits.first_wait_s
    for attempt in range(1, limits.tries_max + 1):
        try:
            work()
        except Exception as error:
            if not is_passing(error):
                raise
            if attempt == limits.tries_max:
                raise GaveUp(f"the database stayed away for {attempt} tries") from error
            log.warning("the database is away (%s), try %d", type(error).__name__, attempt)
            pause(wait_s)
            wait_s = min(2 * wait_s, limits.longest_wait_s)
        else:
            return


@dataclass(frozen=True, slots=True)
class Opened:
    """A record that is a message somebody here subscribed to."""

    record: Record
    subscription: Subscription
    message: Message[Body]


@dataclass(slots=True)
class Processor:
    """`run` until told to stop; `run_once` is one batch. Not thread-safe: one loop, one broker."""

    broker: Broker
    outbox: Outbox
    subscriptions: Sequence[Subscription]
    limits: Limits = field(default_factory=Limits)
    pause: Callable[[float], object] = time.sleep
    progress: Progress = field(default_factory=Progress)
    speaker: Speaker = topics.speaker
    _table: dict[tuple[str, str], Subscription] = field(init=False)
    _bugs_in_a_row: int = field(default=0, init=False)
    _unfinished: Sequence[Record] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self._table = {(s.topic, s.body.KIND): s for s in self.subscriptions}
        assert len(self._table) == len(self.subscriptions), "two handlers for one kind"

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.run_once()

    def run_once(self) -> int:
        """Handle one batch; how many records it had. May raise GaveUp or TooManyDeadLetters."""
        patiently(self.outbox.tend, self.limits, self.pause)
        # A batch that failed comes first: the broker would give the next one, and committing that
        # would pass over this.
        records = self._unfinished or self.broker.poll(
            batch_max=self.limits.batch_max, wait_ms=self.limits.wait_ms
        )
        self._unfinished = records
        places = next_offsets(records)
        if records:
            patiently(lambda: self._handle(records), self.limits, self.pause)
            self.broker.commit(places)
        self._unfinished = ()
        self.progress.handled(len(records), self.outbox.clock.now(), places)
        return len(records)

    def _handle(self, records: Sequence[Record]) -> None:
        try:
            self._together(records)
        except Exception as error:
            if is_passing(error):
                raise
            log.error("a batch of %d failed; trying one by one", len(records))  # noqa: TRY400
            self._one_by_one(records)
        else:
            self._bugs_in_a_row = 0

    def _one_by_one(self, records: Sequence[Record]) -> None:
        for record in records:
            try:
                self._together([record])
            except Exception as error:
                if is_passing(error):
                    raise
                self._bury_bug(record, error)
            else:
                self._bugs_in_a_row = 0

    def _bury_bug(self, record: Record, error: Exception) -> None:
        self._bugs_in_a_row += 1
        where = f"{record.topic}[{record.partition}]@{record.offset}"
        if self._bugs_in_a_row > self.limits.bugs_in_a_row_max:
            raise TooManyDeadLetters(f"{self._bugs_in_a_row} in a row, the last at {where}")
        # Only the error's type and place: its text may quote the content.
        log.error("buried %s: %s at\n%s", where, type(error).__name__, _place_of(error))
        with self.outbox.transaction() as writing:
            burial.bury(writing.tx, [(record, Fault.BUG, type(error).__name__)], writing.now)

    def _together(self, records: Sequence[Record]) -> None:
        opened, unfit = self._open(records)
        with self.outbox.transaction() as writing:
            now = writing.now
            claimed = inbox.claim(writing.tx, [item.message for item in opened], now)
            unfit += [
                (opened[n].record, Fault.ID_REUSED, str(opened[n].message.head.message_id))
                for n in sorted(claimed.clashes)
            ]
            burial.bury(writing.tx, unfit, now)
            fresh = [item for n, item in enumerate(opened) if n in claimed.fresh]
            said: list[Outgoing] = []
            for wave in waves(fresh):
                for subscription, batch in by_kind(wave):
                    said += subscription.handle(writing.tx, batch, now)
            writing.say(said)
        self._tell(unfit)

    def _tell(self, unfit: Sequence[burial.Unfit]) -> None:
        """In the log, once they are buried; whoever sends many strange ones gets a line a batch."""
        distrusted = Counter(
            (record.topic, fault.value, detail)
            for record, fault, detail in unfit
            if fault in DISTRUSTED
        )
        for (topic, fault_name, detail), count in distrusted.items():
            log.error("ALARM: buried %d unread on %s: %s: %s", count, topic, fault_name, detail)
        self.progress.distrusted += distrusted.total()
        for record, fault, detail in unfit:
            if fault not in DISTRUSTED:
                log.error("buried %s@%d: %s: %s", record.topic, record.offset, fault, detail)

    def _open(self, records: Sequence[Record]) -> tuple[list[Opened], list[burial.Unfit]]:
        opened: list[Opened] = []
        unfit: list[burial.Unfit] = []
        keys, now = self.outbox.keys, self.outbox.clock.now()
        for record in records:
            try:
                who = trusted(record, keys, self.speaker, now)
                letter = decode(record.value)
                refuse_another_name(letter.head.sender, who)
                subscription = self._subscription(record, letter)
                if subscription is None:
                    unfit.append((record, Fault.UNKNOWN_KIND, letter.head.kind[:100]))
                    continue
                opened.append(Opened(record, subscription, body_of(letter, subscription.body)))
            except Distrusted as error:
                unfit.append((record, error.fault, error.detail))
            except NotAMessage as error:
                unfit.append((record, Fault.NOT_A_MESSAGE, str(error)))
        return opened, unfit

    def _subscription(self, record: Record, letter: Letter) -> Subscription | None:
        return self._table.get((record.topic, letter.head.kind))


def _place_of(error: Exception) -> str:
    return "".join(traceback.format_tb(error.__traceback__))


def waves(items: Sequence[Opened]) -> Iterator[list[Opened]]:
    """The nth message of a key goes into the nth wave: no wave holds a key twice.

    Why. A handler loads state once for its whole batch. Two messages of one key in that batch
    would both be decided against the same, already stale, state. One key's order is kept; the
    order between keys means nothing.
    """
    seen: dict[tuple[str, bytes], int] = {}
    cut: list[list[Opened]] = []
    for item in items:
        key = (item.record.topic, item.record.key)
        turn = seen.get(key, 0)
        seen[key] = turn + 1
        if turn == len(cut):
            cut.append([])
        cut[turn].append(item)
    yield from cut


def by_kind(wave: Sequence[Opened]) -> Iterator[tuple[Subscription, list[Message[Body]]]]:
    """A wave's messages, one batch a subscription, in the order of first appearance."""
    batches: dict[tuple[str, str], tuple[Subscription, list[Message[Body]]]] = {}
    for item in wave:
        key = (item.subscription.topic, item.subscription.body.KIND)
        batches.setdefault(key, (item.subscription, []))[1].append(item.message)
    yield from batches.values()
