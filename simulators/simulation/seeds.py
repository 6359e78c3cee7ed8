"""Runs seeds in child processes, some at once, and gives their outcomes as they come."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from simulators.simulation.databases import Templates
from simulators.simulation.outcome import Outcome, outcome_of


class ChildDied(Exception):
    """The process that ran a seed ended by itself; the text names the seed."""


@dataclass(slots=True)
class Child:
    """One child; `run` is one seed."""

    process: subprocess.Popen[str]
    ends: tuple[IO[str], IO[str]] = field(init=False)

    def __post_init__(self) -> None:
        assert self.process.stdin is not None, "it was opened with pipes"
        assert self.process.stdout is not None, "it was opened with pipes"
        self.ends = self.process.stdin, self.process.stdout

    def run(self, seed: int) -> Outcome:
        to, back = self.ends
        to.write(f"{seed}\n")
        to.flush()
        line = back.readline()
        if not line:
            raise ChildDied(f"seed {seed}")
        return outcome_of(line)


def outcomes(
    on: Templates,
    seeds: Iterable[int],
    hours: float,
    *,
    at_once: int = 1,
    folder: Path | None = None,
) -> Iterator[Outcome]:
    """One of each seed, in the order in which they end. ChildDied."""
    free: SimpleQueue[Child] = SimpleQueue()

    def run(seed: int) -> Outcome:
        child = free.get()
        try:
            return child.run(seed)
        finally:
            free.put(child)

    with _children(on, hours, at_once, folder) as children:
        for child in children:
            free.put(child)
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            for done in as_completed([pool.submit(run, seed) for seed in seeds]):
                yield done.result()


@contextmanager
def _children(
    on: Templates, hours: float, count: int, folder: Path | None
) -> Iterator[list[Child]]:
    arguments = [on.admin_url, on.prefix, str(hours), str(folder or "")]
    command = [sys.executable, "-m", "simulators.simulation.child", *arguments]
    started: list[Child] = []
    try:
        started += (_started(command) for _ in range(count))
        yield started
    finally:
        for child in started:
            child.process.kill()
            for end in child.ends:
                end.close()
            child.process.wait()


def _started(command: Sequence[str]) -> Child:
    pipe = subprocess.PIPE
    own = {**os.environ, "PYTHONHASHSEED": "0"}
    return Child(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=own))
