"""The command `yidi chaos`."""

from pathlib import Path
from typing import Annotated

import typer

from simulators.chaos.plan import MINUTES_MIN
from simulators.terminal import said_plainly


def chaos(
    *,
    seed: Annotated[int, typer.Option(help="the same seed plans the same faults")] = 1,
    minutes: Annotated[int, typer.Option(min=MINUTES_MIN, max=24 * 60)] = 5,
    rate: Annotated[float, typer.Option(min=1, max=200, help="visits a second")] = 12,
    json: Annotated[bool, typer.Option(help="print only the outcome, as an object")] = False,
    logs: Annotated[
        Path | None, typer.Option(file_okay=False, help="where the programs' logs are kept")
    ] = None,
) -> None:
    """故障演练：真实 Kafka 与数据库，按种子制造故障。 Break everything, and see that all holds."""
    from rich.console import Console

    from simulators.chaos import report
    from simulators.chaos.plan import drawn
    from simulators.chaos.run import run
    from simulators.chaos.watching import watched

    aside = Console(stderr=True)
    plan = drawn(seed, minutes)
    (aside if json else Console()).print(report.plan_told(plan))
    with said_plainly(), watched(aside, plan) as (tell, progress):
        outcome = run(plan, rate, logs, tell, progress)
    if json:
        typer.echo(report.as_json(outcome))
    else:
        Console(highlight=False).print(report.outcome_told(outcome))
    typer.echo(report.sentence(outcome), err=json)
    raise typer.Exit(0 if outcome.judgement.holds else 1)
