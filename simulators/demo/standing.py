"""`yidi up`: a world that stays up until it is told to end, with people who may be treated."""

import json
import signal
import threading
from random import Random
from typing import Any

import httpx
import typer

from contracts.clock import SystemClock
from simulators.demo.narrator import Narrator
from simulators.demo.plot import load_plot
from simulators.demo.registering import register
from simulators.demo.stage import Stage
from simulators.running.embedded import embedded_world
from simulators.running.separate import separate_world
from simulators.running.world import DESK_AREA, World
from simulators.stack.folders import run_folder
from simulators.stack.servers import servers
from simulators.world.population import Resident

LOOK_EVERY_S = 1.0
CANARY_EVERY_S = 10


def stand(*, kafka: bool) -> None:
    """Start everything, register the story's people, say where all is, and keep it until told."""
    world_of = separate_world if kafka else embedded_world
    with (
        servers(kafka=kafka) as given,
        world_of(given, load_plot().areas, canary_every_s=CANARY_EVERY_S) as world,
        httpx.Client(timeout=30.0) as http,
        run_folder("up") as folder,
    ):
        stage = Stage(
            world=world,
            plot=load_plot(),
            narrator=Narrator(aloud=False),
            http=http,
            random=Random(0),
            clock=SystemClock(),
            visits=0,
        )
        register(stage)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):  # until here they interrupt the start
            signal.signal(number, lambda *_: stop.set())
        typer.echo(f"{given.database} · {given.broker}")
        given_file = folder / "his.json"
        given_file.write_text(
            json.dumps(for_a_hospital(world, stage.plot.teacher), ensure_ascii=False), "utf-8"
        )
        typer.echo(
            f"接入联调 a hospital's client: python examples/his_client.py --with {given_file}"
        )
        typer.echo(f"　--auth {' | '.join(world.tokens.hospitals)}")
        _tell(world, stage)
        while not stop.wait(LOOK_EVERY_S):
            world.check()
        typer.echo("正在停止… stopping …")


def for_a_hospital(world: World, person: Resident) -> dict[str, Any]:
    """What a hospital's system is told before its first call: where, who as, and of whom."""
    return {
        "gateway": world.gateway,
        "hospitals": dict(world.tokens.hospitals),
        "person": {
            "psn_name": person.name,
            "psn_cert_type": person.certificate_kind,
            "certno": person.certificate_number,
            "insuplc_admdvs": person.division,
        },
    }


def _tell(world: World, stage: Stage) -> None:
    for what, address in world.addresses().items():
        typer.echo(f"{what}: {address}")
    typer.echo(f"操作员凭证 operator's token: {world.tokens.operator}")
    for area, token in world.tokens.agencies.items():
        typer.echo(f"经办凭证 agency's token at the hub, {area}: {token}")
    typer.echo(f"窗口凭证 desk's token, {DESK_AREA}: {world.tokens.desks[DESK_AREA]}")
    hospital = stage.at(stage.plot.teacher_hospital)
    content = hospital.identification(stage.plot.teacher)
    request = json.dumps(hospital.request("1101", content, stage.plot.teacher), ensure_ascii=False)
    where = world.addresses()["医院网关 gateway"]
    typer.echo(f"试一试 try: curl -s {where} -d '{request}'")
    typer.echo("按 Ctrl-C 结束。 Ctrl-C ends it.")
