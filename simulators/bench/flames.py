"""Where a worker's time goes at full load: a flame graph by py-spy, and its dearest functions.

Only the thread that holds the interpreter is looked at: a worker's rate ends where its one
interpreter is always held, and who waits for PostgreSQL or Kafka holds nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.bench import spy
from simulators.bench.load import Answered
from simulators.bench.stage import Bench, Setting, standing
from simulators.bench.validity import Verdict
from simulators.bench.verdict import judged
from simulators.bench.window import DESK, Closed, Window, closed_loop

SECONDS = 40.0
DEAREST = 30
_PLACE = re.compile(r" \(([^)]*)\)$")


@dataclass(frozen=True, slots=True)
class Flame:
    """Shares of the samples: `own` in which a function ran itself, `whole` with what it called."""

    part: str
    window: Window
    seconds: float
    samples_taken: int
    own: Mapping[str, float]
    whole: Mapping[str, float]
    verdict: Verdict

    @property
    def samples(self) -> Mapping[str, Sequence[Answered]]:
        """None worth keeping: the figures of a run that is looked into are not figures."""
        return {}

    @property
    def held(self) -> float:
        """The share of the time in which some thread of the part held the interpreter."""
        return self.samples_taken / (self.seconds * spy.SAMPLES_PER_S)

    def as_dict(self) -> dict[str, object]:
        return {
            "part": self.part,
            "samples": self.samples_taken,
            "held": round(self.held, 3),
            "own": {name: round(share, 4) for name, share in self.own.items()},
            "whole": {name: round(share, 4) for name, share in self.whole.items()},
            "windows": {"looked into": self.window.as_dict()},
            **self.verdict.as_dict(),
        }

    def told(self) -> str:
        lines = [f"  {share:6.1%}  {name}" for name, share in list(self.own.items())[:12]]
        return "\n".join(
            (
                f"{self.part}: Python ran {self.held:.0%} of the time, in",
                *lines,
                self.verdict.told(),
            )
        )


def run(seconds: float, file: Path, setting: Setting, part: str = "hub work") -> Flame:
    """Half of the time for the picture in `file`, half for the list of functions. NoPySpy."""
    with standing(setting) as bench:
        return measure(bench, seconds / 2, file, part)


def measure(
    bench: Bench, each_s: float, file: Path, part: str = "hub work", loop: Closed = DESK
) -> Flame:
    """On a stage that runs, at full load."""
    _looked_into(bench, each_s, file, part, loop)
    stacks = bench.parts.folder / f"{part}.stacks.txt"
    window = _looked_into(bench, each_s, stacks, part, loop)
    own, whole = shares(stacks.read_text(encoding="utf-8").splitlines())
    verdict = judged(bench, bench.load.asked)
    return Flame(part, window, each_s, _taken(stacks), _dearest(own), _dearest(whole), verdict)


def shares(stacks: Iterable[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Of lines 'outer (file);inner (file) 12': own shares by function, and with what it calls."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in stacks:
        frames, _, count = line.rpartition(" ")
        names = [_named(frame) for frame in frames.split(";")]
        own[names[-1]] += int(count)
        for name in set(names):
            whole[name] += int(count)
    total = own.total() or 1
    return (
        {name: count / total for name, count in own.items()},
        {name: count / total for name, count in whole.items()},
    )


def _looked_into(bench: Bench, seconds: float, file: Path, part: str, loop: Closed) -> Window:
    pid, log = bench.parts.children[part].pid, bench.parts.folder / "py-spy.log"
    with spy.recording(pid, seconds, file, log):
        return closed_loop(bench, loop, seconds + loop.ramp_s)


def _taken(stacks: Path) -> int:
    lines = stacks.read_text(encoding="utf-8").splitlines()
    return sum(int(line.rpartition(" ")[2]) for line in lines)


def _dearest(found: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(found.items(), key=lambda item: -item[1])[:DEAREST])


def _named(frame: str) -> str:
    """'poll (kafka/consumer/group.py:12)' without the line, and a file by its last two names."""
    place = _PLACE.search(frame)
    if place is None:
        return frame
    path = place.group(1).partition(":")[0]
    return f"{frame[: place.start()]} ({'/'.join(path.split('/')[-2:])})"
