"""Many seeds: a progress bar while they run, every failure as it comes, and a sum at the end."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from simulators.simulation.databases import templates
from simulators.simulation.outcome import Outcome, done_by
from simulators.simulation.places import CELLS
from simulators.simulation.seeds import outcomes
from simulators.stack.servers import servers


@dataclass(slots=True)
class Sum:
    """Of all outcomes so far."""

    seeds: int = 0
    settled: int = 0
    events: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    operators: Counter[str] = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)

    def add(self, one: Outcome) -> None:
        self.seeds += 1
        self.settled += one.settled
        self.events += one.events
        self.faults.update(one.faults_injected)
        self.struck.update(one.struck)
        self.operators.update(one.operators)
        if not one.is_good:
            self.failed.append(one)

    def told(self) -> str:
        seeds = f"共 {self.seeds} 个种子，未通过 {len(self.failed)} 个"
        work = f"应答办结 {self.settled:,} 次，事件 {self.events:,} 条"
        faults = "，".join(f"{name} {count}" for name, count in self.faults.most_common())
        places = [f"{role} {step}" for role, step in CELLS]
        reached = sum(1 for place in places if self.struck[place])
        deaths = sum(self.struck[place] for place in places)
        steps = f"进程中断 {deaths} 次，{len(places)} 处已到 {reached} 处"
        people = f"运营：{done_by(self.operators)}"
        repeating = (one.repeating() for one in self.failed)
        return "\n".join([f"{seeds}；{work}", f"故障：{faults}", steps, people, *repeating])


def run(
    seeds: Sequence[int], hours: float, *, at_once: int, folder: Path | None, as_json: bool
) -> bool:
    """Whether every seed is good; on a PostgreSQL that need not survive a power cut."""
    total = Sum()
    with (
        servers(kafka=False, durable=False, in_memory=True) as given,
        templates(given.database_url, f"simulate_{os.getpid()}_") as made,
        _bar(is_quiet=as_json or len(seeds) == 1) as bar,
    ):
        task = bar.add_task("仿真", total=len(seeds))
        for one in outcomes(made, seeds, hours, at_once=at_once, folder=folder):
            total.add(one)
            bar.advance(task)
            if as_json:
                typer.echo(one.as_json())
            elif len(seeds) == 1 or not one.is_good:
                bar.console.print(one.told(), markup=False, highlight=False, soft_wrap=True)
    if not as_json and len(seeds) > 1:
        typer.echo(total.told())
    return not total.failed


def _bar(*, is_quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=is_quiet),
        disable=is_quiet,
    )
