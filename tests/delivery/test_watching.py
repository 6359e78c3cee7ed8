"""A watch on real parts: waiting work that nobody does is red, a worker without work is green."""

import time
from datetime import timedelta

import pytest

from contracts.delivery import health
from contracts.delivery.broker import Partition
from contracts.delivery.lookout import Watchable
from contracts.delivery.memory import BrokerDown
from contracts.delivery.processor import Processor
from contracts.delivery.progress import Standing
from contracts.delivery.watching import Watch, watched
from tests.delivery.notebook import GROUP, Notebook, a_note

AFTER = timedelta(seconds=30)


def watch_of(processor: Processor) -> Watch:
    broker = processor.broker
    assert isinstance(broker, Watchable)
    return Watch(processor, broker.lookout(), broker.reader)


def is_green(notebook: Notebook) -> bool:
    """What /health of any process says that reads this database."""
    with notebook.engine.connect() as tx:
        return health.pulse(tx).is_moving(notebook.clock.now(), AFTER)


def looks(notebook: Notebook, watch: Watch, *seconds: int) -> list[Standing]:
    """Look now, and again after so many seconds each."""
    seen = watch.look()
    for pause in seconds:
        notebook.clock.forward(pause)
        seen = watch.look()
    return seen


def waiting(seen: list[Standing]) -> dict[Partition, int]:
    return {one.partition: one.lag for one in seen if one.lag}


def test_a_paused_worker_with_waiting_messages_turns_red(notebook: Notebook) -> None:
    processor = notebook.processor()
    watch = watch_of(processor)
    processor.run_once()
    looks(notebook, watch)
    notebook.post(a_note("a", 1), a_note("a", 2))
    # The loop hangs from here on.
    seen = looks(notebook, watch, 5, 25)
    assert list(waiting(seen).values()) == [2]
    assert is_green(notebook)
    assert not processor.progress.is_stuck
    looks(notebook, watch, 6)
    assert not is_green(notebook)
    assert processor.progress.is_stuck
    assert not processor.progress.is_moving(notebook.clock.now(), timedelta(days=1))
    # It goes on.
    processor.run_once()
    assert waiting(looks(notebook, watch)) == {}
    assert is_green(notebook)
    assert processor.progress.is_moving(notebook.clock.now(), AFTER)


def test_an_idle_worker_stays_green(notebook: Notebook) -> None:
    processor = notebook.processor()
    notebook.post(a_note("a", 1))
    notebook.drain(processor)
    looks(notebook, watch_of(processor), 3_600, 3_600)
    assert is_green(notebook)


def test_a_worker_that_nobody_watches_any_more_turns_red(notebook: Notebook) -> None:
    """Killed or held still as a whole: nobody can say that nothing waits."""
    looks(notebook, watch_of(notebook.processor()))
    notebook.clock.forward(30)
    assert is_green(notebook)
    notebook.clock.forward(1)
    assert not is_green(notebook)


def test_a_worker_that_dies_at_every_start_turns_red(notebook: Notebook) -> None:
    notebook.post(a_note("a", 1))
    for _ in range(8):
        looks(notebook, watch_of(notebook.processor()))
        notebook.clock.forward(5)
    assert not is_green(notebook)


def test_an_offset_whose_commit_was_lost_is_no_waiting_work(notebook: Notebook) -> None:
    processor = notebook.processor()
    notebook.post(a_note("a", 1))
    commit = processor.broker.commit
    processor.broker.commit = lambda next_offsets: None  # type: ignore[method-assign]  # lost
    notebook.drain(processor)
    processor.broker.commit = commit  # type: ignore[method-assign]
    assert waiting(looks(notebook, watch_of(processor), 60)) == {}
    assert is_green(notebook)


def test_the_oldest_that_waits_is_told_with_its_age(notebook: Notebook) -> None:
    notebook.post(a_note("a", 1))
    looks(notebook, watch_of(notebook.processor()), 5)
    with notebook.engine.connect() as tx:
        told = health.pulse(tx).told(notebook.clock.now(), AFTER)
    (behind,) = [one for one in told if one["lag"]]
    assert (behind["reader"], behind["lag"], behind["moving"]) == (GROUP, 1, True)
    assert behind["oldest_ms"] is not None
    assert all(one["oldest_ms"] is None for one in told if not one["lag"])


def test_a_broker_that_is_away_leaves_what_was_known_to_grow_old(notebook: Notebook) -> None:
    watch = watch_of(notebook.processor())
    looks(notebook, watch)
    notebook.log.stop()
    with pytest.raises(BrokerDown):
        watch.look()
    notebook.clock.forward(31)
    assert not is_green(notebook)
    notebook.log.start()
    looks(notebook, watch)
    assert is_green(notebook)


def test_messages_that_nobody_sends_are_red(notebook: Notebook) -> None:
    processor = notebook.processor()
    notebook.post(a_note("a", 1))
    processor.run_once()  # its receipt is not struck yet
    looks(notebook, watch_of(processor))
    assert is_green(notebook)
    notebook.clock.forward(31)
    looks(notebook, watch_of(processor))
    assert not is_green(notebook)


def test_the_watch_runs_beside_its_worker_and_ends_with_it(notebook: Notebook) -> None:
    with watched(notebook.processor()):
        while not notebook.count("progress"):
            time.sleep(0.01)
    assert is_green(notebook)
