"""The treatment area's programs: worker, migration, its list of institutions."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from contracts import topics
from contracts.clock import Clock, SystemClock
from contracts.codes import AreaCode, Role, areas
from contracts.delivery import engine as database
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor
from contracts.delivery.transport import KafkaTransport, Transport
from contracts.programs import loops
from contracts.programs.ending import Trouble, said_plainly, told_to_stop
from contracts.programs.logs import log_to_stderr
from contracts.programs.settings import read
from participants.treatment.domain.institution import ListUnsound, read_list
from participants.treatment.processors import subscriptions
from participants.treatment.services import institutions
from participants.treatment.settings import Settings
from participants.treatment.store import db

app = typer.Typer(no_args_is_help=True, help="就医地：医药机构、就诊与结算。")

TROUBLES: tuple[Trouble, ...] = (
    (UnicodeDecodeError, lambda _: "文件未导入：不是 UTF-8 文本"),
    (ListUnsound, lambda error: "\n".join(["文件未导入：", *error.faults])),
)


def worker(
    area: AreaCode, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Processor:
    """The loop of one area, which is a consumer group of its own name."""
    name, limits = topics.participant(Role.TREATMENT, area), settings.limits()
    read_from = [topics.treatment_answers(area), topics.notices(Role.TREATMENT, area)]
    return Processor(
        broker=transport.reader(name, read_from, batch_max=limits.batch_max),
        outbox=Outbox(engine, transport.sender(name), clock, settings.outbox_limits()),
        subscriptions=subscriptions(area),
        limits=limits,
    )


def _area(text: str) -> str:
    if text not in areas():
        raise typer.BadParameter(f"没有这个就医地：{text}")
    return text


OneArea = Annotated[str, typer.Option("--area", callback=_area, help="就医地，如 310000")]


@app.command()
def work(
    area: Annotated[list[str], typer.Option(help="就医地，可重复；每个一个线程")],
) -> None:
    """处理枢纽的应答，直到收到停止信号；任一就医地失败则整个进程以非零退出。"""
    log_to_stderr()
    codes = [AreaCode(_area(text)) for text in dict.fromkeys(area)]
    with said_plainly(), ExitStack() as stack:
        settings, clock, stop = read(Settings), SystemClock(), told_to_stop()
        engines = {code: stack.enter_context(_engine(code, settings)) for code in codes}
        transport = KafkaTransport(settings.bootstrap())
        workers = {
            topics.participant(Role.TREATMENT, code): worker(
                code, engine, transport, clock, settings
            )
            for code, engine in engines.items()
        }
        loops.work(workers, stop)


@app.command()
def migrate(area: OneArea) -> None:
    """建立或升级数据库结构；可重复执行。"""
    with said_plainly():
        db.migrate(read(Settings).database_url_of(AreaCode(area)))


@app.command()
def load_institutions(
    area: OneArea, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
) -> None:
    """导入定点医药机构（UTF-8 CSV）；有一行不对就全部不导入，可重复导入。"""
    code = AreaCode(area)
    with said_plainly(TROUBLES):
        found = read_list(file.read_text(encoding="utf-8-sig").splitlines(), code)
        with _engine(code, read(Settings)) as engine, engine.begin() as tx:
            institutions.load(tx, found)
    typer.echo(f"已导入定点医药机构 {len(found)} 家")


@contextmanager
def _engine(area: AreaCode, settings: Settings) -> Iterator[Engine]:
    url, name = settings.database_url_of(area), topics.participant(Role.TREATMENT, area)
    with database.opened(url, name=name, pool_max=settings.treatment_pool_max) as engine:
        yield engine
