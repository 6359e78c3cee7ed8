"""What a figure was measured on: cores, memory, versions, the commit, and how quiet it was."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import psutil

from contracts.clock import SystemClock
from simulators.bench.python_build import is_optimised

ROOT = Path(__file__).parents[2]


def described() -> dict[str, object]:
    """Facts as they stand in each file of figures; the load is that of the last minute."""
    return {
        "at": SystemClock().now().isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_gib": psutil.virtual_memory().total // 2**30,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version() + ("" if is_optimised() else " (not optimised)"),
        "commit": _commit(),
        "load_1_min": round(psutil.getloadavg()[0], 2),
    }


def _commit() -> str:
    """'0f5a4c1', with '+' behind it where files were changed since; empty without git."""
    commit = _git("rev-parse", "--short", "HEAD")
    return commit + ("+" if commit and _git("status", "--porcelain", "-uno") else "")


def _git(*words: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "-C", str(ROOT), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
