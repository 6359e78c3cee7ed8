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
from simulators.truths import Broken

CHILD = "simulators.simulation.child"


NAME = "every seed comes to its end"
_A_SEED_S, _AN_HOUR_S = 300.0, 600.0


def longest_s(hours: float) -> float:
    """How long a seed may take, of real time, even on a machine that does much else."""
    return _A_SEED_S + _AN_HOUR_S * hours


@dataclass(slots=True)
class Child:
    """One child; `run` is one seed. When it dies of a seed, the next one has a new child."""

    command: Sequence[str]
    hours: float
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        self._start()

    def run(self, seed: int) -> Outcome:
        to, back = self._ends()
        try:
            to.write(f"{seed}\n")
            to.flush()
            line = back.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return outcome_of(line)
        self.end()
        ended = self.process.returncode
        self._start()
        return nothing_of(seed, self.hours, f"its process ended with {ended} and told nothing")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for end in self._ends():
            end.close()

    def _start(self) -> None:
        pipe, own = subprocess.PIPE, {**os.environ, "PYTHONHASHSEED": "0"}
        self.process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, text=True, env=own)

    def _ends(self) -> tuple[IO[str], IO[str]]:
        to, back = self.process.stdin, self.process.stdout
        assert to is not None, "it was opened with pipes"
        assert back is not None, "it was opened with pipes"
        return to, back


def nothing_of(seed: int, hours: float, why: str) -> Outcome:
    """Of a seed of which nothing came: it has failed, and can be repeated like any other."""
    return Outcome(
        seed=seed,
        hours=hours,
        hash="",
        events=0,
        settled=0,
        broken=(Broken(NAME, why),),
        pending=(),
        faults_injected={},
        struck={},
        rested_after_s=0.0,
    )


def outcomes(
    on: Templates,
    seeds: Iterable[int],
    hours: float,
    *,
    at_once: int = 1,
    folder: Path | None = None,
) -> Iterator[Outcome]:
    """One of each seed, in the order in which they end; one that ends its child has failed."""
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
    command = [sys.executable, "-m", CHILD, *arguments]
    started: list[Child] = []
    try:
        started += (Child(command, hours) for _ in range(count))
        yield started
    finally:
        for child in started:
            child.end()
