"""Private temporary folders that are gone after the run, and after a killed run at the next one."""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

LOCK = ".in-use"


@contextlib.contextmanager
def run_folder(kind: str) -> Iterator[Path]:
    """An empty folder `yidi-<kind>-…` that only its owner can enter; removed on leaving.

    A lock in the folder is held as long as this process lives. Whoever asks for the next folder of
    this kind first removes those whose lock nobody holds: they are what kill -9 left behind.
    """
    remove_abandoned(kind)
    folder = Path(tempfile.mkdtemp(prefix=f"yidi-{kind}-"))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(kind: str) -> None:
    for lock in Path(tempfile.gettempdir()).glob(f"yidi-{kind}-*/{LOCK}"):
        with contextlib.suppress(OSError), lock.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[BinaryIO]:
    # Locked first and named second, so that nobody ever sees the name without the lock.
    unnamed = folder / f"{LOCK}-new"
    with unnamed.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        unnamed.rename(folder / LOCK)
        yield handle
