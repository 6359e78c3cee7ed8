"""The command `yidi`: the parts for production, and the demonstrations around them."""

from typing import Annotated

import typer

from hub.main import app as hub_app
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


@app.callback()
def main() -> None:
    """Each part runs alone; `demo`, `up` and `bench` run them together."""


@app.command()
def demo(
    kafka: Annotated[bool, typer.Option(help="real Apache Kafka, separate processes")] = False,
    json: Annotated[bool, typer.Option(help="print only a summary object")] = False,
    seed: Annotated[int, typer.Option(help="the same seed tells the same story")] = 1,
    visits: Annotated[int, typer.Option(min=13, max=10_000, help="everyday visits")] = 36,
) -> None:
    """完整演示：备案、结算、意外、对账、清算。 The whole story, from registration to clearing."""
    from simulators.demo import run

    with said_plainly():
        summary = run.run(kafka=kafka, as_json=json, seed=seed, visits=visits)
    typer.echo(run.printed(summary) if json else run.told(summary))


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


@app.command()
def health() -> None:
    """本进程是否还在前进：查看 YIDI_HEARTBEAT 所指文件；前进为 0，否则为 1。"""
    from contracts.clock import SystemClock
    from contracts.delivery.heartbeat import from_environment

    heartbeat = from_environment(SystemClock())
    raise typer.Exit(0 if heartbeat is not None and heartbeat.is_fresh() else 1)


if __name__ == "__main__":
    app()
