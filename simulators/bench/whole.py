"""Everything that can be measured, one after the other, each by a process of its own."""

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.bench import report
from simulators.bench.stage import Tell
from simulators.stack.folders import run_folder
from simulators.stack.processes import Child

PART_WITHIN_S = 1_800.0


@dataclass(frozen=True, slots=True)
class Part:
    """A command, and about how long it takes on a quiet machine; '{to}' is the folder."""

    name: str
    command: Sequence[str]
    takes_s: int


OF_INSURED = ("--of", "insured work")
# fmt: off
PARTS: tuple[Part, ...] = (  # what is asked for first comes first: an interrupted run has it
    Part("steady",      ("bench", "--seconds", "90"),                    140),
    Part("sweep",       ("bench", "--sweep"),                            230),
    Part("hot-pair",    ("bench", "--hot-pair"),                         140),
    Part("time-outs",   ("bench", "--time-outs"),                        100),
    Part("hub-workers", ("bench", "--hub-workers", "2"),                 140),
    Part("http",        ("bench", "--http"),                             110),
    Part("overload",    ("bench", "--overload"),                         140),
    Part("flame-hub",   ("bench", "--flame", "{to}/flame-hub.svg"),       90),
    Part("flame-insured", ("bench", "--flame", "{to}/flame-insured.svg", *OF_INSURED), 90),
    Part("soak",        ("bench", "--soak", "10"),                       660),
)
# fmt: on


def run(to: Path, seed: int, tell: Tell, parts: Sequence[Part] = PARTS) -> list[str]:
    """Measure each part into the folder `to`; the names of those that failed.

    A part's figures, and the tables and plots of all parts so far, are there as soon as it is
    measured. One that fails leaves the end of its log in `<name>.failed.txt`; the rest goes on.
    """
    to.mkdir(parents=True, exist_ok=True)
    left_s, failed = sum(part.takes_s for part in parts), []
    tell(f"{len(parts)} parts, about {left_s // 60} minutes")
    for part in parts:
        tell(f"{part.name}: about {part.takes_s} s; all that is left about {left_s // 60} minutes")
        if not _is_measured(part, to, seed, tell):
            failed.append(part.name)
        left_s -= part.takes_s
    report.write(to, tell)
    tell(f"failed: {', '.join(failed)}" if failed else "all parts measured")
    return failed


def _is_measured(part: Part, to: Path, seed: int, tell: Tell) -> bool:
    began, failed = time.monotonic(), to / f"{part.name}.failed.txt"
    words = [word.replace("{to}", str(to)) for word in part.command]
    options = ["--seed", str(seed), "--to", str(to)]
    with run_folder("bench-part") as folder:
        command = [sys.executable, "-m", "simulators.main", *words, *options]
        child = Child.start(part.name, command, log=folder / "part.log")
        try:
            code = child.wait(PART_WITHIN_S)
        finally:
            child.stop(grace_s=60.0)
        said = child.log_tail(lines=40)
        tell("\n".join(f"  {line}" for line in said.splitlines()))
        tell(f"{part.name}: {'done' if code == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s")
        if code == 0:
            failed.unlink(missing_ok=True)
        else:
            shutil.copy(folder / "part.log", failed)
    return code == 0
