"""The bar that shows how far a run is; where nobody watches, a line for each thing that happens."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from simulators.chaos import run
from simulators.chaos.ground import Tell
from simulators.chaos.plan import Plan


@contextmanager
def watched(console: Console, plan: Plan) -> Iterator[tuple[Tell, run.Progress]]:
    """Who hears of single things, and who hears how far it is, all the time."""
    if not console.is_terminal:
        yield console.print, _lines(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("启动 starting", total=plan.load_s)

        def progress(over_s: float, what: str) -> None:
            bar.update(task, completed=over_s, description=what)

        yield bar.console.print, progress


def _lines(console: Console) -> run.Progress:
    said = [""]

    def progress(over_s: float, what: str) -> None:
        if what != said[0]:
            said[0] = what
            console.print(f"{over_s:6.1f} s  {what}")

    return progress
