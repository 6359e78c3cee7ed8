"""The gateway's program: serve hospitals, and give them tokens."""

import ipaddress
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.clock import Clock, SystemClock
from contracts.codes import AreaCode, Role
from contracts.delivery.engine import engine_of, transaction
from contracts.delivery.outbox import Outbox
from contracts.delivery.transport import Transport
from contracts.programs import memory
from contracts.programs.broker import connected
from contracts.programs.ending import Trouble, close, said_plainly, told_to_stop
from contracts.programs.logs import log_to_stderr
from contracts.programs.serving import serve as serve_http
from contracts.programs.settings import Secrets, read
from contracts.sealing import Sealer
from contracts.topics import participant
from participants.gateway.http import page
from participants.gateway.http.app import create_app
from participants.gateway.key_commands import area_of_option, issue_key, list_keys, revoke_key
from participants.gateway.serving.door import Door
from participants.gateway.settings import GatewaySettings
from participants.gateway.shedding import SheddingProtocol
from participants.gateway.wire.profiles_file import ProfilesUnsound, load_profiles
from participants.treatment.domain.catalogue_file import CatalogueFileWrong
from participants.treatment.settings import Settings
from participants.treatment.store.listening import Listener

app = typer.Typer(no_args_is_help=True, help="定点医药机构接入网关。")

POOL_MAX = 4  # the counter, the sweeper, the doorkeeper, and one to spare


class OpenToAll(Exception):
    """Asked to listen beyond this machine while somebody's profile asks for nothing."""


TROUBLES: tuple[Trouble, ...] = (
    (
        OpenToAll,
        lambda _: "在本机以外监听须设置 YIDI_GATEWAY_BEARER_REQUIRED=true，或配置各机构的认证方式",
    ),
    (ProfilesUnsound, lambda error: "\n".join(["机构配置有误：", *error.faults])),
    (CatalogueFileWrong, lambda error: f"目录文件有误：{error}"),
    (OSError, lambda error: f"无法读取文件：{error.filename}"),
)


def door_of(
    area: AreaCode,
    settings: Settings,
    transport: Transport,
    clock: Clock,
    *,
    sealer: Sealer,
    person_key: bytes,
) -> Door:
    """One treatment area behind the gateway. Whoever opens it closes its outbox and its engine."""
    name, url = f"gateway.{area}", settings.database_url_of(area)
    engine = engine_of(url, name=name, pool_max=POOL_MAX, keeps_plans=True)
    return Door(
        terms=settings.terms(area),
        outbox=Outbox(engine, transport.sender(name), clock, settings.outbox_limits()),
        listener=Listener(url),
        catalogue=settings.catalogue(),
        sealer=sealer,
        person_key=person_key,
        keeping=settings.keeping(),
    )


@app.command()
def serve(
    area: Annotated[list[str], typer.Option(help="就医地，可重复，如 310000")],
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535)] = 8_100,
) -> None:
    """接收医药机构的请求。有机构不需认证时只在本机监听。"""
    log_to_stderr()
    codes = [area_of_option(text) for text in dict.fromkeys(area)]
    with said_plainly(TROUBLES), ExitStack() as stack:
        settings, gateway_settings, clock = read(Settings), read(GatewaySettings), SystemClock()
        profiles = load_profiles(gateway_settings.profiles_file)
        is_open = profiles.are_open and not gateway_settings.bearer_required
        if is_open and not is_loopback(host):
            raise OpenToAll
        secrets, stop = read(Secrets), told_to_stop()
        sealer, key = secrets.sealer(), secrets.token_key()
        transport = connected(
            settings.bootstrap(), *(participant(Role.TREATMENT, code) for code in codes)
        )
        doors = {}
        for code in codes:
            door = door_of(code, settings, transport, clock, sealer=sealer, person_key=key)
            stack.callback(close, door.outbox.close, door.outbox.engine.dispose)
            doors[code] = door
        application = create_app(doors, gateway_settings, clock)
        memory.settled()
        serve_http(application, host, port, stop, SheddingProtocol)


@app.command()
def token(
    area: Annotated[str, typer.Option(help="就医地，如 310000")],
    institution: Annotated[str, typer.Option(help="定点医药机构编号")],
    days: Annotated[int, typer.Option(min=1, max=3_650, help="有效天数")] = 90,
) -> None:
    """发放医药机构接口凭证；只显示这一次。"""
    code = area_of_option(area)
    principal = Principal(institution, AccessRole.INSTITUTION, code)
    valid_for, now = timedelta(days=days), SystemClock().now()
    with said_plainly():
        url = read(Settings).database_url_of(code)
        with transaction(url, name=f"gateway.{code}") as tx:
            issued = access.issue(tx, principal, valid_for=valid_for, now=now)
    typer.echo(issued)


@app.command("page")
def write_page(
    file: Annotated[
        Path | None, typer.Argument(dir_okay=False, help="写到这个文件；不给则输出到屏幕")
    ] = None,
) -> None:
    """生成接口说明（一个HTML文件）：医药机构须实现的全部交易、字段与认证方式。"""
    if file is None:
        typer.echo(page.written())
        return
    with said_plainly(TROUBLES):
        file.write_text(page.written(), encoding="utf-8")


app.command()(issue_key)
app.command()(list_keys)
app.command()(revoke_key)


def is_loopback(host: str) -> bool:
    """Whether nobody outside this machine reaches an address; a name but localhost is not."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
