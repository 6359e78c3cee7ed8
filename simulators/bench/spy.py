"""Looks into a running Python process with py-spy, for as long as a block lasts at least."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulators.stack.processes import Child

SAMPLES_PER_S = 200
WRITTEN_WITHIN_S = 30.0
FORMATS = {".svg": "flamegraph", ".json": "speedscope", ".txt": "raw"}
"""What a file's ending asks py-spy for; "raw" is a stack and a count a line."""


class NoPySpy(Exception):
    """py-spy is not installed, or may not look; the text says which."""


@contextmanager
def recording(pid: int, seconds: float, file: Path, log: Path) -> Iterator[None]:
    """Sample who holds the interpreter, for whole `seconds`; `file` is there afterwards. NoPySpy.

    Linux lets only root, or a process with CAP_SYS_PTRACE, look into one that it did not start.
    """
    if file.suffix not in FORMATS:
        raise NoPySpy(f"{file.name} should end in {', '.join(FORMATS)}")
    file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    child = Child.start("py-spy", _command(pid, seconds, file), log=log)
    try:
        yield
        if child.wait(WRITTEN_WITHIN_S) != 0 or not file.exists():
            raise NoPySpy(f"py-spy could not look:\n{child.log_tail()}")
    finally:
        child.stop()


def _command(pid: int, seconds: float, file: Path) -> list[str]:
    here = str(Path(sys.executable).parent)
    program = shutil.which("py-spy", path=here) or shutil.which("py-spy")
    if program is None:
        raise NoPySpy("py-spy is missing: make bench installs it")
    options = {
        "--pid": str(pid),
        "--duration": str(max(1, int(seconds))),
        "--rate": str(SAMPLES_PER_S),
        "--format": FORMATS[file.suffix],
        "--output": str(file.absolute()),
    }
    return [program, "record", "--gil", *(word for pair in options.items() for word in pair)]
