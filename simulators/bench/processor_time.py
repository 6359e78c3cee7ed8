"""CPU seconds by process: each part with everything it started, user and system time."""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU seconds since each part started, by its name."""

    seconds: Mapping[str, float]

    def since(self, earlier: "Reading") -> dict[str, float]:
        return {name: value - earlier.seconds[name] for name, value in self.seconds.items()}


def read(pids: Mapping[str, int]) -> Reading:
    """Read all parts now, and this process without its children as "load".

    A process that ended takes its share with it, so keep them running.
    """
    seconds = {name: _tree_seconds(pid) for name, pid in pids.items()}
    return Reading(seconds | {"load": time.process_time()})


def _tree_seconds(pid: int) -> float:
    root = psutil.Process(pid)
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total
