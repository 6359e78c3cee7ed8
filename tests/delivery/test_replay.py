"""Dead letters go back on their topic: a key's letters together, in order, and once."""

import pytest

from contracts.delivery.broker import SendFailed
from contracts.delivery.replay import Replay
from tests.delivery.notebook import NOTES, Notebook, a_note


@pytest.fixture
def replay(notebook: Notebook) -> Replay:
    return Replay(notebook.engine, notebook.log.sender("replay"), notebook.clock)


def with_a_bug(notebook: Notebook) -> None:
    """Everything on these accounts meets a bug and is buried."""

    def buggy(*_: object) -> list[object]:
        raise ZeroDivisionError

    notebook.drain(notebook.processor(note=buggy))  # type: ignore[arg-type]  # it never returns


def test_after_the_repair_a_keys_letters_are_handled_in_their_order(
    notebook: Notebook, replay: Replay
) -> None:
    notebook.post(a_note("a", 1), a_note("b", 2), a_note("a", 3), a_note("a", 4))
    with_a_bug(notebook)
    assert notebook.buried() == [("bug", "ZeroDivisionError")] * 4
    assert replay.topic(NOTES, "bug") == 4
    notebook.drain(notebook.processor())
    assert (notebook.notes(), notebook.buried()) == ({"a": [1, 3, 4], "b": [2]}, [])


def test_all_letters_of_a_key_go_back_together_whatever_their_fault(
    notebook: Notebook, replay: Replay
) -> None:
    notebook.post(a_note("a", 1), a_note("b", 2))
    with_a_bug(notebook)
    notebook.post_raw(b"unfit", key=b"a")
    notebook.post_raw(b"unfit", key=b"c")
    notebook.drain(notebook.processor())
    assert replay.topic(NOTES, "bug") == 3
    assert notebook.buried() == [("not_a_message", "not JSON")]


def test_a_second_replay_puts_nothing_back(notebook: Notebook, replay: Replay) -> None:
    notebook.post(a_note("a", 1))
    with_a_bug(notebook)
    assert (replay.topic(NOTES), replay.topic(NOTES)) == (1, 0)
    notebook.drain(notebook.processor())
    assert (notebook.notes(), notebook.count("dead_letters")) == ({"a": [1]}, 1)


def test_a_letter_whose_message_was_handled_meanwhile_changes_nothing(
    notebook: Notebook, replay: Replay
) -> None:
    notebook.post(a_note("a", 1))
    with_a_bug(notebook)
    notebook.post(a_note("a", 1))
    notebook.drain(notebook.processor())
    assert replay.topic(NOTES) == 1
    notebook.drain(notebook.processor())
    assert (notebook.notes(), notebook.buried()) == ({"a": [1]}, [])


def test_what_is_still_unfit_is_buried_again(notebook: Notebook, replay: Replay) -> None:
    notebook.post_raw(b"unfit")
    notebook.drain(notebook.processor())
    assert replay.topic(NOTES) == 1
    notebook.drain(notebook.processor())
    assert notebook.buried() == [("not_a_message", "not JSON")]


def test_letters_stay_buried_while_the_broker_is_away(notebook: Notebook, replay: Replay) -> None:
    notebook.post(a_note("a", 1))
    with_a_bug(notebook)
    notebook.log.stop()
    with pytest.raises(SendFailed):
        replay.topic(NOTES)
    notebook.log.start()
    assert (len(notebook.buried()), replay.topic(NOTES)) == (1, 1)
