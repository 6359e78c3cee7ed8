"""Open-loop traffic on the live country: visits fall due at a rate, whether or not answers come."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from random import Random

from simulators.country.street import Street
from simulators.world.country import Country

UNDER_WAY_S = 3.0
AT_ONCE_MAX = 96
"""Visits under way; beyond it queues are full, and who comes is counted as turned away."""


@dataclass(slots=True)
class Traffic:
    """One thread that lets visits begin. `country` may be given a larger one meanwhile."""

    street: Street
    country: Country
    rate: float
    random: Random
    begun: int = 0
    turned_away: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE_MAX))
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE_MAX))
    _thread: threading.Thread | None = None
    _visits: set["Future[None]"] = field(default_factory=set)

    @property
    def under_way(self) -> int:
        """Visits that have begun and are not over."""
        return len(self._visits)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="traffic")
        self._thread.start()

    def close(self) -> None:
        """No more visits begin; those under way go on."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """No more visits begin; those under way have a moment to end."""
        self.close()
        wait(self._visits.copy(), timeout=UNDER_WAY_S)
        self.street.closing.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        due = time.perf_counter()
        while not self._stop.is_set():
            due += self.random.expovariate(self.rate)
            if self._stop.wait(max(due - time.perf_counter(), 0)):
                return
            self._begin()

    def _begin(self) -> None:
        if not self._room.acquire(blocking=False):
            self.turned_away += 1
            return
        self.begun += 1
        drawn = self.country.draw(self.random)
        visit = self._pool.submit(self.street.treat, drawn)
        self._visits.add(visit)
        visit.add_done_callback(self._over)

    def _over(self, visit: "Future[None]") -> None:
        """Nobody waits for a visit: what went wrong in it is told here, or nowhere."""
        self._visits.discard(visit)
        self._room.release()
        if not visit.cancelled() and (fault := visit.exception()) is not None:
            self.street.tally.odd(f"{type(fault).__name__}: {fault}")
