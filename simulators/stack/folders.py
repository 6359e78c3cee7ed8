"""Private temporary folders that are gone after the run, and after a killed run at the next one."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import psutil

LOCK = ".in-use"
# Where Linux keeps files in memory. Programs are started from the folder, so that must be allowed.
MEMORY = Path("/dev/shm")  # noqa: S108 - the folders in it have names that nobody can foresee
ROOM_BYTES = 4 << 30


@contextlib.contextmanager
def run_folder(kind: str, within: Path | None = None) -> Iterator[Path]:
    """An empty folder `yidi-<kind>-…` that only its owner can enter; removed on leaving.

    It is made where temporary files go, or `within` MEMORY.

    A lock in the folder is held as long as this process lives. Whoever asks for the next folder of
    this kind first removes those whose lock nobody holds: they are what kill -9 left behind.
    """
    remove_abandoned(kind)
    folder = Path(tempfile.mkdtemp(prefix=f"yidi-{kind}-", dir=within))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(kind: str) -> None:
    for place in {Path(tempfile.gettempdir()), MEMORY}:
        for lock in place.glob(f"yidi-{kind}-*/{LOCK}"):
            with contextlib.suppress(OSError), lock.open("rb") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)


def memory() -> Path | None:
    """MEMORY, where this machine has it and there is room to spare."""
    try:
        free, allowed = shutil.disk_usage(MEMORY).free, os.statvfs(MEMORY).f_flag
    except OSError:
        return None
    has_room = min(free, psutil.virtual_memory().available) >= ROOM_BYTES
    usable = os.access(MEMORY, os.W_OK | os.X_OK) and not allowed & os.ST_NOEXEC
    return MEMORY if has_room and usable else None


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[BinaryIO]:
    # Locked first and named second, so that nobody ever sees the name without the lock.
    unnamed = folder / f"{LOCK}-new"
    with unnamed.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        unnamed.rename(folder / LOCK)
        yield handle
