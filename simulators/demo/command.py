"""The commands `yidi demo` and `yidi up`: a story, months, or the whole country."""

from pathlib import Path
from typing import Annotated

import typer

from simulators.terminal import said_plainly

VISITS, MONTHS_LEAST, COUNTRY_DAYS = 36, 10, 7
RATE, SCALE = 5.0, 1_000.0

OnKafka = Annotated[bool, typer.Option(help="real Apache Kafka, separate processes")]
Countrywide = Annotated[bool, typer.Option("--country", help="all 32 areas")]
Seed = Annotated[int, typer.Option(help="the same seed tells the same story")]


def demo(
    *,
    kafka: OnKafka = False,
    json: Annotated[bool, typer.Option(help="print only a summary object")] = False,
    seed: Seed = 1,
    visits: Annotated[int, typer.Option(min=13, max=10_000, help="everyday visits")] = VISITS,
    days: Annotated[
        int | None, typer.Option(min=1, max=400, help="accelerated time: months, or the country")
    ] = None,
    papers: Annotated[
        Path | None, typer.Option(file_okay=False, help="with --days: where the papers go")
    ] = None,
    country: Countrywide = False,
    scale: Annotated[
        float, typer.Option(min=10, max=1_000_000, help="real visits that one stands for")
    ] = SCALE,
) -> None:
    """完整演示：备案、结算、意外、对账、清算。 The whole story, from registration to clearing."""
    if country:
        _only(kafka=not kafka, papers=papers is None, visits=visits == VISITS)
        _demo_of_country(days or COUNTRY_DAYS, seed, scale, as_json=json)
    elif days is not None:
        _demo_of_months(days, papers, kafka=kafka, as_json=json, seed=seed)
    elif papers is not None:
        raise typer.BadParameter("--papers 只与 --days 同用 (only with --days)")
    else:
        _story(kafka=kafka, as_json=json, seed=seed, visits=visits)


def up(
    *,
    kafka: OnKafka = False,
    country: Countrywide = False,
    rate: Annotated[
        float, typer.Option(min=0.1, max=1_000, help="with --country: visits a second")
    ] = RATE,
    seed: Seed = 1,
) -> None:
    """启动并保持运行，按 Ctrl-C 结束。 Start the world and keep it up until Ctrl-C."""
    with said_plainly():
        if country:
            from simulators.country import up as live

            raise typer.Exit(live.run(rate, seed))
        from simulators.demo.standing import stand

        stand(kafka=kafka)


def _only(**holds: bool) -> None:
    for name, does in holds.items():
        if not does:
            raise typer.BadParameter(f"--{name} 不与 --country 同用 (not with --country)")


def _story(*, kafka: bool, as_json: bool, seed: int, visits: int) -> None:
    from simulators.demo import run

    with said_plainly():
        summary = run.run(kafka=kafka, as_json=as_json, seed=seed, visits=visits)
    typer.echo(run.printed(summary) if as_json else run.told(summary))


def _demo_of_months(
    days: int, papers: Path | None, *, kafka: bool, as_json: bool, seed: int
) -> None:
    from simulators.demo.months import ending, folder, run
    from simulators.demo.run import printed

    if kafka:
        raise typer.BadParameter(
            "--days 在一个进程内加速时间，不能与 --kafka 同用 (one process, one moved clock)"
        )
    if days < MONTHS_LEAST:
        raise typer.BadParameter(
            f"--days 大于或等于 greater than or equal to {MONTHS_LEAST}（没有 --country 时）"
        )
    with said_plainly():
        wanted = run.Wanted(days, seed, folder.for_papers(papers))
        summary = run.run(wanted, as_json=as_json)
    typer.echo(printed(summary) if as_json else ending.told(summary))


def _demo_of_country(days: int, seed: int, scale: float, *, as_json: bool) -> None:
    from simulators.country import accelerated
    from simulators.demo.run import printed

    with said_plainly():
        summary = accelerated.run(accelerated.Wanted(days, seed, scale), as_json=as_json)
    typer.echo(printed(summary) if as_json else accelerated.told(summary))
    raise typer.Exit(0 if summary["holds"] else 1)
