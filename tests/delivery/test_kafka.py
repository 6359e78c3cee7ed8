"""Our adapter and our loop on the real Apache Kafka."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest

from contracts.clock import SystemClock
from contracts.delivery.broker import Broker, Headers, Partition, Record, SendFailed, next_offsets
from contracts.delivery.codec import decode, encode
from contracts.delivery.kafka import KafkaBroker, Tuning
from contracts.delivery.memory import keys_of_one_process
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Limits, Processor, Subscription, TooManyDeadLetters
from contracts.delivery.replay import Replay
from contracts.delivery.transport import KafkaTransport
from contracts.delivery.trust import sign
from contracts.ids import new_id, short_text_of
from contracts.message import Outgoing
from simulators.stack.kafka import LocalKafka, local_kafka, wait_until_ready
from tests.delivery.notebook import RECEIPTS, Crossed, Notebook, Noted, a_note, anybody, cross, note
from tests.support.topics import make_topics

pytestmark = pytest.mark.kafka

SOON_S = 60.0
LIMITS = Limits(wait_ms=100)
KEYS = keys_of_one_process()


@dataclass(slots=True)
class Line:
    """Topics of one test on a Kafka, and the participant that reads and writes them."""

    transport: KafkaTransport
    notebook: Notebook
    name: str

    @property
    def notes(self) -> str:
        return f"notes-{self.name}"

    def reader(self, *topics: str, group: str = "group", batch_max: int = 500) -> Broker:
        group = f"{group}-{self.name}"
        return self.transport.reader(group, topics or [self.notes], batch_max=batch_max)

    def processor(self, note: Callable[..., Sequence[Outgoing]] = note) -> Processor:
        """A new process: it reads from where the last one committed."""
        engine, clock = self.notebook.engine, SystemClock()
        return Processor(
            broker=self.reader(),
            outbox=Outbox(engine, self.transport.sender(self.name), clock),
            subscriptions=(
                Subscription(self.notes, Noted, note),
                Subscription(self.notes, Crossed, cross),
            ),
            limits=LIMITS,
            speaker=anybody,
        )

    def post(self, *outgoing: Outgoing) -> None:
        with closing(self.transport.sender("desk")) as sender:
            sent = [
                sender.send(self.notes, key, value, self.headers(key, value))
                for key, value in ((o.key.encode(), encode(o.message).encode()) for o in outgoing)
            ]
            sender.flush(SOON_S)
            assert all(delivery.is_done and not delivery.failed() for delivery in sent)

    def headers(self, key: bytes, value: bytes) -> Headers:
        return sign(KEYS, self.notes, key, value, SystemClock().now())

    def noted(self, expected: dict[str, list[int]]) -> Callable[[], bool]:
        return lambda: self.notebook.notes() == expected


@pytest.fixture
def line(kafka_bootstrap: str, notebook: Notebook) -> Line:
    line = Line(KafkaTransport(kafka_bootstrap, KEYS), notebook, short_text_of(new_id()))
    make_topics(kafka_bootstrap, {line.notes: 4, RECEIPTS: 4})
    return line


def until(processor: Processor, so: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + SOON_S
    while not so():
        assert time.monotonic() < give_up_at, "it took too long"
        processor.run_once()


def read(broker: Broker, count: int) -> list[Record]:
    found: list[Record] = []
    give_up_at = time.monotonic() + SOON_S
    while len(found) < count and time.monotonic() < give_up_at:
        found += broker.poll(batch_max=500, wait_ms=200)
    return found


def stop(processor: Processor) -> None:
    processor.outbox.close()
    processor.broker.close()


def test_keys_arrive_in_their_order_and_as_they_were_sent(line: Line) -> None:
    with closing(line.transport.sender("desk")) as sender, closing(line.reader()) as reader:
        for number in range(300):
            sender.send(
                line.notes, f"k{number % 7}".encode(), "备案".encode() + bytes([number % 256])
            )
        sender.flush(SOON_S)
        records = read(reader, 300)
    assert len({record.partition for record in records}) > 1
    for key in {record.key for record in records}:
        numbers = [record.value[-1] for record in records if record.key == key]
        place = int(key[1:])
        assert numbers == [number % 256 for number in range(place, 300, 7)]


def test_a_reader_begins_at_the_earliest_and_commits_nothing_by_itself(line: Line) -> None:
    line.post(*(a_note(f"a{number}", 1) for number in range(10)))
    for _ in range(2):  # The second one finds nothing committed.
        with closing(line.reader()) as reader:
            assert len(read(reader, 10)) == 10


def test_a_new_reader_goes_on_where_the_last_one_committed(line: Line) -> None:
    line.post(*(a_note(f"a{number}", 1) for number in range(10)))
    with closing(line.reader()) as reader:
        records = read(reader, 10)
        reader.commit(next_offsets(records[:6]))
        time.sleep(0.5)
        reader.poll(batch_max=1, wait_ms=0)
    with closing(line.reader()) as reader:
        again = read(reader, 4)
    assert sorted(r.value for r in again) == sorted(r.value for r in records[6:])


def test_what_a_member_has_handled_does_not_come_again_when_another_one_joins(line: Line) -> None:
    line.post(*(a_note(f"a{number}", 1) for number in range(10)))
    never, connection = Tuning(commit_every_ms=3_600_000), line.transport._connection()
    with closing(
        KafkaBroker(connection, f"group-{line.name}", [line.notes], batch_max=500, tuning=never)
    ) as first:
        for record in read(first, 10):
            first.commit(next_offsets([record]))  # All but one of these are only gathered.
        with closing(line.reader()) as second:
            again: list[Record] = []
            give_up_at = time.monotonic() + SOON_S
            while not (isinstance(second, KafkaBroker) and second.assigned() and first.assigned()):
                assert time.monotonic() < give_up_at, "it took too long"
                again += [*first.poll(batch_max=500, wait_ms=100)]
                again += [*second.poll(batch_max=500, wait_ms=100)]
            for reader in (first, second):
                again += [*reader.poll(batch_max=500, wait_ms=500)]
    assert again == []


def test_a_topic_that_is_missing_is_said_at_once(line: Line) -> None:
    with closing(line.transport.sender("desk")) as sender, pytest.raises(SendFailed):
        sender.send("no-such-topic", b"k", b"v")


def test_two_members_of_a_group_share_the_work_and_each_message_counts_once(line: Line) -> None:
    numbers = range(20, 60)
    expected = {f"a{n % 8}": [m for m in numbers if m % 8 == n % 8] for n in numbers}
    with running(line.processor()), running(line.processor()):
        line.post(*(a_note(f"a{number % 8}", number) for number in numbers))
        assert soon(line.noted(expected))
    assert line.notebook.buried() == []


def soon(so: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + SOON_S
    while not so() and time.monotonic() < give_up_at:
        time.sleep(0.05)
    return so()


@contextmanager
def running(processor: Processor) -> Iterator[threading.Thread]:
    """The loop of a process, in a thread; stopped cleanly after the block."""
    stopping = threading.Event()
    thread = threading.Thread(target=processor.run, args=(stopping,), daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stopping.set()
        thread.join()
        stop(processor)


class Died(BaseException):
    """The process ends here."""


@dataclass(frozen=True, slots=True)
class DiesBeforeCommittingOffsets:
    reader: Broker

    def poll(self, *, batch_max: int, wait_ms: int) -> Sequence[Record]:
        return self.reader.poll(batch_max=batch_max, wait_ms=wait_ms)

    def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        raise Died

    def close(self) -> None:
        self.reader.close()


def test_after_a_crash_between_commit_and_offsets_the_replay_changes_nothing(line: Line) -> None:
    line.post(a_note("a", 1), a_note("a", 2), a_note("b", 3))
    dying = line.processor()
    dying.broker = DiesBeforeCommittingOffsets(dying.broker)
    with pytest.raises(Died):
        until(dying, lambda: False)
    stop(dying)
    before = line.notebook.count("outbox")
    assert before > 0
    processor = line.processor()
    until(processor, lambda: processor.progress.records == 3)  # they all came again
    stop(processor)
    assert line.notebook.notes() == {"a": [1, 2], "b": [3]}
    assert (line.notebook.count("outbox"), line.notebook.buried()) == (3, [])
    assert line.notebook.count("outbox_unsent") == 0


def test_too_many_dead_letters_stop_the_process_and_nothing_is_passed_over(line: Line) -> None:
    line.post(*(a_note(f"a{number}", 13) for number in range(20)))
    processor = line.processor()
    processor.limits = Limits(wait_ms=100, bugs_in_a_row_max=5)
    with pytest.raises(TooManyDeadLetters):
        until(processor, lambda: False)
    stop(processor)
    repaired = line.processor(note=lambda tx, batch, now: [])
    until(repaired, lambda: line.notebook.count("inbox") == 20)
    stop(repaired)


def test_a_buried_letter_goes_back_and_is_handled(line: Line) -> None:
    def buggy(*_: object) -> list[Outgoing]:
        raise ZeroDivisionError

    line.post(a_note("a", 1), a_note("a", 2))
    processor = line.processor(note=buggy)
    until(processor, lambda: len(line.notebook.buried()) == 2)
    stop(processor)
    with closing(line.transport.sender("replay")) as sender:
        assert Replay(line.notebook.engine, sender, SystemClock()).topic(line.notes) == 2
    repaired = line.processor()
    until(repaired, line.noted({"a": [1, 2]}))
    stop(repaired)


@pytest.fixture(scope="module")
def mortal(kafka_bootstrap: str) -> Iterator[LocalKafka]:
    """A broker of our own, which may be stopped."""
    assert kafka_bootstrap
    with local_kafka(lambda text: None) as kafka:
        yield kafka


@pytest.fixture
def mortal_line(mortal: LocalKafka, notebook: Notebook) -> Line:
    line = Line(KafkaTransport(mortal.bootstrap, KEYS), notebook, short_text_of(new_id()))
    make_topics(mortal.bootstrap, {line.notes: 4, RECEIPTS: 4})
    return line


def test_a_broker_that_is_away_for_a_while_costs_nothing(
    mortal: LocalKafka, mortal_line: Line
) -> None:
    """Goal: what is said meanwhile arrives, in order, once; reading goes on by itself.

    Method: stop the broker under a running process, write to its outbox, start the broker again.
    """
    line = mortal_line
    line.post(a_note("a", 1))
    processor = line.processor()
    until(processor, line.noted({"a": [1]}))
    with running(processor) as loop:
        mortal.process.stop()
        for number in range(2, 6):
            with processor.outbox.transaction() as writing:
                said = a_note("a", number)
                writing.say([Outgoing(line.notes, said.key, said.message)])
            time.sleep(0.5)
        assert line.notebook.notes() == {"a": [1]}
        mortal.process.restart()
        wait_until_ready(mortal.process, mortal.bootstrap)
        assert soon(line.noted({"a": [1, 2, 3, 4, 5]}))
        assert loop.is_alive()
    assert (line.notebook.count("outbox_unsent"), line.notebook.buried()) == (0, [])


def test_a_process_that_ends_while_the_broker_is_away_leaves_its_messages_to_the_next(
    mortal: LocalKafka, mortal_line: Line
) -> None:
    line = mortal_line
    ending = line.processor()
    ending.outbox.tend()
    with ending.outbox.transaction() as writing:
        said = a_note("b", 1)
        writing.say([Outgoing(line.notes, said.key, said.message)])
    ending.outbox._sender.flush(SOON_S)
    mortal.process.stop()
    with ending.outbox.transaction() as writing:
        said = a_note("b", 2)
        writing.say([Outgoing(line.notes, said.key, said.message)])
    stop(ending)
    assert line.notebook.count("outbox_unsent") == 1
    mortal.process.restart()
    wait_until_ready(mortal.process, mortal.bootstrap)
    following = line.processor()
    until(following, line.noted({"b": [1, 2]}))
    stop(following)
    assert line.notebook.count("outbox_unsent") == 0


def test_receipts_arrive_in_the_order_of_their_account(line: Line) -> None:
    line.post(*(a_note(f"a{number % 3}", number) for number in range(20, 50)))
    processor = line.processor()
    until(processor, lambda: line.notebook.count("inbox") == 30)
    stop(processor)
    with closing(line.reader(RECEIPTS)) as reader:
        records = read(reader, 30)
    lengths: dict[bytes, list[int]] = {}
    mine = {short.encode() for short in ("a0", "a1", "a2")}
    for record in records:
        if record.key in mine:
            body = decode(record.value).body
            lengths.setdefault(record.key, []).append(len(body["numbers"]))
    assert all(found[-10:] == list(range(1, 11)) for found in lengths.values())
