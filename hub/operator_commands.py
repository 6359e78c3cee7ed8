"""What an operator does by hand: check the books, recompute, take papers, put letters back."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from contracts.clock import SystemClock
from contracts.delivery.burial import Fault
from contracts.delivery.replay import Replay
from contracts.programs.broker import connected
from contracts.programs.ending import Trouble, close, said_plainly
from contracts.programs.settings import read
from contracts.refusal import Refused
from hub.connections import opened_engine, snapshot, transaction
from hub.settings import Settings

_REFUSED: tuple[Trouble, ...] = ((Refused, lambda refused: refused.code.told(refused.detail)),)


def verify(
    json: Annotated[bool, typer.Option(help="只输出JSON")] = False,
) -> None:
    """核验账目：逐项重算枢纽的承诺，列出不成立的行；有不成立的以状态 1 结束。"""
    from hub import verified
    from hub.services import verification

    with said_plainly():
        settings = read(Settings)
        with opened_engine("hub.verify", settings) as engine, snapshot(engine) as tx:
            found = verification.verify(tx, SystemClock().now())
    typer.echo(verified.as_json(found) if json else verified.as_table(found))
    if found:
        raise typer.Exit(1)


def replay(
    topic: Annotated[str, typer.Argument(help="主题，如 hub.settlements")],
    fault: Annotated[Fault | None, typer.Option(help="只重放这一类；缺省为全部")] = None,
) -> None:
    """把死信放回主题：同一键的死信一起、按原顺序放回。"""
    with said_plainly():
        settings = read(Settings)
        with opened_engine("hub.replay", settings) as engine:
            sender = connected(settings.bootstrap()).sender("hub.replay")
            try:
                count = Replay(engine, sender, SystemClock()).topic(topic, fault and fault.value)
            finally:
                close(sender.close)
    typer.echo(f"已放回 {count} 条")


def recompute_run(
    cycle: Annotated[str, typer.Argument(help="清算期，如 2026-03")],
) -> None:
    """由结算记录重算一个清算批次的明细、证明和单据，逐字节核对；有不同以状态 1 结束。"""
    from hub.services import recomputing

    with said_plainly(_REFUSED):
        settings = read(Settings)
        with opened_engine("hub.recompute", settings) as engine, snapshot(engine) as tx:
            found = recomputing.of_cycle(tx, cycle)
    typer.echo(recomputing.told(found))
    if found.differences:
        raise typer.Exit(1)


def papers(
    cycle: Annotated[str, typer.Argument(help="清算期，如 2026-03")],
    to: Annotated[Path, typer.Option(help="存放单据的文件夹")],
) -> None:
    """把一个清算批次的全部单据取到文件夹。"""
    from hub.services import papers as made

    with said_plainly(_REFUSED), transaction() as tx:
        count = made.lay_into(tx, cycle, to)
    typer.echo(f"{count} 份单据已存入 {to}")


def seal_key() -> None:
    """显示签发单据的公钥，供公布；未设置 YIDI_HUB_SEAL_KEY 时生成一个新密钥，只显示这一次。"""
    from hub.papers.seal_key import SealKey, new_key_text

    with said_plainly():
        key = read(Settings).seal_key()
    if key is None:
        text = new_key_text()
        typer.echo(f"YIDI_HUB_SEAL_KEY={text}")
        key = SealKey.from_text(text)
    typer.echo(f"公钥 {key.public_hex}")


COMMANDS: dict[str, Callable[..., None]] = {
    "verify": verify,
    "replay": replay,
    "recompute-run": recompute_run,
    "papers": papers,
    "seal-key": seal_key,
}
