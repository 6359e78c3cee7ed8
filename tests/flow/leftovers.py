"""Finds what a program left running: children inherit a mark in their environment."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

MARK = "YIDI_TEST_RUN"
ENDS_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Ended:
    exit_code: int
    stdout: str
    stderr: str
    left_running: tuple[str, ...]


def yidi(*arguments: str, timeout_s: int = 240) -> Ended:
    """Run the command to its end, and look what is left of it."""
    with started(*arguments) as (process, mark):
        stdout, stderr = process.communicate(timeout=timeout_s)
        return Ended(process.returncode, stdout, stderr, left_running(mark))


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command and its mark; whatever is left of it at the end is killed."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators.main", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, MARK: mark},
    )
    try:
        yield process, mark
    finally:
        for one in _marked(mark):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
        process.wait(ENDS_WITHIN_S)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def left_running(mark: str) -> tuple[str, ...]:
    return tuple(" ".join(_command_of(one)) for one in _marked(mark))


def _marked(mark: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if _environment_of(one).get(MARK) == mark]


def _environment_of(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:  # gone meanwhile, or not ours
        return {}


def _command_of(process: psutil.Process) -> Sequence[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return ["?"]
