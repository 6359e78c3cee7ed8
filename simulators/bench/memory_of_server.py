"""How much memory a PostgreSQL on this machine takes while something runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

EVERY_S = 0.1
PROC = Path("/proc")


@dataclass(slots=True)
class Watched:
    """The most at one moment, of all the server's processes together.

    `whole`: shared memory once and every process's own; `own`: without the shared memory.
    """

    whole_bytes: int = 0
    own_bytes: int = 0


@contextmanager
def watched(engine: Engine) -> Iterator[Watched]:
    """Look ten times a second; zero where the server is not on this machine."""
    found, stop = Watched(), threading.Event()
    with engine.connect() as connection:
        backend = int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
    thread = threading.Thread(target=_watch, args=(_parent_of(backend), found, stop))
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def _watch(postmaster: int | None, found: Watched, stop: threading.Event) -> None:
    while postmaster is not None and not stop.wait(EVERY_S):
        sizes = [_sizes(pid) for pid in [postmaster, *_children_of(postmaster)]]
        found.whole_bytes = max(found.whole_bytes, sum(whole for whole, _ in sizes))
        found.own_bytes = max(found.own_bytes, sum(own for _, own in sizes))


def _sizes(pid: int) -> tuple[int, int]:
    """A process's share of what it maps, and of that what is nobody else's file or memory."""
    with suppress(OSError):
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
        kib = {name: int(value.split()[0]) for name, _, value in (x.partition(":") for x in lines)}
        return kib["Pss"] * 1_024, kib["Pss_Anon"] * 1_024
    return 0, 0


def _children_of(postmaster: int) -> list[int]:
    pids = [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]
    return [pid for pid in pids if _parent_of(pid) == postmaster]


def _parent_of(pid: int) -> int | None:
    with suppress(OSError):
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    return None
