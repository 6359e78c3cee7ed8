"""A watch on the real Apache Kafka: through a rebalance, and over a worker that hangs."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest

from contracts.delivery import health
from contracts.delivery.broker import Partition
from contracts.delivery.lookout import Watchable
from contracts.delivery.processor import Processor
from contracts.delivery.watching import Watch
from tests.delivery.notebook import a_note
from tests.delivery.test_kafka import Line, line, running, soon, stop

__all__ = ["line"]

pytestmark = pytest.mark.kafka

MOMENT = timedelta(seconds=1)
LONG = timedelta(seconds=30)


@contextmanager
def watching(processor: Processor) -> Iterator[Watch]:
    broker = processor.broker
    assert isinstance(broker, Watchable)
    with closing(broker.lookout()) as lookout:
        yield Watch(processor, lookout, broker.reader)


def is_green(line: Line, processor: Processor, after: timedelta) -> bool:
    with line.notebook.engine.connect() as tx:
        return health.pulse(tx).is_moving(processor.outbox.clock.now(), after)


def lag(watch: Watch) -> int:
    return sum(one.lag for one in watch.look())


def test_a_worker_that_hangs_over_waiting_messages_turns_red_and_green_again(line: Line) -> None:
    hanging = line.processor()
    with watching(hanging) as watch:
        assert lag(watch) == 0
        assert is_green(line, hanging, MOMENT)
        line.post(*(a_note(f"a{number}", 1) for number in range(10)))
        assert soon(lambda: lag(watch) == 10)
        assert soon(lambda: lag(watch) == 10 and not is_green(line, hanging, MOMENT))
        oldest = [one.oldest_at for one in watch.look() if one.lag]
        assert oldest
        assert None not in oldest
        with running(hanging):
            assert soon(lambda: lag(watch) == 0 and is_green(line, hanging, MOMENT))


def test_a_rebalance_stays_green(line: Line) -> None:
    first, second = line.processor(), line.processor()
    stopping, turned_red = threading.Event(), list[Partition]()
    with watching(first) as watch, running(first):

        def look() -> None:
            while not stopping.is_set():
                watch.look()
                if not is_green(line, first, LONG) or first.progress.is_stuck:
                    turned_red.append(("seen red", 0))

        looking = threading.Thread(target=look)
        looking.start()
        try:
            for number in range(20, 40):
                line.post(a_note(f"a{number % 4}", number))
                if number == 25:  # The second joins, and partitions are dealt out anew.
                    thread = threading.Thread(target=second.run, args=(stopping,))
                    thread.start()
            expected = {f"a{n}": [m for m in range(20, 40) if m % 4 == n] for n in range(4)}
            assert soon(line.noted(expected))
        finally:
            stopping.set()
            looking.join()
            thread.join()
            stop(second)
    assert turned_red == []
