"""Batches are cut so that a handler never sees a key twice, and a key's order is kept."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.delivery.broker import Record
from contracts.delivery.codec import encode
from contracts.delivery.processor import Limits, Opened, Subscription, by_kind, waves
from contracts.message import Outgoing
from tests.delivery.notebook import NOTES, Crossed, Notebook, Noted, a_note, note

KEYS = st.lists(st.sampled_from("abcde"), max_size=40)
STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-2, 12)), min_size=8, max_size=25, unique=True
)
CUTS = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def opened(outgoing: Outgoing, offset: int) -> Opened:
    record = Record(NOTES, 0, offset, outgoing.key.encode(), encode(outgoing.message).encode())
    body = type(outgoing.message.body)
    return Opened(record, Subscription(NOTES, body, note), outgoing.message)


@given(KEYS)
def test_the_nth_message_of_a_key_is_in_the_nth_wave(keys: list[str]) -> None:
    items = [opened(a_note(key, offset + 1), offset) for offset, key in enumerate(keys)]
    cut = list(waves(items))
    assert sorted(i.record.offset for wave in cut for i in wave) == list(range(len(items)))
    for key in set(keys):
        offsets = [i.record.offset for i in items if i.record.key == key.encode()]
        places = [[i.record.offset for i in w if i.record.key == key.encode()] for w in cut]
        assert places[: len(offsets)] == [[offset] for offset in offsets]
    for earlier, later in pairwise(cut):
        assert {i.record.key for i in later} <= {i.record.key for i in earlier}


def test_keys_of_two_topics_are_two_things() -> None:
    one = opened(a_note("a", 1), 0)
    other = Opened(Record("hub.other", 0, 0, b"a", b""), one.subscription, one.message)
    assert list(waves([one, other])) == [[one, other]]


def test_a_wave_goes_out_one_batch_a_kind_in_the_order_of_first_appearance() -> None:
    items = [opened(a_note(key, number), 0) for key, number in [("a", 0), ("b", 1), ("c", 0)]]
    batches = [(s.body, [str(m.body) for m in batch]) for s, batch in by_kind(items)]
    assert batches == [(Crossed, ["account='a'", "account='c'"]), (Noted, ["account='b' number=1"])]


@given(steps=STEPS, cuts=CUTS)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_however_a_stream_is_cut_its_effects_are_those_of_one_by_one(
    notebook: Notebook,
    caplog: pytest.LogCaptureFixture,
    steps: list[tuple[str, int]],
    cuts: list[int],
) -> None:
    expected: dict[str, list[int]] = {}
    notebook.empty()
    caplog.clear()
    for account, number in steps:
        notebook.post(a_note(account, number))
        if number >= 0:
            expected.setdefault(account, []).append(number)
    processor = notebook.processor()
    for cut in cuts:
        processor.limits = Limits(batch_max=cut, wait_ms=0)
        processor.run_once()
    processor.limits = Limits(wait_ms=0)
    notebook.drain(processor)
    assert {a: n for a, n in notebook.notes().items() if n} == expected
    assert notebook.offsets_read() == len(steps)
    assert "one by one" not in caplog.text  # the handler finds no key twice
