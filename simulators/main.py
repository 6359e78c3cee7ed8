"""The command `yidi`: the parts for production, and the demonstrations around them."""

from pathlib import Path
from typing import Annotated

import typer

from hub.main import app as hub_app
from hub.operator_commands import recompute_run, verify
from participants.gateway.main import app as gateway_app
from participants.insured.main import app as insured_app
from participants.policy.main import app as policy_app
from participants.treatment.main import app as treatment_app
from simulators.terminal import said_plainly

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="异地：跨省异地就医清算枢纽。Yidi, the cross-province medical clearing hub.",
)
app.add_typer(hub_app, name="hub")
app.add_typer(insured_app, name="insured")
app.add_typer(treatment_app, name="treatment")
app.add_typer(gateway_app, name="gateway")
app.add_typer(policy_app, name="policy")
app.command()(verify)
app.command(name="recompute-run")(recompute_run)


@app.callback()
def main() -> None:
    """Each part runs alone; `demo`, `up` and `bench` run them together."""


@app.command()
def demo(
    *,
    kafka: Annotated[bool, typer.Option(help="real Apache Kafka, separate processes")] = False,
    json: Annotated[bool, typer.Option(help="print only a summary object")] = False,
    seed: Annotated[int, typer.Option(help="the same seed tells the same story")] = 1,
    visits: Annotated[int, typer.Option(min=13, max=10_000, help="everyday visits")] = 36,
    days: Annotated[
        int | None, typer.Option(min=10, max=400, help="months of clearing in accelerated time")
    ] = None,
    papers: Annotated[
        Path | None, typer.Option(file_okay=False, help="with --days: where the papers go")
    ] = None,
) -> None:
    """完整演示：备案、结算、意外、对账、清算。 The whole story, from registration to clearing."""
    from simulators.demo import run

    if days is not None:
        _demo_of_months(days, papers, kafka=kafka, as_json=json, seed=seed)
        return
    if papers is not None:
        raise typer.BadParameter("--papers 只与 --days 同用 (only with --days)")
    with said_plainly():
        summary = run.run(kafka=kafka, as_json=json, seed=seed, visits=visits)
    typer.echo(run.printed(summary) if json else run.told(summary))


def _demo_of_months(
    days: int, papers: Path | None, *, kafka: bool, as_json: bool, seed: int
) -> None:
    from simulators.demo.months import ending, folder, run
    from simulators.demo.run import printed

    if kafka:
        raise typer.BadParameter(
            "--days 在一个进程内加速时间，不能与 --kafka 同用 (one process, one moved clock)"
        )
    with said_plainly():
        wanted = run.Wanted(days, seed, folder.for_papers(papers))
        summary = run.run(wanted, as_json=as_json)
    typer.echo(printed(summary) if as_json else ending.told(summary))


@app.command()
def up(
    kafka: Annotated[bool, typer.Option(help="real Apache Kafka, separate processes")] = False,
) -> None:
    """启动并保持运行，按 Ctrl-C 结束。 Start the world and keep it up until Ctrl-C."""
    from simulators.demo.standing import stand

    with said_plainly():
        stand(kafka=kafka)


@app.command()
def bench(
    seconds: Annotated[float, typer.Option(min=20, max=3_600)] = 60,
    json: Annotated[bool, typer.Option(help="print only the figures, as an object")] = False,
    seed: Annotated[int, typer.Option()] = 1,
    http: Annotated[bool, typer.Option(help="through the hospitals' door, over HTTP")] = False,
    overload: Annotated[bool, typer.Option(help="over HTTP, five times what can be done")] = False,
) -> None:
    """性能测试。 Measure on real servers; a run that lost anything is not reported."""
    from simulators.bench import overload as five_times
    from simulators.bench import run
    from simulators.bench.stage import Way

    def tell(said: str) -> None:
        typer.echo(said, err=True)

    report: five_times.Overload | run.Report
    with said_plainly():
        if overload:
            report = five_times.run(seconds, seed, tell)
        else:
            report = run.run(seconds, Way.HTTP if http else Way.DESK, seed, tell)
    typer.echo(report.as_json() if json else report.told())


@app.command(name="verify-statement")
def verify_statement(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="清算单据（ZIP）")],
    key: Annotated[str | None, typer.Option(help="清算中心公布的公钥")] = None,
    previous: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="上一批次的单据，核对封印链")
    ] = None,
) -> None:
    """离线验证清算单据：签名、摘要、明细和证明；不需要清算中心。不实以状态 1 结束。"""
    from participants import statement

    before = None if previous is None else previous.read_bytes()
    try:
        found = statement.verify(file.read_bytes(), key, before)
    except statement.NotGenuine as error:
        typer.echo(f"验证未通过：{error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(statement.told(found, is_key_given=key is not None))


@app.command(name="bench-clearing")
def bench_clearing(
    settlements: Annotated[int, typer.Option(min=1_000, max=1_000_000_000)] = 25_000_000,
    json: Annotated[bool, typer.Option(help="print only the figures, as an object")] = False,
) -> None:
    """月度清算性能：一个月的日合计从冻结到签发。 A month of totals, from freeze to issue."""
    from simulators.bench import clearing_month

    def tell(said: str) -> None:
        typer.echo(said, err=True)

    with said_plainly():
        found = clearing_month.run(settlements, tell)
    typer.echo(found.as_json() if json else found.told())
    raise typer.Exit(0 if found.is_in_time else 1)


@app.command(name="bench-reconciliation")
def bench_reconciliation(
    rows: Annotated[int, typer.Option(min=10_000, max=10_000_000)] = 1_000_000,
    planted: Annotated[int, typer.Option(min=2, max=10_000, help="of every class")] = 1_000,
    json: Annotated[bool, typer.Option(help="print only the figures, as an object")] = False,
) -> None:
    """三方对账性能：三方各一百万行，每类差错各一千笔。 Every planted difference is found."""
    from simulators.bench import reconciliation

    def tell(said: str) -> None:
        typer.echo(said, err=True)

    with said_plainly():
        found = reconciliation.run(rows, planted, tell)
    typer.echo(found.as_json() if json else found.told())
    raise typer.Exit(0 if found.is_good else 1)


@app.command(name="backtest-runway")
def backtest_runway(
    pairs: Annotated[int, typer.Option(min=1, max=1_000, help="simulated pairs")] = 150,
    seed: Annotated[int, typer.Option(help="the same seed gives the same table")] = 1,
) -> None:
    """预付金跑道回测：预测概率与实际发生的对照。 Of what was said with p, how much came true."""
    from simulators.bench import advance_backtest

    typer.echo(advance_backtest.run(pairs, seed).told())


@app.command()
def health() -> None:
    """本进程是否还在前进：查看 YIDI_HEARTBEAT 所指文件；前进为 0，否则为 1。"""
    from contracts.clock import SystemClock
    from contracts.delivery.heartbeat import from_environment

    heartbeat = from_environment(SystemClock())
    raise typer.Exit(0 if heartbeat is not None and heartbeat.is_fresh() else 1)


if __name__ == "__main__":
    app()
