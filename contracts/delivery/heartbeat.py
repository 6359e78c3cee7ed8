"""A sign of life that others can read: a small file, renewed only while every loop comes round."""

import logging
import os
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from contracts.clock import Clock
from contracts.delivery.telemetry import Progress

log = logging.getLogger(__name__)

VARIABLE = "YIDI_HEARTBEAT"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """`within` is how long a loop may take for one turn: a batch and its retries, with room."""

    path: Path
    clock: Clock
    every: timedelta = timedelta(seconds=5)
    within: timedelta = timedelta(seconds=60)

    def beat(self, loops: Collection[Progress]) -> bool:
        """Renew the file if every loop is moving; a loop that never came round is not."""
        now = self.clock.now()
        moving = bool(loops) and all(loop.is_moving(now, self.within) for loop in loops)
        if moving:
            # Written beside and renamed: a reader never sees half an instant.
            beside = self.path.with_name(f"{self.path.name}.new")
            beside.write_text(now.isoformat(), "ascii")
            beside.replace(self.path)
        return moving

    def is_fresh(self) -> bool:
        """Whether somebody renewed the file within `within`; no file is no sign of life."""
        try:
            beaten_at = datetime.fromisoformat(self.path.read_text("ascii"))
        except (OSError, ValueError):
            return False
        return self.clock.now() - beaten_at <= self.within

    @contextmanager
    def beating(self, loops: Collection[Progress]) -> Iterator[None]:
        """Renew the file every so often for the length of the block; remove it afterwards."""
        stop = threading.Event()
        thread = threading.Thread(target=self._keep_beating, args=(loops, stop), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            self.path.unlink(missing_ok=True)

    def _keep_beating(self, loops: Collection[Progress], stop: threading.Event) -> None:
        while True:
            try:
                self.beat(loops)
            except OSError as error:
                log.warning("the sign of life was not written (%s)", error)
            if stop.wait(self.every.total_seconds()):
                return


def from_environment(clock: Clock) -> Heartbeat | None:
    """The heartbeat of this process, or None where YIDI_HEARTBEAT names no file."""
    path = os.environ.get(VARIABLE)
    return Heartbeat(Path(path), clock) if path else None


@contextmanager
def beating(loops: Collection[Progress], clock: Clock) -> Iterator[None]:
    """For a process with these loops: renew its file for the block, where it is asked for one."""
    heartbeat = from_environment(clock)
    with heartbeat.beating(loops) if heartbeat else nullcontext():
        yield
