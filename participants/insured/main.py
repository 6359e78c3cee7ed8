"""The insured area's programs: worker, desk, migration, taking over people, tokens."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy import Connection, Engine

from contracts import access, topics
from contracts.access import AccessRole, Principal
from contracts.clock import Clock, SystemClock
from contracts.codes import AreaCode, Role, areas
from contracts.delivery import engine as database
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor
from contracts.delivery.transport import Transport
from contracts.programs import loops, memory
from contracts.programs.broker import connected
from contracts.programs.ending import Trouble, said_plainly, told_to_stop
from contracts.programs.logs import log_to_stderr
from contracts.programs.serving import serve
from contracts.programs.settings import Secrets, read
from contracts.sealing import Sealer
from participants.insured import area_file, jobs
from participants.insured.area_file import AreaFileWrong
from participants.insured.domain.cells import FileWrong
from participants.insured.processors import subscriptions
from participants.insured.services import eligibilities, people, publishing, slices
from participants.insured.settings import Settings
from participants.insured.store import db

if TYPE_CHECKING:
    from fastapi import FastAPI

app = typer.Typer(no_args_is_help=True, help="参保地：待遇计算、备案审核、参保人员。")


def _told(wrong: FileWrong) -> str:
    lines = [f"第 {fault.line} 行：{fault.reason}" for fault in wrong.faults]
    return "\n".join(["文件未导入：", *lines])


TROUBLES: tuple[Trouble, ...] = (
    (AreaFileWrong, lambda error: f"参保地规则文件有误：{error}"),
    (FileWrong, _told),
)


def worker(
    area: AreaCode, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Processor:
    """The loop of one area, which is a consumer group of its own name.

    Before it is given out, what changed of the area's rules is published.
    """
    rules = area_file.load(area, settings.area_file_of(area))
    limits = settings.limits()
    read_from = [topics.insured_work(area), topics.notices(Role.INSURED, area)]
    outbox = _outbox(rules.name, engine, transport, clock, settings)
    with outbox.transaction() as writing:
        writing.say(publishing.publish(rules, writing.tx, writing.now))
    return Processor(
        broker=transport.reader(rules.name, read_from, batch_max=limits.batch_max),
        outbox=outbox,
        subscriptions=subscriptions(rules),
        limits=limits,
    )


def slicer(
    area: AreaCode, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Callable[[threading.Event], None]:
    """The loop beside the worker: it tells the hub of slices of the open day."""
    rules = area_file.load(area, settings.area_file_of(area))
    outbox = _outbox(f"{rules.name}.slices", engine, transport, clock, settings)
    every = timedelta(seconds=settings.insured_slice_every_s)
    return partial(jobs.run, partial(slices.report, rules), outbox, every)


def desk(
    area: AreaCode,
    engine: Engine,
    transport: Transport,
    clock: Clock,
    settings: Settings,
    *,
    sealer: Sealer,
) -> "FastAPI":
    """The desk's HTTP application of one area; it closes its outbox when it ends."""
    from participants.insured.api.app import app_of

    rules = area_file.load(area, settings.area_file_of(area))
    outbox = _outbox(f"{rules.name}.desk", engine, transport, clock, settings)
    return app_of(rules, outbox, sealer, timedelta(seconds=settings.insured_stalled_after_s))


