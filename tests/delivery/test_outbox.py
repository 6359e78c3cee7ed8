"""What was said is sent: in the order of its key, never lost, and struck once it has arrived."""

import threading
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.delivery.broker import Headers, SendFailed
from contracts.delivery.codec import decode
from contracts.delivery.memory import Arrived, MemoryLog, keys_of_one_process
from contracts.delivery.outbox import VALUE_BYTES_MAX, Outbox, OutboxLimits, TooLargeToSend
from contracts.ids import MessageId, new_id
from contracts.signing import KeyRing
from tests.delivery.notebook import NOTES, Notebook, Noted, a_note


def say(outbox: Outbox, account: str, *numbers: int) -> None:
    with outbox.transaction() as writing:
        writing.say(a_note(account, number) for number in numbers)


def first_arrivals(log: MemoryLog) -> dict[str, list[int]]:
    """Each account's numbers in the order in which a reader with an inbox handles them."""
    found: dict[str, list[int]] = {}
    seen = set()
    for record in log.records(NOTES):
        letter = decode(record.value)
        if letter.head.message_id not in seen:
            seen.add(letter.head.message_id)
            number = Noted.model_validate(letter.body).number
            found.setdefault(record.key.decode(), []).append(number)
    return found


@pytest.fixture
def outbox(notebook: Notebook) -> Outbox:
    """The outbox of a process that has found nothing left behind."""
    outbox = notebook.outbox()
    outbox.tend()
    return outbox


def test_what_was_said_is_sent_at_once_and_struck_by_the_next_transaction(
    notebook: Notebook, outbox: Outbox
) -> None:
    say(outbox, "a", 1, 2)
    assert first_arrivals(notebook.log) == {"a": [1, 2]}
    assert notebook.count("outbox_unsent") == 2
    say(outbox, "a", 3)
    assert notebook.count("outbox_unsent") == 1
    outbox.close()
    assert (notebook.count("outbox_unsent"), notebook.count("outbox")) == (0, 3)


def test_an_idle_process_strikes_as_well(notebook: Notebook, outbox: Outbox) -> None:
    say(outbox, "a", 1)
    notebook.clock.forward(1)
    assert outbox.tend() == 0
    assert notebook.count("outbox_unsent") == 0


def test_what_is_rolled_back_is_never_said(notebook: Notebook, outbox: Outbox) -> None:
    with pytest.raises(ZeroDivisionError), outbox.transaction() as writing:
        writing.say([a_note("a", 1)])
        raise ZeroDivisionError
    assert (notebook.log.records(NOTES), notebook.count("outbox")) == ([], 0)


def test_a_transaction_that_fails_does_not_forget_what_had_arrived(
    notebook: Notebook, outbox: Outbox
) -> None:
    say(outbox, "a", 1)
    with pytest.raises(ZeroDivisionError), outbox.transaction():
        raise ZeroDivisionError
    say(outbox, "a", 2)
    assert notebook.count("outbox_unsent") == 1


def test_while_the_broker_is_away_nothing_is_lost_and_nothing_overtakes(
    notebook: Notebook, outbox: Outbox
) -> None:
    say(outbox, "a", 1)
    notebook.log.stop()
    say(outbox, "a", 2)
    notebook.log.start()
    say(outbox, "a", 3)  # It must not overtake: 2 is still in the database only.
    assert first_arrivals(notebook.log) == {"a": [1]}
    notebook.clock.forward(3)
    assert outbox.tend() == 2
    say(outbox, "a", 4)
    assert first_arrivals(notebook.log) == {"a": [1, 2, 3, 4]}
    outbox.close()
    assert notebook.count("outbox_unsent") == 0


def test_a_sweep_while_the_broker_is_away_gives_up_and_comes_again(
    notebook: Notebook, outbox: Outbox
) -> None:
    notebook.log.stop()
    say(outbox, "a", 1, 2)
    for _ in range(3):
        notebook.clock.forward(3)
        assert outbox.tend() == 0
    notebook.log.start()
    notebook.clock.forward(3)
    assert outbox.tend() == 2
    assert first_arrivals(notebook.log) == {"a": [1, 2]}


