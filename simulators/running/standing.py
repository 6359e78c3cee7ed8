"""`yidi up`: a world that stays up until it is told to end."""

import signal
import threading

import typer

from simulators.demo.plot import load_plot
from simulators.running.embedded import embedded_world
from simulators.running.separate import separate_world
from simulators.running.world import DESK_AREA
from simulators.stack.servers import servers

LOOK_EVERY_S = 1.0


def stand(*, kafka: bool) -> None:
    """Start everything, say where it is, and keep it until SIGINT or SIGTERM."""
    stop = threading.Event()
    world_of = separate_world if kafka else embedded_world
    with servers(kafka=kafka) as given, world_of(given, load_plot().areas) as world:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        typer.echo(f"{given.database} · {given.broker}")
        for what, address in world.addresses().items():
            typer.echo(f"{what}: {address}")
        typer.echo(f"操作员凭证 operator's token: {world.tokens.operator}")
        typer.echo("经办凭证 agencies' tokens at the hub: ")
        for area, token in world.tokens.agencies.items():
            typer.echo(f"  {area}: {token}")
        typer.echo(f"窗口凭证 desk's token: {world.tokens.desks[DESK_AREA]}")
        typer.echo("按 Ctrl-C 结束。 Ctrl-C ends it.")
        while not stop.wait(LOOK_EVERY_S):
            world.check()
        typer.echo("正在停止… stopping …")
