"""`python -m tests.fuzz`: so many generated requests at every door, on two cores, and one table."""

import time
from multiprocessing import get_context
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from simulators.stack.servers import servers
from tests.fuzz.sharing import SHARES, share_of, work
from tests.fuzz.tally import Tally, together

WIDTH = 120
SILENT_S = 300  # so long without a word, a door is held to hang


def main(
    requests: Annotated[int, typer.Option(min=100, max=10_000_000)] = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="the same seed, the same requests")] = 1,
) -> None:
    """Exits with 1 when anything was found; each finding names its seed and shows its request."""
    console, began_s = Console(stderr=True, width=WIDTH), time.monotonic()
    console.print(f"seed {seed}, {requests} requests")
    with servers(kafka=False, durable=False, in_memory=True) as stack:
        whole = _all(console, stack.database_url, requests, seed)
    console.print(_table(whole))
    seconds = time.monotonic() - began_s
    console.print(
        f"{whole.requests} requests in {seconds:.0f} s, the slowest {whole.slowest_ms} ms;"
        f" every table compared {whole.comparisons} times around refusals alone"
    )
    console.print(f"findings: {len(whole.findings)}")
    console.print(whole.told(), markup=False, highlight=False)
    raise typer.Exit(1 if whole.findings else 0)


def _all(console: Console, url: str, requests: int, seed: int) -> Tally:
    """Every list of doors in a process of its own."""
    context = get_context("spawn")
    said: Any = context.Queue()
    workers = [
        context.Process(target=work, args=(said, url, name, requests, seed), daemon=True)
        for name in SHARES
    ]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        bars = {
            name: progress.add_task(name, total=sum(share_of(requests, p) for _, p in doors))
            for name, doors in SHARES.items()
        }
        for worker in workers:
            worker.start()
        tallies: list[Tally] = []
        while len(tallies) < len(workers):
            name, news = said.get(timeout=SILENT_S)
            if isinstance(news, Tally):
                tallies.append(news)
            else:
                progress.advance(bars[name], news)
    for worker in workers:
        worker.join()
    return together(tallies)


def _table(tally: Tally) -> Table:
    kinds = sorted({kind for _, kind in tally.answers})
    table = Table(title="answers by door and kind; codes by their families")
    for heading in ("door", *kinds, "requests"):
        table.add_column(heading, no_wrap=True)
    for door in sorted({door for door, _ in tally.answers}):
        counts = [tally.answers[door, kind] for kind in kinds]
        table.add_row(door, *(str(count or "") for count in counts), str(sum(counts)))
    return table


if __name__ == "__main__":
    typer.run(main)