def _outbox(
    name: str, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Outbox:
    return Outbox(engine, transport.sender(name), clock, settings.outbox_limits())


def _area(text: str) -> str:
    if text not in areas():
        raise typer.BadParameter(f"没有这个参保地：{text}")
    return text


def _name(area: AreaCode) -> str:
    return topics.participant(Role.INSURED, area)


OneArea = Annotated[str, typer.Option("--area", callback=_area, help="参保地，如 340000")]


@app.command()
def work(
    area: Annotated[list[str], typer.Option(help="参保地，可重复；每个一个线程")],
) -> None:
    """处理枢纽发来的消息，直到收到停止信号；任一参保地失败则整个进程以非零退出。"""
    log_to_stderr()
    codes = [AreaCode(_area(text)) for text in dict.fromkeys(area)]
    with said_plainly(TROUBLES), ExitStack() as stack:
        settings, clock, stop = read(Settings), SystemClock(), told_to_stop()
        engines = {
            code: stack.enter_context(_engine(code, settings, keeps_plans=True)) for code in codes
        }
        transport = connected(settings.bootstrap(), *map(_name, codes))
        workers = {
            _name(code): worker(code, engine, transport, clock, settings)
            for code, engine in engines.items()
        }
        beside: dict[str, loops.Loop] = {
            f"{_name(code)} slices": slicer(code, engine, transport, clock, settings)
            for code, engine in engines.items()
        }
        memory.settled()
        loops.work(workers, stop, beside)


@app.command()
def api(area: OneArea) -> None:
    """经办窗口接口：备案审核、待遇计算过程。"""
    log_to_stderr()
    code = AreaCode(area)
    with said_plainly(TROUBLES):
        settings, sealer, stop = read(Settings), read(Secrets).sealer(), told_to_stop()
        with _engine(code, settings) as engine:
            transport = connected(settings.bootstrap(), _name(code))
            application = desk(code, engine, transport, SystemClock(), settings, sealer=sealer)
            memory.settled()
            serve(application, settings.insured_api_host, settings.insured_api_port, stop)


@app.command()
def migrate(area: OneArea) -> None:
    """建立或升级数据库结构；可重复执行。"""
    with said_plainly():
        db.migrate(read(Settings).database_url_of(AreaCode(area)))


@app.command()
def load_people(
    area: OneArea, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
) -> None:
    """导入参保人员（UTF-8 CSV）；有一行不对就全部不导入，重复导入不改变任何数据。"""
    code = AreaCode(area)
    with said_plainly(TROUBLES):
        rows, secrets = people.read(code, file), read(Secrets)
        sealer, key = secrets.sealer(), secrets.token_key()
        with _transaction(code) as tx:
            loaded = people.load(tx, rows, sealer, key)
    typer.echo(
        f"共 {loaded.rows} 行；新增或变更：人员 {loaded.people_written}，"
        f"参保 {loaded.insurances_written}"
    )


@app.command()
def load_eligibilities(
    area: OneArea, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
) -> None:
    """导入已认定的门诊慢特病待遇资格（UTF-8 CSV）；有一行不对就全部不导入，重复导入不改变数据。"""
    with said_plainly(TROUBLES):
        rows, key = eligibilities.read(file), read(Secrets).token_key()
        with _transaction(AreaCode(area)) as tx:
            written = eligibilities.load(tx, rows, key)
    typer.echo(f"共 {len(rows)} 行；新增或变更：资格 {written}")


@app.command()
def publish(
    area: OneArea,
    again: Annotated[bool, typer.Option("--again", help="未变更的也重新公布")] = False,
) -> None:
    """向枢纽公布备案条件、经办机构与统筹区；未变更的不再公布。"""
    code = AreaCode(area)
    with said_plainly(TROUBLES):
        settings = read(Settings)
        rules = area_file.load(code, settings.area_file_of(code))
        with _engine(code, settings) as engine:
            transport = connected(settings.bootstrap(), _name(code))
            outbox = _outbox(f"{rules.name}.publish", engine, transport, SystemClock(), settings)
            try:
                with outbox.transaction() as writing:
                    said = publishing.publish(rules, writing.tx, writing.now, again=again)
                    writing.say(said)
                outbox.tend()
            finally:
                outbox.close()
    typer.echo(f"已公布 {len(said)} 项")


@app.command()
def token(
    area: OneArea,
    subject: Annotated[str, typer.Option(help="持有人，如 经办员工号")],
    days: Annotated[int, typer.Option(min=1, max=3_650, help="有效天数")] = 90,
) -> None:
    """发放经办凭证；只显示这一次。"""
    code = AreaCode(area)
    principal = Principal(subject, AccessRole.INSURED_AGENCY, code)
    valid_for, now = timedelta(days=days), SystemClock().now()
    with said_plainly(), _transaction(code) as tx:
        issued = access.issue(tx, principal, valid_for=valid_for, now=now)
    typer.echo(issued)


@contextmanager
def _engine(area: AreaCode, settings: Settings, *, keeps_plans: bool = False) -> Iterator[Engine]:
    url, name, pool_max = settings.database_url_of(area), _name(area), settings.insured_pool_max
    with database.opened(url, name=name, pool_max=pool_max, keeps_plans=keeps_plans) as engine:
        yield engine


@contextmanager
def _transaction(area: AreaCode) -> Iterator[Connection]:
    url, name = read(Settings).database_url_of(area), _name(area)
    with database.transaction(url, name=name) as tx:
        yield tx
