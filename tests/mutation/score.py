"""What became of the mutants, module by module, as mutmut writes it beside its changed files."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SURVIVED = frozenset({0, 5, 33})
"""Exit codes of mutants that no test noticed: every test passed, or there was none to run."""
NOT_COUNTED = frozenset({34})
"""Marked in the code as not to be mutated."""
SUFFIX = ".meta"


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants of a module there are, and how many a test noticed or that never ended."""

    module: str
    mutants: int
    killed: int

    @property
    def survived(self) -> int:
        return self.mutants - self.killed

    @property
    def percent(self) -> float:
        return 100 * self.killed / self.mutants if self.mutants else 100.0


def scores_of(folder: Path) -> list[Score]:
    """The score of every module under `folder` with mutants; ValueError when one was not run."""
    found = [_score(folder, path) for path in sorted(folder.rglob(f"*.py{SUFFIX}"))]
    return [one for one in found if one.mutants]


def total(scores: Iterable[Score]) -> Score:
    """All of them as one."""
    listed = list(scores)
    mutants, killed = sum(one.mutants for one in listed), sum(one.killed for one in listed)
    return Score("all", mutants, killed)


def _score(folder: Path, path: Path) -> Score:
    codes = json.loads(path.read_text("utf-8"))["exit_code_by_key"].values()
    if None in codes:
        raise ValueError(f"{path.name}: a mutant was not run")
    counted = [code for code in codes if code not in NOT_COUNTED]
    killed = sum(code not in SURVIVED for code in counted)
    return Score(str(path.relative_to(folder)).removesuffix(SUFFIX), len(counted), killed)
