"""The treatment area's programs: worker, migration, its institutions and what it makes known."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection, Engine

from contracts import topics
from contracts.clock import Clock, SystemClock
from contracts.codes import AreaCode, Role, areas
from contracts.delivery import engine as database
from contracts.delivery.outbox import Outbox, Writing
from contracts.delivery.processor import Processor
from contracts.delivery.transport import Transport
from contracts.programs import loops, memory
from contracts.programs.broker import connected
from contracts.programs.ending import Trouble, said_plainly, told_to_stop
from contracts.programs.logs import log_to_stderr
from contracts.programs.settings import read
from participants.treatment import forgetting
from participants.treatment import jobs as treatment_jobs
from participants.treatment.domain.directory_file import Directory, DirectoryUnsound
from participants.treatment.domain.institution import ListUnsound, read_list
from participants.treatment.processors import subscriptions
from participants.treatment.services import institutions, publishing
from participants.treatment.settings import Settings
from participants.treatment.store import db

app = typer.Typer(no_args_is_help=True, help="就医地：医药机构、就诊与结算。")

SWEPT_BESIDE_T_WITHIN_S = 0.1

TROUBLES: tuple[Trouble, ...] = (
    (UnicodeDecodeError, lambda _: "文件未导入：不是 UTF-8 文本"),
    (ListUnsound, lambda error: "\n".join(["文件未导入：", *error.faults])),
    (DirectoryUnsound, lambda error: "\n".join(["经办机构和统筹区文件有误：", *error.faults])),
    (OSError, lambda error: f"无法读取文件：{error.filename}"),
)


def worker(
    area: AreaCode, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Processor:
    """The loop of one area, which is a consumer group of its own name.

    First it makes known what has changed of the area's institutions and offices.
    """
    name, limits = _name(area), settings.limits()
    read_from = [topics.treatment_answers(area), topics.notices(Role.TREATMENT, area)]
    outbox = Outbox(engine, transport.sender(name), clock, settings.outbox_limits())
    with outbox.transaction() as writing:
        directory = settings.directory(area)
        writing.say(publishing.publish(writing.tx, area, writing.now, directory=directory))
    return Processor(
        broker=transport.reader(name, read_from, batch_max=limits.batch_max),
        outbox=outbox,
        subscriptions=subscriptions(area),
        limits=limits,
    )


def reminder(
    area: AreaCode, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Callable[[threading.Event], None]:
    """The loop beside the worker: it reminds the hub, and ends at T what the hub left open."""
    name = f"{topics.participant(Role.TREATMENT, area)}.jobs"
    # Beside the sweeping it keeps T, though the broker is away: it must not wait for it for long.
    limits = replace(settings.outbox_limits(), swept_within_s=SWEPT_BESIDE_T_WITHIN_S)
    outbox = Outbox(engine, transport.sender(name), clock, limits)
    every = timedelta(milliseconds=settings.treatment_remind_every_ms)
    return partial(treatment_jobs.run, treatment_jobs.remind(area, settings), outbox, every)


def slicer(
    area: AreaCode, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Callable[[threading.Event], None]:
    """The loop that tells the hub of slices of the open day, and of differences with hospitals."""
    name = f"{topics.participant(Role.TREATMENT, area)}.slices"
    outbox = Outbox(engine, transport.sender(name), clock, settings.outbox_limits())
    every = timedelta(seconds=settings.treatment_slice_every_s)
    return partial(treatment_jobs.run, treatment_jobs.tell(area), outbox, every)


def _area(text: str) -> str:
    if text not in areas():
        raise typer.BadParameter(f"没有这个就医地：{text}")
    return text


def _name(area: AreaCode) -> str:
    return topics.participant(Role.TREATMENT, area)


OneArea = Annotated[str, typer.Option("--area", callback=_area, help="就医地，如 310000")]


@app.command()
def work(
    area: Annotated[list[str], typer.Option(help="就医地，可重复；每个一个线程")],
) -> None:
    """处理枢纽的应答，直到收到停止信号；任一就医地失败则整个进程以非零退出。"""
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
        jobs: dict[str, loops.Loop] = {
            f"treatment.{code} jobs": reminder(code, engine, transport, clock, settings)
            for code, engine in engines.items()
        }
        jobs |= {
            f"treatment.{code} slices": slicer(code, engine, transport, clock, settings)
            for code, engine in engines.items()
        }
        jobs |= {
            f"treatment.{code} forgets": partial(forgetting.run, engine, clock, settings.keeping())
            for code, engine in engines.items()
        }
        memory.settled()
        loops.work(workers, stop, jobs)


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
        settings = read(Settings)
        directory = settings.directory(code)
        found = read_list(file.read_text(encoding="utf-8-sig").splitlines(), code)
        with _engine(code, settings) as engine, engine.begin() as tx:
            institutions.load(tx, found)
            _queue(tx, code, directory, again=False)
    typer.echo(f"已导入定点医药机构 {len(found)} 家")


@app.command()
def publish(
    area: OneArea,
    directory: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="经办机构和统筹区（TOML）")
    ] = None,
) -> None:
    """向枢纽公布本地定点医药机构、经办机构和统筹区；由运行中的 work 或网关发出。"""
    code = AreaCode(area)
    with said_plainly(TROUBLES):
        settings = read(Settings)
        if directory is not None:
            settings = settings.model_copy(update={"treatment_directory": directory})
        offices = settings.directory(code)
        with _engine(code, settings) as engine, engine.begin() as tx:
            said = _queue(tx, code, offices, again=True)
    typer.echo(f"待发公布 {said} 条")


def _queue(tx: Connection, area: AreaCode, directory: Directory | None, *, again: bool) -> int:
    """Leave it in the outbox: whoever sweeps it, the worker or the gateway, sends it soon."""
    writing = Writing(tx, SystemClock().now())
    outgoing = publishing.publish(tx, area, writing.now, directory=directory, again=again)
    writing.say(outgoing)
    return len(outgoing)


@contextmanager
def _engine(area: AreaCode, settings: Settings, *, keeps_plans: bool = False) -> Iterator[Engine]:
    url, name, pool_max = settings.database_url_of(area), _name(area), settings.treatment_pool_max
    with database.opened(url, name=name, pool_max=pool_max, keeps_plans=keeps_plans) as engine:
        yield engine
