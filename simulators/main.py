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
from simulators.bench import command as benchmarks
from simulators.certify.command import app as certify_app
from simulators.chaos.command import chaos
from simulators.demo.command import demo, up
from simulators.simulation.command import simulate

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
app.add_typer(certify_app, name="certify")
app.command()(verify)
app.command(name="recompute-run")(recompute_run)
for name, benchmark in benchmarks.COMMANDS.items():
    app.command(name=name)(benchmark)

app.command()(chaos)
app.command()(demo)
app.command()(up)
app.command()(simulate)


@app.callback()
def main() -> None:
    """Each part runs alone; `demo`, `up` and `bench` run them together."""


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


@app.command()
def health() -> None:
    """本进程是否还在前进：查看 YIDI_HEARTBEAT 所指文件；前进为 0，否则为 1。"""
    from contracts.clock import SystemClock
    from contracts.delivery.heartbeat import from_environment

    heartbeat = from_environment(SystemClock())
    raise typer.Exit(0 if heartbeat is not None and heartbeat.is_fresh() else 1)


if __name__ == "__main__":
    app()
