"""The insured area's programs: worker, desk, migration, taking over people, tokens."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from sqlalchemy import Engine

from contracts import access, topics
from contracts.access import AccessRole, Principal
from contracts.clock import Clock, SystemClock
from contracts.codes import AreaCode, Role, areas
from contracts.delivery.engine import engine_of
from contracts.delivery.heartbeat import beating
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor
from contracts.delivery.transport import KafkaTransport, Transport
from contracts.sealing import Sealer
from participants.insured import area_file, jobs
from participants.insured.area_file import AreaFileWrong
from participants.insured.domain.person_file import PeopleFileWrong
from participants.insured.processors import subscriptions
from participants.insured.services import people
from participants.insured.settings import NotSet, Secrets, Settings
from participants.insured.store import db

if TYPE_CHECKING:
    from fastapi import FastAPI

LOG_LINE = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"

app = typer.Typer(no_args_is_help=True, help="参保地：待遇计算、备案审核、参保人员。")


def worker(
    area: AreaCode, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Processor:
    """The loop of one area, which is a consumer group of its own name."""
    rules = area_file.load(area, settings.area_file_of(area))
    limits = settings.limits()
    read = [topics.insured_work(area), topics.notices(Role.INSURED, area)]
    return Processor(
        broker=transport.reader(rules.name, read, batch_max=limits.batch_max),
        outbox=_outbox(rules.name, engine, transport, clock, settings),
        subscriptions=subscriptions(rules),
        limits=limits,
    )


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
    return app_of(rules, outbox, sealer)


def _outbox(
    name: str, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Outbox:
    return Outbox(engine, transport.sender(name), clock, settings.outbox_limits())


def _area(text: str) -> str:
    if text not in areas():
        raise typer.BadParameter(f"没有这个参保地：{text}")
    return text


OneArea = Annotated[str, typer.Option("--area", callback=_area, help="参保地，如 340000")]


@app.command()
def work(
    area: Annotated[list[str], typer.Option(help="参保地，可重复；每个一个线程")],
) -> None:
    """处理枢纽发来的消息，直到收到停止信号；任一参保地失败则整个进程以非零退出。"""
    logging.basicConfig(level=logging.INFO, format=LOG_LINE)
    logging.getLogger("kafka").setLevel(logging.WARNING)
    codes = [AreaCode(_area(text)) for text in dict.fromkeys(area)]
    with _said_plainly():
        settings, clock = Settings(), SystemClock()
        transport = KafkaTransport(settings.bootstrap())
        stop = _told_to_stop()
        engines = {code: _engine(code, settings) for code in codes}
        workers = {
            topics.participant(Role.INSURED, code): worker(code, engine, transport, clock, settings)
            for code, engine in engines.items()
        }
        with beating([one.progress for one in workers.values()], clock):
            ended = jobs.run(workers, stop)
        raise typer.Exit(ended)


@app.command()
def api(area: OneArea) -> None:
    """经办窗口接口：备案审核、待遇计算过程。"""
    import uvicorn

    with _said_plainly():
        settings, code = Settings(), AreaCode(area)
        transport = KafkaTransport(settings.bootstrap())
        engine, sealer = _engine(code, settings), Secrets().sealer()
        served = desk(code, engine, transport, SystemClock(), settings, sealer=sealer)
        # uvicorn shuts down at a signal and then raises it again: by then all is done.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        uvicorn.run(
            served,
            host=settings.insured_api_host,
            port=settings.insured_api_port,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )


@app.command()
def migrate(area: OneArea) -> None:
    """建立或升级数据库结构；可重复执行。"""
    with _said_plainly():
        db.migrate(Settings().database_url_of(AreaCode(area)))


@app.command()
def load_people(
    area: OneArea, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
) -> None:
    """导入参保人员（UTF-8 CSV）；有一行不对就全部不导入，重复导入不改变任何数据。"""
    code = AreaCode(area)
    with _said_plainly():
        rows, secrets = people.read(code, file), Secrets()
        with _engine(code, Settings()).begin() as tx:
            loaded = people.load(tx, rows, secrets.sealer(), secrets.token_key())
    typer.echo(
        f"共 {loaded.rows} 行；新增或变更：人员 {loaded.people_written}，"
        f"参保 {loaded.insurances_written}"
    )


@app.command()
def token(
    area: OneArea,
    subject: Annotated[str, typer.Option(help="持有人，如 经办员工号")],
    days: Annotated[int, typer.Option(min=1, max=3_650, help="有效天数")] = 90,
) -> None:
    """发放经办凭证；只显示这一次。"""
    code = AreaCode(area)
    with _said_plainly():
        principal = Principal(subject, AccessRole.INSURED_AGENCY, code)
        with _engine(code, Settings()).begin() as tx:
            valid_for, now = timedelta(days=days), SystemClock().now()
            typer.echo(access.issue(tx, principal, valid_for=valid_for, now=now))


def _engine(area: AreaCode, settings: Settings) -> Engine:
    name = topics.participant(Role.INSURED, area)
    return engine_of(settings.database_url_of(area), name=name, pool_max=settings.insured_pool_max)


def _told_to_stop() -> threading.Event:
    """Set by SIGTERM or Ctrl-C; the loops end after the batch they are at."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@contextmanager
def _said_plainly() -> Iterator[None]:
    """What an operator can mend is said in a line, and without a traceback."""
    try:
        yield
    except NotSet as error:
        raise _failed(f"未设置环境变量 {error}") from error
    except ValidationError as error:
        wrong = [".".join(map(str, fault["loc"])) for fault in error.errors()]
        names = "、".join(f"YIDI_{name.upper()}" for name in wrong)
        raise _failed(f"环境变量未设置或有误：{names}") from error
    except AreaFileWrong as error:
        raise _failed(f"参保地规则文件有误：{error}") from error
    except PeopleFileWrong as error:
        lines = [f"第 {fault.line} 行：{fault.reason}" for fault in error.faults]
        raise _failed("\n".join(["文件未导入：", *lines])) from error


def _failed(text: str) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(1)
