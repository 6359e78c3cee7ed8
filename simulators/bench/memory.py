"""How much memory each process holds over time, and whether it grows with the work."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

EVERY_S = 2.0
FLAT_BYTES_PER_SETTLEMENT = 64
"""What a process may keep of each settlement in the second half of a soak, and still be flat.

A forgotten id costs more: a UUID in a dict is over a hundred bytes. Below it is what allocators
round up: 64 bytes are 4.6 MiB over the 75,000 settlements of five minutes at 250 a second.
"""
NOT_JUDGED = {
    "kafka": "its heap grows to -Xmx768m as its collector pleases",
    "load": "the load keeps every answer, to count them",
}


@dataclass(frozen=True, slots=True)
class Held:
    """At one moment: all that is resident, and of that what is nobody else's; in bytes.

    A part with children (PostgreSQL) is all of them together, so that what they share counts
    once a process in `resident_bytes`: `own_bytes` is the figure to judge by.
    """

    at_s: float
    resident_bytes: int
    own_bytes: int


@dataclass(slots=True)
class Memory:
    """What was held by each part, in order of time."""

    held: dict[str, list[Held]] = field(default_factory=dict)

    def look(self, pids: Mapping[str, int], at_s: float) -> None:
        """At each of these with its children, and at this process alone, which is the load."""
        for name, pid in pids.items():
            processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
            self.held.setdefault(name, []).append(_held(processes, at_s))
        self.held.setdefault("load", []).append(_held([psutil.Process()], at_s))


@contextmanager
def watched(pids: Callable[[], Mapping[str, int]], every_s: float = EVERY_S) -> Iterator[Memory]:
    """Look every so often, from a thread, for the length of a block."""
    memory, stop, began = Memory(), threading.Event(), time.perf_counter()

    def watch() -> None:
        while True:
            memory.look(pids(), time.perf_counter() - began)
            if stop.wait(every_s):
                return

    thread = threading.Thread(target=watch, name="memory")
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()


def growth_bytes_per_s(held: Sequence[Held]) -> float:
    """The slope of the least-squares line through the second half of at least four looks."""
    half = held[len(held) // 2 :]
    mean_s = sum(one.at_s for one in half) / len(half)
    mean = sum(one.own_bytes for one in half) / len(half)
    above = sum((one.at_s - mean_s) * (one.own_bytes - mean) for one in half)
    spread = sum((one.at_s - mean_s) ** 2 for one in half)
    return above / spread if spread else 0.0


def _held(processes: Sequence[psutil.Process], at_s: float) -> Held:
    resident = own = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            info = process.memory_info()
            resident += info.rss
            # Where the system does not say what is shared, all of it counts as own.
            own += info.rss - getattr(info, "shared", 0)
    return Held(at_s, resident, own)
