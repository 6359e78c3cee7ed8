"""`make` takes the Python that does the same work quicker, and never one that cannot do it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "dirname", "which")
# Each stands for a Python: asked with -c whether it is usable, else how it was compiled.
OPTIMISED = "exit 0"
PLAIN = '[ "$1" = -c ]'
TOO_OLD = "exit 1"


def chosen(folder: Path, *found: tuple[str, str]) -> str:
    """Of the programs on a path, first to last, the one that is chosen: '1/python3.11'."""
    tools = folder / "tools"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is missing"))
    places = [folder / str(n) for n in range(1, len(found) + 1)]
    for place, (name, script) in zip(places, found, strict=True):
        place.mkdir()
        (place / name).write_text(f"#!{tools / 'sh'}\n{script}\n")
        (place / name).chmod(0o755)
    command = [str(tools / "sh"), str(ROOT / "deploy" / "choose_python.sh")]
    path = os.pathsep.join(str(place) for place in (*places, tools))
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": path})
    return ended.stdout.strip().removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([("python3.11", PLAIN), ("python3.11", OPTIMISED)], "2/python3.11"),
        ([("python3.11", OPTIMISED), ("python3.11", OPTIMISED)], "1/python3.11"),
        ([("python3.11", PLAIN), ("python3.11", TOO_OLD)], "1/python3.11"),
        # The pinned packages are those of 3.11: another version comes only where there is none.
        ([("python3", OPTIMISED), ("python3.11", PLAIN)], "2/python3.11"),
        ([("python3.11", TOO_OLD), ("python3", PLAIN)], "2/python3"),
        ([("python3", TOO_OLD)], ""),
    ],
)
def test_an_optimised_python_comes_first(
    tmp_path: Path, found: list[tuple[str, str]], expected: str
) -> None:
    assert chosen(tmp_path, *found) == expected
