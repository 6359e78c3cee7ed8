"""`yidi up --country`: the 32 areas live over real Kafka, until told to end; then the truths."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from random import Random

import httpx
import typer
from rich.console import Console
from rich.live import Live

from contracts.clock import SystemClock, shanghai_date_of
from simulators.country import registering
from simulators.country.growth import AT_ONCE, Growth
from simulators.country.live import live_country, wait_for_doors
from simulators.country.reckoning import Reckoning, Verdict, sides_of
from simulators.country.screen import Screen
from simulators.country.street import Street
from simulators.country.traffic import AT_ONCE_MAX, Traffic
from simulators.country.world import CountryWorld
from simulators.running.parts import Parts
from simulators.stack.servers import Servers, servers
from simulators.world.country import draw_country, inhabited

PEOPLE, FIRST = 3_000, AT_ONCE
"""How many people live in the country; and so many register first, for the first patients."""
LOOK_EVERY_S = 1.0
LINE_EVERY_S = 5.0

Tell = Callable[[str], None]


def run(rate: float, seed: int) -> Verdict:
    """Start the country, and keep it busy with `rate` visits a second until Ctrl-C.

    Then every truth is asked of what happened; a second Ctrl-C does not wait for the answer.
    """
    began, stop, hurried = time.perf_counter(), threading.Event(), threading.Event()

    def tell(said: str) -> None:
        typer.echo(f"{time.perf_counter() - began:5.1f} s  {said}")

    clock = SystemClock()
    country = draw_country(seed, 1, PEOPLE, shanghai_date_of(clock.now()))
    # What is thrown away at the end need not survive a power cut: that halves the start.
    with servers(kafka=True, durable=False, tell=tell) as given:
        tell(f"{given.database} · {given.broker}")
        with (
            _client() as http,
            live_country(given, country, tell) as (world, parts),
            sides_of(world.deployment) as sides,
            _told_to_stop(stop, hurried),
            _busy(Street(world, http, clock), parts, rate, tell) as (growth, screen),
        ):
            _watch(growth, screen, stop, tell)
            typer.echo(f"正在停止… stopping … {screen.line()}")
            typer.echo("再按一次 Ctrl-C 则不核对 Ctrl-C again skips the check of the promises")
            growth.stop()
            growth.traffic.close()
            reckoning = Reckoning(sides, growth.traffic, parts, clock, hurried, tell)
            verdict = reckoning.reckon()
    _said_at_the_end(given, screen)
    return verdict


@contextmanager
def _told_to_stop(stop: threading.Event, hurried: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set `stop`, and then `hurried`; until here they interrupt the start."""

    def told(*_: object) -> None:
        (hurried if stop.is_set() else stop).set()

    before = {n: signal.signal(n, told) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _busy(street: Street, parts: Parts, rate: float, tell: Tell) -> Iterator[tuple[Growth, Screen]]:
    """The first people are registered, and the first of them on their way to a hospital."""
    world, country = street.world, street.world.country
    random = Random(country.seed)
    everybody = random.sample(country.people, len(country.people))
    with ExitStack() as stack:
        hub = world.deployment.hub_engine("screen")
        stack.callback(hub.dispose)
        transport = world.deployment.transport()
        registering.file_all(world.deployment, transport, street.clock, everybody[:FIRST])
        tell(f"{FIRST} 人申请备案 registrations filed")
        wait_for_doors(world, parts)
        tell("各部分已启动 all parts are up")
        registering.wait_until(hub, FIRST, world.check)
        tell(f"{FIRST} 人备案生效 registrations in force")
        early = inhabited(country.seed, country.scale, everybody[:FIRST])
        traffic = Traffic(street, early, rate, random)
        traffic.start()
        stack.callback(traffic.stop)
        growth = Growth(world, hub, everybody, traffic)
        stack.callback(growth.stop)
        yield growth, Screen(street.tally, traffic, hub)


def _client() -> httpx.Client:
    """It outlives the gateway, so that who still waits there is told by its end."""
    limits = httpx.Limits(max_connections=AT_ONCE_MAX, max_keepalive_connections=AT_ONCE_MAX)
    return httpx.Client(timeout=30.0, limits=limits)


def _watch(growth: Growth, screen: Screen, stop: threading.Event, tell: Tell) -> None:
    console, world = Console(), growth.world
    _wait_for_the_first(world, screen, stop, tell)
    tell(f"枢纽接口 hub API {world.hub_api} · 医院网关 gateway {world.gateway}")
    tell(f"操作员凭证 operator's token {world.tokens.operator}")
    growth.start()
    tell(f"每秒 {growth.traffic.rate:g} 人次 visits a second；按 Ctrl-C 结束。 Ctrl-C ends it.")
    live = Live(console=console, auto_refresh=False, screen=False)
    said_s = 0.0
    with live if console.is_terminal else ExitStack():
        while not stop.wait(LOOK_EVERY_S):
            world.check()
            now_s = time.perf_counter()
            screen.look(now_s)
            if console.is_terminal:
                live.update(screen.drawn(), refresh=True)
            elif now_s - said_s >= LINE_EVERY_S:
                said_s = now_s
                tell(screen.line())


def _wait_for_the_first(
    world: CountryWorld, screen: Screen, stop: threading.Event, tell: Tell
) -> None:
    while not screen.tally.settled and not stop.wait(0.05):
        world.check()
    if screen.tally.settled:
        tell("第一笔结算 the first settlement")


def _said_at_the_end(given: Servers, screen: Screen) -> None:
    tally = screen.tally
    typer.echo(
        f"已停止 stopped: {tally.settled} 笔已结算 settled, {tally.undone} 笔已撤销 undone, "
        f"{sum(tally.refused.values())} 笔被拒绝 refused, {tally.unknown} 笔结果未知 unknown, "
        f"{screen.traffic.turned_away} 人次排不上队 turned away, "
        f"{len(tally.unexpected)} 次意外 unexpected. {given.broker}"
    )
    for said in dict.fromkeys(tally.unexpected[:5]):
        typer.echo(f"  {said}")
