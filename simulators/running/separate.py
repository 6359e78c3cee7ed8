"""The world as in production: every part a process of its own, over real Kafka."""

from collections.abc import Iterator
from contextlib import contextmanager

from contracts.clock import SystemClock
from contracts.codes import AreaCode
from simulators.running.deployment import deployed
from simulators.running.parts import started
from simulators.running.seeding import seed
from simulators.running.world import DESK_AREA, World
from simulators.stack.folders import run_folder
from simulators.stack.processes import free_ports
from simulators.stack.servers import Servers


@contextmanager
def separate_world(
    servers: Servers, areas: tuple[AreaCode, ...], *, canary_every_s: int = 0
) -> Iterator[World]:
    """One process a part; the areas of a role share one, a thread each. All end with the block."""
    with deployed(servers, areas) as deployment, run_folder("parts") as folder:
        tokens = seed(deployment, SystemClock().now())
        hub_port, desk_port, gateway_port = free_ports(3)
        named = [part for area in areas for part in ("--area", area)]
        environment = deployment.environment() | {
            "YIDI_ASK_EVERY_S": "1",
            "YIDI_HUB_CANARY_EVERY_S": str(canary_every_s),
        }
        with started(folder, environment) as parts:
            parts.start("hub-work", ["hub", "work"])
            parts.start("hub-jobs", ["hub", "jobs"])
            parts.start("hub-api", ["hub", "api"], YIDI_HUB_API_PORT=str(hub_port))
            insured = parts.start("insured-work", ["insured", "work", *named])
            parts.start("treatment-work", ["treatment", "work", *named])
            parts.start(
                "insured-desk",
                ["insured", "api", "--area", DESK_AREA],
                YIDI_INSURED_API_PORT=str(desk_port),
            )
            parts.start("gateway", ["gateway", "serve", *named, "--port", str(gateway_port)])
            world = World(
                deployment=deployment,
                tokens=tokens,
                hub_api=f"http://127.0.0.1:{hub_port}",
                gateway=f"http://127.0.0.1:{gateway_port}",
                desk=f"http://127.0.0.1:{desk_port}",
                pause=lambda _area: insured.pause(),
                resume=lambda _area: insured.resume(),
                check=parts.check,
            )
            parts.wait_until_healthy("hub-api", f"{world.hub_api}/health")
            parts.wait_until_healthy("insured-desk", f"{world.desk}/health")
            parts.wait_until_healthy("gateway", f"{world.gateway}/health")
            yield world
