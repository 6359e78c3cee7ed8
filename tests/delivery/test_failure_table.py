"""The failure table of the design, row by row, on a real PostgreSQL."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from contracts.delivery.broker import Broker, Headers, Partition, Record
from contracts.delivery.codec import decode, encode
from contracts.delivery.memory import Arrived
from contracts.delivery.processor import Limits, TooManyDeadLetters
from contracts.ids import MessageId, new_id
from contracts.signing import KeyRing
from tests.delivery.notebook import RECEIPTS, Notebook, Receipt, a_note

GOOD = encode(a_note("good", 1).message)

UNFIT = {
    b"": "not JSON",
    b"\xff\xfe": "not JSON",
    b"[" * 5_000: "not JSON",
    b"1e999": "not a head and a body",
    b'{"head": 1}': "not a head and a body",
    b'{"head": {}, "body": {}}': "head: message_id: missing",
    GOOD.replace('"sent_at":"2026-01-01T00:00:00Z"', '"sent_at":"2026-01-01T00:00:00"').encode(): (
        "head: sent_at: timezone_aware"
    ),
    GOOD.replace('"number":1', '"number":"many"').encode(): "body: number: int_parsing",
    GOOD.replace('"number":1', '"number":1,"more":2').encode(): "body: more: extra_forbidden",
    GOOD.replace('"good"', '"go\\u0000od"').encode(): "a NUL character",
    GOOD.replace('"good"', '"go\\ud800od"').encode(): "not JSON",
}


@pytest.mark.parametrize(("value", "why"), UNFIT.items(), ids=range(len(UNFIT)))
def test_what_is_not_a_message_is_buried_and_the_next_one_handled(
    notebook: Notebook, value: bytes, why: str
) -> None:
    notebook.post_raw(value)
    notebook.post(a_note("a", 1))
    notebook.drain(notebook.processor())
    ((fault, detail),) = notebook.buried()
    assert (fault, notebook.notes(), notebook.offsets_read()) == ("not_a_message", {"a": [1]}, 2)
    assert detail.startswith(why)


def test_an_unknown_kind_is_buried_and_the_next_one_handled(notebook: Notebook) -> None:
    notebook.post_raw(GOOD.replace('"noted"', '"invented"').encode())
    notebook.post(a_note("a", 1))
    notebook.drain(notebook.processor())
    assert notebook.buried() == [("unknown_kind", "invented")]
    assert (notebook.notes(), notebook.offsets_read()) == ({"a": [1]}, 2)


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two batches"])
def test_a_known_id_with_another_body_is_buried_with_an_alarm(
    notebook: Notebook, caplog: pytest.LogCaptureFixture, *, together: bool
) -> None:
    id_ = MessageId(new_id())
    processor = notebook.processor()
    notebook.post(a_note("a", 1, id_=id_))
    if not together:
        notebook.drain(processor)
    notebook.post(a_note("a", 2, id_=id_), a_note("a", 3))
    with caplog.at_level(logging.ERROR):
        notebook.drain(processor)
    assert notebook.buried() == [("id_reused", str(id_))]
    assert (notebook.notes(), notebook.offsets_read()) == ({"a": [1, 3]}, 3)
    assert "id_reused" in caplog.text


def test_a_rule_that_refuses_is_normal_life(notebook: Notebook) -> None:
    notebook.post(a_note("a", 7), a_note("a", -1))
    notebook.drain(notebook.processor())
    assert (notebook.notes(), notebook.buried()) == ({"a": [7]}, [])
    assert receipts(notebook) == [
        Receipt(numbers=(7,), accepted=True),
        Receipt(numbers=(7,), accepted=False),
    ]


def test_a_bug_on_one_message_buries_that_one_and_handles_the_rest(
    notebook: Notebook, caplog: pytest.LogCaptureFixture
) -> None:
    notebook.post(a_note("a", 1), a_note("secret", 13), a_note("b", 2), a_note("a", 3))
    with caplog.at_level(logging.INFO):
        notebook.drain(notebook.processor())
    assert notebook.buried() == [("bug", "ZeroDivisionError")]
    assert (notebook.notes(), notebook.offsets_read()) == ({"a": [1, 3], "b": [2]}, 4)
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text  # an error's text may quote the content


def test_bugs_in_a_row_stop_the_process_at_the_limit_and_offsets_stay(notebook: Notebook) -> None:
    notebook.post(*(a_note(f"a{n}", 13) for n in range(6)))
    with pytest.raises(TooManyDeadLetters, match="4 in a row"):
        notebook.processor(Limits(bugs_in_a_row_max=3, wait_ms=0)).run_once()
    assert (notebook.count("dead_letters"), notebook.offsets_read()) == (3, 0)


def test_bugs_that_are_not_in_a_row_do_not_stop_it(notebook: Notebook) -> None:
    notebook.log.partitions = 1
    for n in range(6):
        notebook.post(a_note("bad", 13, id_=MessageId(new_id())), a_note("good", n + 1))
    limits = Limits(bugs_in_a_row_max=1, batch_max=2, wait_ms=0)
    notebook.drain(notebook.processor(limits))
    assert notebook.notes() == {"good": [1, 2, 3, 4, 5, 6]}


def test_after_the_repair_a_batch_that_stopped_the_process_is_handled(notebook: Notebook) -> None:
    notebook.post(*(a_note(f"a{n}", 13) for n in range(6)))
    limits = Limits(bugs_in_a_row_max=3, wait_ms=0)
    with pytest.raises(TooManyDeadLetters):
        notebook.processor(limits).run_once()
    notebook.drain(notebook.processor(limits, note=lambda tx, batch, now: []))
    assert (notebook.offsets_read(), notebook.count("inbox")) == (6, 6)


class Died(BaseException):
    """The process ends here."""


@dataclass(frozen=True, slots=True)
class DiesBeforeSending:
    """A sender in a process that dies as soon as it has committed."""

    keys: KeyRing

    def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Arrived:
        raise Died

    def flush(self, timeout_s: float) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class DiesBeforeCommittingOffsets:
    reader: Broker

    def poll(self, *, batch_max: int, wait_ms: int) -> Sequence[Record]:
        return self.reader.poll(batch_max=batch_max, wait_ms=wait_ms)

    def commit(self, next_offsets: Mapping[Partition, int]) -> None:
        raise Died

    def close(self) -> None: ...


def test_after_a_crash_before_sending_the_next_process_sends_exactly_what_was_left(
    notebook: Notebook,
) -> None:
    notebook.post(a_note("a", 1), a_note("a", 2), a_note("b", 3))
    dying = notebook.outbox(DiesBeforeSending(notebook.log.keys))
    dying.tend()
    with pytest.raises(Died):
        notebook.processor(outbox=dying).run_once()
    assert (notebook.count("outbox_unsent"), notebook.log.records(RECEIPTS)) == (3, [])
    notebook.drain(notebook.processor())
    assert (notebook.notes(), notebook.offsets_read()) == ({"a": [1, 2], "b": [3]}, 3)
    assert sorted(receipt.numbers for receipt in receipts(notebook)) == [(1,), (1, 2), (3,)]
    assert notebook.count("outbox_unsent") == 0


def test_after_a_crash_before_the_offsets_the_replay_changes_nothing(notebook: Notebook) -> None:
    notebook.post(a_note("a", 1), a_note("a", 2), a_note("b", 3))
    processor = notebook.processor()
    processor.broker = DiesBeforeCommittingOffsets(processor.broker)
    with pytest.raises(Died):
        notebook.drain(processor)
    before = (notebook.notes(), notebook.count("outbox"))
    assert notebook.offsets_read() == 0
    notebook.drain(notebook.processor())
    assert (notebook.notes(), notebook.count("outbox")) == before
    assert (notebook.offsets_read(), notebook.buried()) == (3, [])
    assert sorted({receipt.numbers for receipt in receipts(notebook)}) == [(1,), (1, 2), (3,)]


def test_a_batch_that_failed_is_never_passed_over_by_the_same_process(notebook: Notebook) -> None:
    notebook.post(a_note("a", 1))
    processor = notebook.processor()
    reader = processor.broker
    processor.broker = DiesBeforeCommittingOffsets(reader)
    with pytest.raises(Died):
        processor.run_once()
    processor.broker = reader
    notebook.drain(processor)
    assert notebook.offsets_read() == 1


def test_a_letter_is_buried_also_when_the_broker_was_set_up_anew(notebook: Notebook) -> None:
    notebook.post_raw(b"first")
    notebook.drain(notebook.processor())
    notebook.log = type(notebook.log)()
    notebook.post_raw(b"second, in the same place")
    notebook.drain(notebook.processor())
    assert notebook.count("dead_letters") == 2


def receipts(notebook: Notebook) -> list[Receipt]:
    letters = [decode(record.value) for record in notebook.log.records(RECEIPTS)]
    return [Receipt.model_validate(letter.body) for letter in letters]
