"""The folder into which the story lays its papers."""

import tempfile
from pathlib import Path

from simulators.agency import Unexpected

PREFIX = "papers-"


def for_papers(wanted: Path | None) -> Path:
    """The folder that was asked for, which must be empty; or a new one here, or a temporary one."""
    if wanted is None:
        return _new()
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        is_used = any(wanted.iterdir())
    except OSError as error:
        raise Unexpected(f"无法使用文件夹 {wanted} (cannot use this folder): {error}") from error
    if is_used:
        raise Unexpected(f"文件夹 {wanted} 不是空的 (the folder is not empty)")
    return wanted


def _new() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=PREFIX, dir=Path.cwd()))
    except OSError:
        return Path(tempfile.mkdtemp(prefix=PREFIX))
