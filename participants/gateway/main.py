"""The gateway's program: serve hospitals, and give them tokens."""

import base64
import binascii
import ipaddress
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Annotated

import typer
import uvicorn

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.clock import Clock, SystemClock
from contracts.codes import AreaCode, areas
from contracts.delivery.engine import engine_of
from contracts.delivery.outbox import Outbox
from contracts.delivery.transport import KafkaTransport, Transport
from contracts.sealing import Sealer
from participants.gateway.app import create_app
from participants.gateway.door import Door
from participants.gateway.settings import GatewaySettings
from participants.treatment.settings import NotSet, Settings
from participants.treatment.store.listening import Listener

app = typer.Typer(no_args_is_help=True, help="定点医药机构接入网关。")

POOL_MAX = 4  # the counter, the sweeper, the doorkeeper, and one to spare


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
    engine = engine_of(url, name=name, pool_max=POOL_MAX)
    return Door(
        terms=settings.terms(area),
        outbox=Outbox(engine, transport.sender(name), clock, settings.outbox_limits()),
        listener=Listener(url),
        catalogue=settings.catalogue(),
        sealer=sealer,
        person_key=person_key,
    )


def secrets() -> tuple[Sealer, bytes]:
    """The sealing keys and the person token key from the environment; NotSet or ValueError."""
    return Sealer.from_text(_secret("YIDI_SEALING_KEYS")), person_key_of(
        _secret("YIDI_PERSON_TOKEN_KEY")
    )


def person_key_of(text: str) -> bytes:
    """The key behind its base64; ValueError when it is none, or shorter than 16 bytes."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("YIDI_PERSON_TOKEN_KEY is not base64") from error
    if len(key) < 16:
        raise ValueError("YIDI_PERSON_TOKEN_KEY has fewer than 16 bytes")
    return key


@app.command()
def serve(
    area: Annotated[list[str], typer.Option(help="就医地，可重复，如 310000")],
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535)] = 8_100,
) -> None:
    """接收医药机构的请求。未要求凭证时只在本机监听。"""
    codes = [_area(text) for text in dict.fromkeys(area)]
    with _said_plainly(), ExitStack() as stack:
        settings, gateway_settings, clock = Settings(), GatewaySettings(), SystemClock()
        if not (is_loopback(host) or gateway_settings.bearer_required):
            raise _failed("在本机以外监听须设置 YIDI_GATEWAY_BEARER_REQUIRED=true")
        sealer, person_key = secrets()
        transport = KafkaTransport(settings.bootstrap())
        doors = {}
        for code in codes:
            door = door_of(code, settings, transport, clock, sealer=sealer, person_key=person_key)
            stack.callback(door.outbox.engine.dispose)
            stack.callback(door.outbox.close)
            doors[code] = door
        application = create_app(doors, gateway_settings, clock)
        uvicorn.run(application, host=host, port=port, access_log=False, log_level="warning")


@app.command()
def token(
    area: Annotated[str, typer.Option(help="就医地，如 310000")],
    institution: Annotated[str, typer.Option(help="定点医药机构编号")],
    days: Annotated[int, typer.Option(min=1, max=3_650, help="有效天数")] = 90,
) -> None:
    """发放医药机构接口凭证；只显示这一次。"""
    code = _area(area)
    with _said_plainly():
        principal = Principal(institution, AccessRole.INSTITUTION, code)
        engine = engine_of(Settings().database_url_of(code), name=f"gateway.{code}")
        with engine.begin() as tx:
            valid_for, now = timedelta(days=days), SystemClock().now()
            typer.echo(access.issue(tx, principal, valid_for=valid_for, now=now))
        engine.dispose()


def is_loopback(host: str) -> bool:
    """Whether nobody outside this machine reaches an address; a name but localhost is not."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _area(text: str) -> AreaCode:
    if text not in areas():
        raise typer.BadParameter(f"没有这个就医地：{text}")
    return AreaCode(text)


def _secret(name: str) -> str:
    text = os.environ.get(name)
    if not text:
        raise NotSet(name)
    return text


@contextmanager
def _said_plainly() -> Iterator[None]:
    """What an operator can mend is said in a line, and without a traceback."""
    try:
        yield
    except NotSet as error:
        raise _failed(f"未设置环境变量 {error}") from error
    except ValueError as error:
        # The type and our own sentence only: a library's text may quote a secret.
        raise _failed(f"设置有误：{type(error).__name__}") from error


def _failed(text: str) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(1)
