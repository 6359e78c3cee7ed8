"""The commands that measure: `bench` and its relatives for clearing, comparison and runways."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from simulators.terminal import said_plainly

AsJson = Annotated[bool, typer.Option("--json", help="print only the figures, as an object")]


def bench(
    *,
    seconds: Annotated[
        float | None, typer.Option(min=5, max=3_600, help="how long; of a sweep, each rate")
    ] = None,
    as_json: AsJson = False,
    seed: Annotated[int, typer.Option()] = 1,
    people: Annotated[
        int, typer.Option(min=100, max=10_000, help="of one pair of areas; fewer start sooner")
    ] = 10_000,
    http: Annotated[bool, typer.Option(help="through the hospitals' door, over HTTP")] = False,
    overload: Annotated[bool, typer.Option(help="over HTTP, five times what can be done")] = False,
    sweep: Annotated[bool, typer.Option(help="rising rates, until p99 breaks one second")] = False,
    hot_pair: Annotated[bool, typer.Option(help="one pair of areas against eight")] = False,
    hub_workers: Annotated[
        int, typer.Option(min=1, max=2, help="2: two in one group, compared with one")
    ] = 1,
    time_outs: Annotated[bool, typer.Option(help="a silent area: how late is expiry?")] = False,
    soak: Annotated[
        float | None, typer.Option(min=0.1, max=600, help="minutes, with memory by process")
    ] = None,
    flame: Annotated[
        Path | None, typer.Option(dir_okay=False, help="flame graph: .svg, .json (speedscope)")
    ] = None,
    of: Annotated[str, typer.Option(help="whose flame graph, as it is named here")] = "hub work",
    everything: Annotated[
        bool, typer.Option("--all", help="all of it one after the other, half an hour; with --to")
    ] = False,
    to: Annotated[
        Path | None, typer.Option(file_okay=False, help="keep figures, waits, plots and tables")
    ] = None,
) -> None:
    """性能测试。 Measure on real servers; a run that lost anything is not reported."""
    chosen = {
        "http": http,
        "overload": overload,
        "sweep": sweep,
        "hot-pair": hot_pair,
        "hub-workers": hub_workers > 1,
        "time-outs": time_outs,
        "soak": soak is not None,
        "flame": flame is not None,
        "all": everything,
    }
    names = [name for name, is_wanted in chosen.items() if is_wanted] or ["steady"]
    if len(names) > 1:
        raise typer.BadParameter(f"一次只测一项 (one at a time): {', '.join(names)}")
    if everything:
        _measure_all(to, seed)
        return
    if soak is not None:
        seconds = soak * 60
    with said_plainly():
        _measure(names[0], seconds, Drawn(seed, people), Shown(as_json, to, flame, of))


@dataclass(frozen=True, slots=True)
class Shown:
    """How the figures come out, and where they are kept; `flame` is the picture's file."""

    as_json: bool
    to: Path | None
    flame: Path | None
    of: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the load is drawn from."""

    seed: int
    people: int


def _measure(name: str, seconds: float | None, drawn: Drawn, shown: Shown) -> None:
    from simulators.bench import flames, machine, report, saving
    from simulators.bench.modes import MODES
    from simulators.bench.pairs import FIRST
    from simulators.bench.stage import Setting

    on, pair = machine.described(), replace(FIRST, people=drawn.people)
    setting = Setting(tell, drawn.seed, pairs=(pair,))
    measured: saving.Measured
    if shown.flame is not None:
        measured = flames.run(seconds or flames.SECONDS, shown.flame, setting, shown.of)
        name = f"{shown.flame.stem}-shares"
    else:
        measured = MODES[name].run(seconds or MODES[name].seconds, setting)
    typer.echo(saving.printed(measured.as_dict()) if shown.as_json else measured.told())
    if shown.to is not None:
        saving.save(shown.to, name, measured, on)
        report.write(shown.to, tell)


def _measure_all(to: Path | None, seed: int) -> None:
    from simulators.bench import whole

    if to is None:
        raise typer.BadParameter("--all 需要 --to FOLDER (where the figures are kept)")
    failed = whole.run(to, seed, tell)
    if failed:
        raise typer.Exit(1)


def bench_clearing(
    settlements: Annotated[int, typer.Option(min=1_000, max=1_000_000_000)] = 25_000_000,
    as_json: AsJson = False,
) -> None:
    """月度清算性能：一个月的日合计从冻结到签发。 A month of totals, from freeze to issue."""
    from simulators.bench import clearing_month

    with said_plainly():
        found = clearing_month.run(settlements, tell)
    typer.echo(found.as_json() if as_json else found.told())
    raise typer.Exit(0 if found.is_in_time else 1)


def bench_reconciliation(
    rows: Annotated[int, typer.Option(min=10_000, max=10_000_000)] = 1_000_000,
    planted: Annotated[int, typer.Option(min=2, max=10_000, help="of every class")] = 1_000,
    as_json: AsJson = False,
) -> None:
    """三方对账性能：三方各一百万行，每类差错各一千笔。 Every planted difference is found."""
    from simulators.bench import reconciliation

    with said_plainly():
        found = reconciliation.run(rows, planted, tell)
    typer.echo(found.as_json() if as_json else found.told())
    raise typer.Exit(0 if found.is_good else 1)


def backtest_runway(
    pairs: Annotated[int, typer.Option(min=1, max=1_000, help="simulated pairs")] = 150,
    seed: Annotated[int, typer.Option(help="the same seed gives the same table")] = 1,
) -> None:
    """预付金跑道回测：预测概率与实际发生的对照。 Of what was said with p, how much came true."""
    from simulators.bench import advance_backtest

    typer.echo(advance_backtest.run(pairs, seed).told())


def tell(said: str) -> None:
    typer.echo(said, err=True)


COMMANDS: Mapping[str, Callable[..., Any]] = {
    "bench": bench,
    "bench-clearing": bench_clearing,
    "bench-reconciliation": bench_reconciliation,
    "backtest-runway": backtest_runway,
}
