"""The treatment area's programs: worker, migration, its list of institutions, tokens."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

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
from participants.treatment import jobs
from participants.treatment.domain.institution import ListUnsound, read_list
from participants.treatment.processors import subscriptions
from participants.treatment.services import institutions
from participants.treatment.settings import NotSet, Settings
from participants.treatment.store import db

app = typer.Typer(no_args_is_help=True, help="就医地：医药机构、就诊与结算。")


def worker(
    area: AreaCode, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Processor:
    """The loop of one area, which is a consumer group of its own name."""
    name, limits = topics.participant(Role.TREATMENT, area), settings.limits()
    read = [topics.treatment_answers(area), topics.notices(Role.TREATMENT, area)]
    return Processor(
        broker=transport.reader(name, read, batch_max=limits.batch_max),
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
    codes = [AreaCode(_area(text)) for text in dict.fromkeys(area)]
    with _said_plainly():
        settings, clock = Settings(), SystemClock()
        transport = KafkaTransport(settings.bootstrap())
        stop = _told_to_stop()
        engines = {code: _engine(code, settings) for code in codes}
        workers = {
            topics.participant(Role.TREATMENT, code): worker(
                code, engine, transport, clock, settings
            )
            for code, engine in engines.items()
        }
        with beating([one.progress for one in workers.values()], clock):
            ended = jobs.run(workers, stop)
        raise typer.Exit(ended)


@app.command()
def migrate(area: OneArea) -> None:
    """建立或升级数据库结构；可重复执行。"""
    with _said_plainly():
        db.migrate(Settings().database_url_of(AreaCode(area)))


@app.command()
def load_institutions(
    area: OneArea, file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
) -> None:
    """导入定点医药机构（UTF-8 CSV）；有一行不对就全部不导入，可重复导入。"""
    code = AreaCode(area)
    with _said_plainly():
        found = read_list(file.read_text(encoding="utf-8-sig").splitlines(), code)
        with _engine(code, Settings()).begin() as tx:
            institutions.load(tx, found)
    typer.echo(f"已导入定点医药机构 {len(found)} 家")


@app.command()
def token(
    area: OneArea,
    subject: Annotated[str, typer.Option(help="持有人，如 定点医药机构编号")],
    days: Annotated[int, typer.Option(min=1, max=3_650, help="有效天数")] = 90,
) -> None:
    """发放接口凭证；只显示这一次。"""
    code = AreaCode(area)
    with _said_plainly():
        principal = Principal(subject, AccessRole.TREATMENT_AGENCY, code)
        with _engine(code, Settings()).begin() as tx:
            valid_for, now = timedelta(days=days), SystemClock().now()
            typer.echo(access.issue(tx, principal, valid_for=valid_for, now=now))


def _engine(area: AreaCode, settings: Settings) -> Engine:
    name = topics.participant(Role.TREATMENT, area)
    return engine_of(
        settings.database_url_of(area), name=name, pool_max=settings.treatment_pool_max
    )


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
        raise _failed(f"环境变量有误：{names}") from error
    except UnicodeDecodeError as error:
        raise _failed("文件未导入：不是 UTF-8 文本") from error
    except ListUnsound as error:
        raise _failed("\n".join(["文件未导入：", *error.faults])) from error


def _failed(text: str) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(1)
