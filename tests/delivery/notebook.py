"""A tiny participant: it notes numbers per account, in the order in which they came."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from sqlalchemy import ARRAY, Column, Connection, Engine, Integer, MetaData, String, Table

from contracts.delivery import bulk, tables
from contracts.delivery.broker import Sender
from contracts.delivery.engine import engine_of
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox, OutboxLimits
from contracts.delivery.processor import Handle, Limits, Processor, Subscription
from contracts.ids import MessageId, id_of_effect, new_id
from contracts.message import Body, Message, Outgoing, effect_of, originate

NOTES = "hub.notes"
RECEIPTS = "desk.receipts"
GROUP = "notebook"
DESK = "desk"
SEED = new_id()

METADATA = MetaData()
tables.add_to(METADATA)
Table(
    "notes",
    METADATA,
    Column("account", String(20), primary_key=True),
    Column("numbers", ARRAY(Integer), nullable=False),
)

_READ = "SELECT account, numbers FROM notes WHERE account = ANY(%s) ORDER BY account FOR UPDATE"
_WRITE = """
    INSERT INTO notes (account, numbers) VALUES %s
    ON CONFLICT (account) DO UPDATE SET numbers = excluded.numbers
"""


class Noted(Body):
    """Note this number; a negative one is refused, 13 is a bug of ours."""

    KIND: ClassVar[str] = "noted"
    account: str
    number: int


class Crossed(Body):
    """Cross out what was noted last; noted as zero."""

    KIND: ClassVar[str] = "crossed"
    account: str


class Receipt(Body):
    """What the account holds now, and whether the number was noted."""

    KIND: ClassVar[str] = "receipt"
    numbers: tuple[int, ...]
    accepted: bool


def migrate(url: str) -> None:
    engine = engine_of(url, name="migrate")
    METADATA.create_all(engine)
    engine.dispose()


def note(tx: Connection, batch: Sequence[Message[Noted]], now: datetime) -> list[Outgoing]:
    """Load for the whole batch, decide, write for the whole batch, tell."""
    accounts = [message.body.account for message in batch]
    assert len(accounts) == len(set(accounts)), "a key came twice in one batch"
    held = {row[0]: tuple(row[1]) for row in bulk.fetch(tx, _READ, (accounts,))}
    replies = []
    for message in batch:
        body = message.body
        if body.number == 13:
            raise ZeroDivisionError(f"a bug that quotes {body.account}")
        if body.number >= 0:
            held[body.account] = (*held.get(body.account, ()), body.number)
        replies.append(_reply(message, held.get(body.account, ()), body.number >= 0, now))
    bulk.write_rows(tx, _WRITE, "(%s, %s)", [(a, list(numbers)) for a, numbers in held.items()])
    return replies


def cross(tx: Connection, batch: Sequence[Message[Crossed]], now: datetime) -> list[Outgoing]:
    accounts = [message.body.account for message in batch]
    held = {row[0]: tuple(row[1]) for row in bulk.fetch(tx, _READ, (accounts,))}
    held = {account: (*held.get(account, ()), 0) for account in accounts}
    bulk.write_rows(tx, _WRITE, "(%s, %s)", [(a, list(numbers)) for a, numbers in held.items()])
    return [_reply(message, held[message.body.account], True, now) for message in batch]


def _reply(
    cause: Message[Noted] | Message[Crossed], numbers: tuple[int, ...], accepted: bool, at: datetime
) -> Outgoing:
    receipt = Receipt(numbers=numbers, accepted=accepted)
    return effect_of(cause, receipt, topic=RECEIPTS, key=cause.body.account, sender=GROUP, at=at)


def a_note(account: str, number: int, *, id_: MessageId | None = None) -> Outgoing:
    """The same account and number give the same message, unless an id is given."""
    message_id = id_ or id_of_effect(SEED, f"{account} {number}")
    body: Body = Noted(account=account, number=number) if number else Crossed(account=account)
    return originate(
        body,
        message_id=message_id,
        topic=NOTES,
        key=account,
        sender=DESK,
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def anybody(topic: str, account: str) -> str:
    """No topic of a test is in the table: whoever signs may write it."""
    return account


@dataclass(slots=True)
class Hands:
    """A clock that stands until it is moved."""

    at: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def forward(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class Notebook:
    """The participant with its database, a log to read from and the processes it starts."""

    engine: Engine
    log: MemoryLog = field(default_factory=MemoryLog)
    clock: Hands = field(default_factory=Hands)
    pauses: list[float] = field(default_factory=list)

    def outbox(self, sender: Sender | None = None, limits: OutboxLimits | None = None) -> Outbox:
        """As a new process has it."""
        return Outbox(self.engine, sender or self.log.sender(GROUP), self.clock, limits)

    def processor(
        self, limits: Limits | None = None, note: Handle = note, outbox: Outbox | None = None
    ) -> Processor:
        """A new process that reads from where the last one committed."""
        return Processor(
            broker=self.log.reader(GROUP, [NOTES], batch_max=500),
            outbox=outbox or self.outbox(),
            subscriptions=(Subscription(NOTES, Noted, note), Subscription(NOTES, Crossed, cross)),
            limits=limits or Limits(wait_ms=0),
            pause=self.pauses.append,
            speaker=anybody,
        )

    def post(self, *outgoing: Outgoing) -> None:
        for o in outgoing:
            self.log.post(o)

    def post_raw(self, value: bytes, key: bytes = b"x") -> None:
        """Bytes of the desk's, truly signed, whatever they are."""
        self.log.say(DESK, NOTES, key, value)

    def drain(self, processor: Processor) -> None:
        """Turn until there is nothing to read; time passes between the turns."""
        turns = 0
        while processor.run_once() or turns < 2:
            turns += 1
            self.clock.forward(2)
            assert turns < 1_000, "it never ends"

    def notes(self) -> dict[str, list[int]]:
        with self.engine.begin() as tx:
            rows = bulk.fetch(tx, "SELECT account, numbers FROM notes")
        return {account: list(numbers) for account, numbers in rows}

    def buried(self) -> list[tuple[str, str]]:
        """Fault and detail of every dead letter that was not put back, in order of burial."""
        with self.engine.begin() as tx:
            return [
                (row[0], row[1])
                for row in bulk.fetch(
                    tx,
                    "SELECT fault, detail FROM dead_letters WHERE replayed_at IS NULL"
                    ' ORDER BY buried_at, partition, "offset"',
                )
            ]

    def count(self, table: str) -> int:
        with self.engine.begin() as tx:
            return int(bulk.fetch(tx, f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608

    def offsets_read(self) -> int:
        """How many records the group has committed, over all partitions."""
        return sum(self.log.committed(GROUP).values())

    def empty(self) -> None:
        """As new: for the next example of a property."""
        with self.engine.begin() as tx:
            bulk.run(tx, "TRUNCATE notes, inbox, outbox, outbox_unsent, dead_letters")
        self.log = MemoryLog()
        self.pauses.clear()
