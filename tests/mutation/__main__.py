"""`python -m tests.mutation`: change each rule about money, and count what tests notice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.mutation.score import Score, scores_of, total

ROOT = Path(__file__).parents[2]
MUTANTS = ROOT / "mutants"
WIDTH = 100


def main(
    at_least: Annotated[int, typer.Option(min=0, max=100, help="of each module, %")] = 80,
    children: Annotated[int, typer.Option(min=1, help="mutants at the same time")] = (
        os.cpu_count() or 1
    ),
) -> None:
    """Exits with 1 when a module's score is too low, or when the tests fail as they are.

    What to mutate and which tests run stands in pyproject.toml. The changed tree stays in
    `mutants/` for `mutmut results` and `mutmut show NAME`, and is made anew each time.
    """
    shutil.rmtree(MUTANTS, ignore_errors=True)
    mutmut = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children)]
    ran = subprocess.run(mutmut, cwd=ROOT, check=False)
    scores = scores_of(MUTANTS)
    Console(width=WIDTH).print(_table(scores))
    too_low = [one.module for one in scores if one.percent < at_least]
    if ran.returncode or not scores or too_low:
        typer.echo(f"under {at_least} %: {', '.join(too_low) or 'nothing was measured'}", err=True)
        raise typer.Exit(1)


def _table(scores: list[Score]) -> Table:
    table = Table("module", title="mutation score")
    for name in ("mutants", "killed", "survived", "score"):
        table.add_column(name, justify="right")
    for one in (*scores, total(scores)):
        counts = map(str, (one.mutants, one.killed, one.survived))
        table.add_row(one.module, *counts, f"{one.percent:.1f} %")
    return table


if __name__ == "__main__":
    typer.run(main)
