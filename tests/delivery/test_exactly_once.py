"""Whatever the broker and the processes do, the final state is that of exactly-once handling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.delivery.broker import Broker, Partition, Record
from contracts.delivery.codec import decode
from contracts.delivery.memory import Faults, MemoryLog
from contracts.delivery.processor import Limits, Processor
from contracts.ids import MessageId, new_id
from tests.delivery.notebook import NOTES, RECEIPTS, Notebook, Receipt, a_note

# What may happen between two messages: a turn of the loop, the broker going and coming back, a
# process killed and started anew.
EVENTS = st.sampled_from(["turn", "turn", "stop", "start", "kill", "time"])
ARRIVALS = st.tuples(st.sampled_from("abc"), st.integers(-1, 12))
STORY = st.lists(st.one_of(EVENTS, ARRIVALS, ARRIVALS), min_size=20, max_size=50)


@dataclass(frozen=True, slots=True)
class Forgetful:
    """A reader of whose commits half are lost: after a crash those records come again."""

    reader: Broker
    random: Random

    def poll(self, *, batch_max: int, wait_ms: int) -> Sequence[Record]:
        return self.reader.poll(batch_max=batch_max, wait_ms=wait_ms)

    def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        if self.random.randrange(2):
            self.reader.commit(next_offsets)

    def close(self) -> None: ...


@given(story=STORY, seed=st.integers(0, 2**32), duplicates=st.sampled_from([0, 30, 100]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_final_state_is_that_of_exactly_once(
    notebook: Notebook, story: list[str | tuple[str, int]], seed: int, duplicates: int
) -> None:
    notebook.empty()
    random = Random(seed)
    notebook.log = MemoryLog(partitions=2, faults=Faults(random, duplicates, True))
    processor = forgetful(notebook, random)
    waiting = []
    expected: dict[str, list[int]] = {}
    for step in story:
        if isinstance(step, tuple):
            waiting.append(a_note(*step, id_=MessageId(new_id())))
            if step[1] >= 0:
                expected.setdefault(step[0], []).append(step[1])
        elif step == "kill":
            processor = forgetful(notebook, random)
        elif step == "time":
            notebook.clock.forward(2)
        elif step == "turn":
            processor.run_once()
        else:
            notebook.log.stop() if step == "stop" else notebook.log.start()
        if not notebook.log.stopped:
            notebook.post(*waiting)
            waiting.clear()
    notebook.log.start()
    notebook.post(*waiting)
    notebook.clock.forward(60)
    notebook.drain(processor)
    assert {a: n for a, n in notebook.notes().items() if n} == expected
    assert (notebook.buried(), notebook.count("outbox_unsent")) == ([], 0)
    assert notebook.count("outbox") == len(notebook.log.records(NOTES))
    assert heard(notebook.log.records(RECEIPTS)) == said(story)


def forgetful(notebook: Notebook, random: Random) -> Processor:
    processor = notebook.processor(Limits(batch_max=3, wait_ms=0))
    processor.broker = Forgetful(processor.broker, random)
    return processor


def heard(records: list[Record]) -> dict[str, list[Receipt]]:
    """Each account's receipts in the order in which a reader with an inbox handles them."""
    found: dict[str, list[Receipt]] = {}
    seen = set()
    for record in records:
        letter = decode(record.value)
        if letter.head.message_id not in seen:
            seen.add(letter.head.message_id)
            receipts = found.setdefault(record.key.decode(), [])
            receipts.append(Receipt.model_validate(letter.body))
    return found


def said(story: list[str | tuple[str, int]]) -> dict[str, list[Receipt]]:
    """What exactly-once handling answers, account by account."""
    held: dict[str, tuple[int, ...]] = {}
    answers: dict[str, list[Receipt]] = {}
    for step in story:
        if isinstance(step, tuple):
            account, number = step
            if number >= 0:
                held[account] = (*held.get(account, ()), number)
            receipt = Receipt(numbers=held.get(account, ()), accepted=number >= 0)
            answers.setdefault(account, []).append(receipt)
    return answers
