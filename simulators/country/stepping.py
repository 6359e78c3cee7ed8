"""Steps workers one after the other: who has nothing to read is not asked for long."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from contracts.delivery.processor import Processor
from simulators.running.embedded import ThreadDied

REST_S = 0.001


@dataclass(slots=True)
class Stepper:
    """Steps some workers in one thread. `moved` counts the records that they handled."""

    workers: Sequence[Processor]
    moved: int = 0
    died: list[BaseException] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _sweep: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            while not self._stop.is_set():
                moved = sum(worker.run_once() for worker in self.workers)
                self.moved += moved
                if self._sweep.is_set():
                    self._swept()
                if not moved:
                    time.sleep(REST_S)
        except Exception as error:  # noqa: BLE001 - told by `check`, in the main thread
            self.died.append(error)
        finally:
            for worker in self.workers:
                worker.broker.close()
                worker.outbox.close()

    def stop(self) -> None:
        self._stop.set()

    def sweep(self) -> None:
        """Have every outbox strike what has arrived, once."""
        self._sweep.set()

    def _swept(self) -> None:
        self._sweep.clear()
        for worker in self.workers:
            limits = worker.outbox.limits
            worker.outbox.limits = replace(limits, sweep_every=timedelta(0))
            worker.outbox.tend()
            worker.outbox.limits = limits

    def check(self) -> None:
        """ThreadDied when a worker could not go on."""
        for error in self.died:
            raise ThreadDied(f"a worker ended: {type(error).__name__}: {error}") from error