def test_more_rows_than_a_page_are_swept_in_order(notebook: Notebook) -> None:
    notebook.log.stop()
    dying = notebook.outbox()
    say(dying, "a", *range(1, 26))
    notebook.log.start()
    assert notebook.outbox(limits=OutboxLimits(swept_at_once_max=10)).tend() == 25
    assert first_arrivals(notebook.log) == {"a": list(range(1, 26))}
    assert notebook.count("outbox_unsent") == 0


def test_a_process_that_starts_sends_what_its_predecessor_left_before_its_own(
    notebook: Notebook,
) -> None:
    notebook.log.stop()
    dying = notebook.outbox()
    say(dying, "a", 1, 2)
    notebook.log.start()
    outbox = notebook.outbox()
    say(outbox, "a", 3)
    assert notebook.log.records(NOTES) == []
    assert outbox.tend() == 3
    assert first_arrivals(notebook.log) == {"a": [1, 2, 3]}


def test_rows_that_another_process_left_are_swept_once_they_are_old(
    notebook: Notebook, outbox: Outbox
) -> None:
    say(notebook.outbox(), "a", 1)  # It has not swept yet, so it leaves this to its sweeper; dies.
    notebook.clock.forward(4)
    assert outbox.tend() == 0
    notebook.clock.forward(1)
    assert outbox.tend() == 1
    assert first_arrivals(notebook.log) == {"a": [1]}


@dataclass(slots=True)
class OneTopicMissing:
    """A broker on which one topic was forgotten."""

    log: MemoryLog
    missing: str | None
    refusals: int = 0

    @property
    def keys(self) -> KeyRing:
        return self.log.keys

    def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Arrived:
        if topic == self.missing:
            self.refusals += 1
            raise SendFailed(topic)
        self.log.append(topic, key, value, headers)
        return Arrived()

    def flush(self, timeout_s: float) -> None: ...

    def close(self) -> None: ...


def test_a_topic_that_refuses_holds_up_no_other(notebook: Notebook) -> None:
    sender = OneTopicMissing(notebook.log, missing="hub.forgotten")
    outbox = notebook.outbox(sender)
    outbox.tend()
    lost = a_note("a", 1)
    for number in (2, 3, 4):
        with outbox.transaction() as writing:
            writing.say([type(lost)("hub.forgotten", f"k{number}", a_note("x", number).message)])
            writing.say([a_note("a", number)])
        notebook.clock.forward(1)
        outbox.tend()
    assert first_arrivals(notebook.log) == {"a": [2, 3, 4]}
    assert sender.refusals == 2  # it rests after a refusal
    assert notebook.count("outbox_unsent") == 3
    sender.missing = None
    notebook.clock.forward(2)
    assert outbox.tend() == 3
    keys = [record.key for record in notebook.log.records("hub.forgotten")]
    assert (sorted(keys), notebook.count("outbox_unsent")) == ([b"k2", b"k3", b"k4"], 0)


@dataclass(slots=True)
class OnItsWay:
    is_done: bool = False
    lost: bool = False

    def failed(self) -> bool:
        return self.lost


@dataclass(slots=True)
class SlowBroker:
    """Takes everything at once, and answers when it is told to."""

    taken: list[tuple[bytes, OnItsWay]] = field(default_factory=list)
    keys: KeyRing = field(default_factory=keys_of_one_process)

    def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> OnItsWay:
        delivery = OnItsWay()
        self.taken.append((value, delivery))
        return delivery

    def answer(self, *, lost: bool = False) -> None:
        for _, delivery in self.taken:
            if not delivery.is_done:
                delivery.is_done, delivery.lost = True, lost

    def numbers(self) -> list[int]:
        return [Noted.model_validate(decode(value).body).number for value, _ in self.taken]

    def flush(self, timeout_s: float) -> None: ...

    def close(self) -> None: ...


def test_what_is_on_its_way_is_not_sent_again_by_the_process_that_sent_it(
    notebook: Notebook,
) -> None:
    broker = SlowBroker()
    outbox = notebook.outbox(broker)
    outbox.tend()
    say(outbox, "a", 1, 2)
    notebook.clock.forward(100)
    assert (outbox.tend(), broker.numbers(), notebook.count("outbox_unsent")) == (0, [1, 2], 2)
    broker.answer()
    notebook.clock.forward(1)
    assert (outbox.tend(), broker.numbers(), notebook.count("outbox_unsent")) == (0, [1, 2], 0)


