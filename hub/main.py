"""The hub's programs: worker, jobs, API, and what an operator does by hand."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy import Engine

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.clock import Clock, SystemClock, shanghai_date_of
from contracts.codes import AreaCode, areas
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor, Subscription
from contracts.delivery.transport import Transport
from contracts.programs import loops, memory
from contracts.programs.broker import KafkaPasswords, administering, connected
from contracts.programs.ending import LoopDied, Trouble, close, said_plainly, told_to_stop
from contracts.programs.logs import log_to_stderr
from contracts.programs.serving import serve
from contracts.programs.settings import read
from hub import jobs as hub_jobs
from hub import operator_commands, running_jobs
from hub.connections import opened_engine, transaction
from hub.domain.clearing_terms import use_terms
from hub.processors import COMPARING_GROUP, COMPARISONS, GROUP, subscriptions, topics_read
from hub.services import days, participants
from hub.settings import Settings
from hub.store import db

if TYPE_CHECKING:
    from fastapi import FastAPI

app = typer.Typer(no_args_is_help=True, help="清算枢纽：受理、路由、记账、对账、清算。")


def worker(engine: Engine, transport: Transport, clock: Clock, settings: Settings) -> Processor:
    """One member of the consumer group 'hub'. Who runs it closes its broker, outbox and engine."""
    outbox = outbox_of("hub.work", engine, transport, clock, settings)
    return _reading(GROUP, subscriptions(settings.answer_within()), outbox, transport, settings)


def comparer(engine: Engine, transport: Transport, clock: Clock, settings: Settings) -> Processor:
    """One member of the group 'hub.comparison', beside the worker; it is closed as that one is."""
    outbox = outbox_of("hub.comparison", engine, transport, clock, settings)
    return _reading(COMPARING_GROUP, COMPARISONS, outbox, transport, settings)


def _reading(
    group: str,
    table: tuple[Subscription, ...],
    outbox: Outbox,
    transport: Transport,
    settings: Settings,
) -> Processor:
    limits = settings.limits()
    broker = transport.reader(group, topics_read(table), batch_max=limits.batch_max)
    return Processor(broker, outbox, table, limits)


def run_jobs(
    engine: Engine,
    transport: Transport,
    clock: Clock,
    settings: Settings,
    *,
    stop: threading.Event,
) -> int:
    """Run every job until `stop`; 0, or 1 when one of them could not go on."""
    outbox = outbox_of("hub.jobs", engine, transport, clock, settings)
    try:
        return running_jobs.run(hub_jobs.jobs(settings), outbox, settings.limits(), stop)
    finally:
        close(outbox.close)


@contextmanager
def served(
    engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Iterator["FastAPI"]:
    """The HTTP application for the length of a `with` block, its outbox tended meanwhile."""
    from hub.api.app import create_app

    outbox = outbox_of("hub.api", engine, transport, clock, settings)
    with loops.tended(outbox):
        yield create_app(engine, outbox, clock, settings)


def outbox_of(
    name: str, engine: Engine, transport: Transport, clock: Clock, settings: Settings
) -> Outbox:
    return Outbox(engine, transport.sender(name), clock, settings.outbox_limits())


@app.command()
def work() -> None:
    """处理各地区发来的消息，直到收到停止信号。"""
    log_to_stderr()
    with said_plainly():
        settings, clock, stop = _settings(), SystemClock(), told_to_stop()
        with (
            opened_engine("hub.work", settings, keeps_plans=True) as engine,
            opened_engine("hub.comparison", settings) as comparing,
        ):
            transport = connected(settings.bootstrap())
            workers = {
                "hub.work": worker(engine, transport, clock, settings),
                "hub.comparison": comparer(comparing, transport, clock, settings),
            }
            memory.settled()
            loops.work(workers, stop)


@app.command()
def jobs() -> None:
    """定时任务：超时作废、日终、对账，直到收到停止信号。"""
    log_to_stderr()
    with said_plainly():
        settings, stop = _settings(), told_to_stop()
        with opened_engine("hub.jobs", settings) as engine:
            transport = connected(settings.bootstrap())
            memory.settled()
            if (
                run_jobs(engine, transport, SystemClock(), settings, stop=stop)
                != running_jobs.STOPPED
            ):
                raise LoopDied("hub.jobs")


@app.command()
def api() -> None:
    """枢纽接口：备案、结算查询、日终、对账、清算。"""
    log_to_stderr()
    with said_plainly():
        settings, stop = _settings(), told_to_stop()
        with opened_engine("hub.api", settings) as engine:
            transport = connected(settings.bootstrap())
            with served(engine, transport, SystemClock(), settings) as application:
                memory.settled()
                serve(application, settings.hub_api_host, settings.hub_api_port, stop)


@app.command()
def migrate() -> None:
    """建立或升级数据库结构；可重复执行。"""
    with said_plainly():
        db.migrate(read(Settings).database_url())


@app.command()
def topics(
    area: Annotated[list[str] | None, typer.Option(help="地区，可重复；缺省为全部")] = None,
    replication: Annotated[int, typer.Option(min=1, max=9, help="副本数")] = 1,
) -> None:
    """建立缺少的主题；已有的不变，可重复执行。"""
    from contracts.topics import all_topics

    with said_plainly():
        wanted = all_topics([AreaCode(code) for code in area] if area else areas())
        transport = administering(read(Settings).bootstrap())
        created = transport.create_topics(wanted, replication)
    typer.echo(f"共 {len(wanted)} 个主题，新建 {len(created)} 个")


@app.command()
def rights() -> None:
    """按 YIDI_KAFKA_PASSWORDS 设置 Kafka 的用户口令和主题权限，收回多余的权限；可重复执行。"""
    from contracts.delivery.kafka_rights import UnknownUser
    from contracts.delivery.kafka_users import KafkaRefused

    own: tuple[Trouble, ...] = (
        (KafkaRefused, lambda error: f"Kafka 未接受用户或权限：{error}"),
        (UnknownUser, lambda error: f"YIDI_KAFKA_PASSWORDS 中没有这个参与方：{error}"),
    )
    with said_plainly(own):
        passwords = read(KafkaPasswords).by_user()
        new, gone = administering(read(Settings).bootstrap()).give_rights(passwords)
    typer.echo(f"共 {len(passwords)} 个用户；新增权限 {new} 项，收回 {gone} 项")


@app.command(name="open")
def open_hub(
    area: Annotated[list[str] | None, typer.Option(help="接入的地区，可重复；缺省为全部")] = None,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="首个结算日；缺省为今天")
    ] = None,
) -> None:
    """接入地区，并开启首个结算日；可重复执行。"""
    now = SystemClock().now()
    connected = [AreaCode(code) for code in area] if area else list(areas())
    with said_plainly(), transaction() as tx:
        rows = participants.connect(tx, connected)
        opened = days.open_first(tx, _first_day(day, now), now)
    typer.echo(f"已接入 {len(rows)} 个地区；当前结算日 {opened}")


@app.command()
def token(
    subject: Annotated[str, typer.Option(help="持有人，如 操作员工号")],
    role: Annotated[AccessRole, typer.Option(help="角色")],
    area: Annotated[str | None, typer.Option(help="地区；枢纽自己的人员不填")] = None,
    valid_days: Annotated[int, typer.Option(min=1, max=3_650, help="有效天数")] = 90,
) -> None:
    """发放访问凭证；只显示这一次。"""
    if area is not None and area not in areas():
        raise typer.BadParameter(f"没有这个地区：{area}")
    if role in {AccessRole.PERSON, AccessRole.INSTITUTION}:
        raise typer.BadParameter("个人凭证由个人会话接口发放，医药机构凭证由网关发放")
    principal = Principal(subject, role, AreaCode(area) if area else None)
    now, valid_for = SystemClock().now(), timedelta(days=valid_days)
    with said_plainly(), transaction() as tx:
        issued = access.issue(tx, principal, valid_for=valid_for, now=now)
    typer.echo(issued)


def _first_day(day: datetime | None, now: datetime) -> date:
    return day.date() if day is not None else shanghai_date_of(now)


def _settings() -> Settings:
    """What a program that lives by dates goes by, its terms of clearing among it."""
    settings = read(Settings)
    use_terms(settings.clearing_terms())
    return settings


for name, command in operator_commands.COMMANDS.items():
    app.command(name=name)(command)
