"""The command `simulate`: one seed, or many of them in a row."""

from pathlib import Path
from typing import Annotated

import typer

from simulators.terminal import said_plainly


def simulate(
    *,
    seed: Annotated[int, typer.Option(min=0, help="the same seed is the same run")] = 1,
    hours: Annotated[float, typer.Option(min=0.05, max=48, help="of virtual time")] = 1.0,
    seeds: Annotated[int, typer.Option(min=1, max=1_000_000, help="how many, from --seed on")] = 1,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="child processes")] = 2,
    logs: Annotated[Path | None, typer.Option(file_okay=False, help="of failed seeds")] = None,
    json: Annotated[bool, typer.Option(help="print only the outcomes, one object a line")] = False,
) -> None:
    """确定性仿真：由种子决定的故障之下，全部承诺是否仍然成立。 One failing seed ends with 1."""
    from simulators.simulation import many

    with said_plainly():
        is_good = many.run(
            range(seed, seed + seeds), hours, at_once=min(at_once, seeds), folder=logs, as_json=json
        )
    raise typer.Exit(0 if is_good else 1)