def test_a_send_that_failed_later_is_swept(notebook: Notebook) -> None:
    broker = SlowBroker()
    outbox = notebook.outbox(broker)
    outbox.tend()
    say(outbox, "a", 1, 2)
    broker.answer(lost=True)
    say(outbox, "a", 3)
    assert broker.numbers() == [1, 2]
    notebook.clock.forward(1)
    assert (outbox.tend(), broker.numbers()) == (3, [1, 2, 1, 2, 3])


def test_what_waits_in_memory_is_bounded(notebook: Notebook) -> None:
    broker = SlowBroker()
    outbox = notebook.outbox(broker, OutboxLimits(in_hand_max=5))
    outbox.tend()
    say(outbox, "a", *range(1, 10))
    assert broker.numbers() == [1, 2, 3, 4, 5]
    for _ in range(2):
        broker.answer()
        notebook.clock.forward(1)
        outbox.tend()
    assert broker.numbers() == list(range(1, 10))


def test_two_processes_that_sweep_at_once_keep_the_order_and_lose_nothing(
    notebook: Notebook,
) -> None:
    notebook.log.stop()
    dying = notebook.outbox()
    for number in range(1, 41):
        say(dying, "ab"[number % 2], number)
    notebook.log.start()
    at_once = threading.Barrier(2)

    def sweep() -> None:
        outbox = notebook.outbox(limits=OutboxLimits(swept_at_once_max=3))
        at_once.wait()
        outbox.tend()

    processes = [threading.Thread(target=sweep) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert first_arrivals(notebook.log) == {
        "a": list(range(2, 41, 2)),
        "b": list(range(1, 41, 2)),
    }
    assert notebook.count("outbox_unsent") == 0


def test_threads_share_one_outbox(notebook: Notebook, outbox: Outbox) -> None:
    def talk(account: str) -> None:
        for number in range(1, 11):
            say(outbox, account, number)

    threads = [threading.Thread(target=talk, args=(account,)) for account in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first_arrivals(notebook.log) == {account: list(range(1, 11)) for account in "abcd"}
    outbox.close()
    assert notebook.count("outbox_unsent") == 0


def test_a_message_that_no_broker_takes_is_refused_before_it_is_written(
    notebook: Notebook, outbox: Outbox
) -> None:
    with pytest.raises(TooLargeToSend, match="noted"):
        say(outbox, "备" * (VALUE_BYTES_MAX // 3), 1)
    assert notebook.count("outbox") == 0


def test_an_id_said_twice_in_two_transactions_is_refused(
    notebook: Notebook, outbox: Outbox
) -> None:
    id_ = MessageId(new_id())
    with outbox.transaction() as writing:
        writing.say([a_note("a", 1, id_=id_)])
    with pytest.raises(Exception, match="outbox_pkey"), outbox.transaction() as writing:
        writing.say([a_note("a", 1, id_=id_)])
    assert first_arrivals(notebook.log) == {"a": [1]}


STORY = st.lists(
    st.sampled_from(["a", "b", "ab", "stop", "start", "tend", "time", "kill"]),
    min_size=20,
    max_size=40,
)


@given(STORY)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_each_key_arrives_whole_and_in_order(
    notebook: Notebook, story: list[str]
) -> None:
    notebook.empty()
    outbox = notebook.outbox()
    said: dict[str, list[int]] = {}
    happen = {"stop": notebook.log.stop, "start": notebook.log.start}
    happen["time"] = lambda: notebook.clock.forward(3)
    for number, step in enumerate(story, start=1):
        if step in happen:
            happen[step]()
        elif step == "kill":
            outbox = notebook.outbox()
        elif step == "tend":
            outbox.tend()
        else:
            with outbox.transaction() as writing:
                writing.say(a_note(account, number) for account in step)
            for account in step:
                said.setdefault(account, []).append(number)
    notebook.log.start()
    notebook.clock.forward(10)
    outbox.tend()
    assert first_arrivals(notebook.log) == said
    assert notebook.count("outbox_unsent") == 0
