"""Watches a worker from a thread of its own, so that a loop that hangs is seen to hang."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.delivery import progress
from contracts.delivery.broker import Partition
from contracts.delivery.lookout import Lookout, Watchable
from contracts.delivery.processor import Processor
from contracts.delivery.progress import Standing, followed

log = logging.getLogger(__name__)

ENDS_WITHIN_S = 5.0


@dataclass(slots=True)
class Watch:
    """`look` is one look at all that `worker` reads; what it sees goes into the worker's database.

    Without a broker or a database nothing is written, and what stands there grows old.
    """

    worker: Processor
    lookout: Lookout
    reader: str

    def look(self) -> list[Standing]:
        now, limits = self.worker.outbox.clock.now(), self.worker.limits
        after = timedelta(seconds=limits.stalled_after_s)
        found = self.lookout.look()
        with self.worker.outbox.engine.begin() as tx:
            # What a predecessor saw counts too: a worker that dies at every start never moves.
            before = progress.of(tx, self.reader)
            standings = [
                self._stands(before.get(partition), partition, ends, now)
                for partition, ends in found.items()
            ]
            progress.keep(tx, self.reader, standings, now - 2 * after)
        self.worker.progress.is_stuck = self._concerns_us(standings, now, after)
        return standings

    def _stands(
        self, before: Standing | None, partition: Partition, ends: tuple[int, int], now: datetime
    ) -> Standing:
        next_offset, end = ends
        # Offsets are committed without waiting, and a commit may be lost: the loop knows better.
        ours = self.worker.progress.positions.get(partition, 0)
        place = min(end, max(next_offset, ours))
        standing = followed(before, self.reader, partition, (place, end), now)
        if before is None or standing.moved_at == now or standing.oldest_at is not None:
            return standing
        return replace(standing, oldest_at=self.lookout.written_at(partition, place))

    def _concerns_us(self, seen: Sequence[Standing], now: datetime, after: timedelta) -> bool:
        """What another member of the group has to read is not for us to be restarted for."""
        stuck = progress.stuck(seen, now, after)
        assert isinstance(self.worker.broker, Watchable)
        assigned = self.worker.broker.assigned()
        return bool(stuck & assigned if assigned else stuck)


@contextmanager
def watched(worker: Processor) -> Iterator[None]:
    """Watch the worker for the length of the block, where its broker can be watched."""
    stop = threading.Event()
    broker = worker.broker
    if not isinstance(broker, Watchable):
        yield
        return
    thread = threading.Thread(
        target=_keep_looking,
        args=(worker, broker, stop),
        name=f"watch {broker.reader}",
        daemon=True,  # A broker that swallows packets must not keep a program from ending.
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(ENDS_WITHIN_S)


def _keep_looking(worker: Processor, broker: Watchable, stop: threading.Event) -> None:
    watch: Watch | None = None
    while not stop.is_set():
        try:
            if watch is None:
                watch = Watch(worker, broker.lookout(), broker.reader)
            watch.look()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the watch
            log.warning("%s cannot be watched for now (%s)", broker.reader, type(error).__name__)
        stop.wait(worker.limits.watch_every_s)
    if watch is not None:
        watch.lookout.close()
