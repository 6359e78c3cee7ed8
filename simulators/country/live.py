"""The country as in production: real Kafka, processes, the areas of a role a thread each."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from contracts.clock import SystemClock
from contracts.codes import AreaCode
from simulators.country.filling import fill
from simulators.country.world import CountryWorld
from simulators.running.any_rate import any_rate
from simulators.running.deployment import deployed
from simulators.running.parts import ENDS_WITHIN_S, Parts, started
from simulators.stack.folders import run_folder
from simulators.stack.processes import free_ports
from simulators.stack.servers import Servers
from simulators.world.country import Country
from simulators.world.places import places
from simulators.world.policies import write_area_files

Tell = Callable[[str], None]

# Sixty-four readers that look five times a second would take half a core from who has work.
UNHURRIED = {
    "YIDI_INSURED_WAIT_MS": "1000",
    "YIDI_TREATMENT_WAIT_MS": "1000",
    "YIDI_TREATMENT_REMIND_EVERY_MS": "1000",
    "YIDI_INSURED_SLICE_EVERY_S": "30",
    "YIDI_TREATMENT_SLICE_EVERY_S": "30",
    "YIDI_INSURED_POOL_MAX": "2",
    "YIDI_TREATMENT_POOL_MAX": "3",
    "YIDI_HUB_CANARY_EVERY_S": "0",
}


@contextmanager
def live_country(
    given: Servers, country: Country, tell: Tell
) -> Iterator[tuple[CountryWorld, Parts]]:
    """All 32 areas are coming up, people loaded, nobody registered; all ends with the block."""
    areas: tuple[AreaCode, ...] = tuple(places())
    with deployed(given, areas) as deployment, run_folder("country") as folder:
        tell(f"{len(areas) * 2 + 1} 个数据库已克隆 databases cloned")
        tokens = fill(deployment, country, SystemClock().now())
        tell(f"{len(country.people)} 名参保人已导入 people loaded")
        hub_port, gateway_port = free_ports(2)
        named = [part for area in areas for part in ("--area", area)]
        environment = deployment.environment() | UNHURRIED
        environment["YIDI_INSURED_AREA_FILE"] = write_area_files(folder)
        with started(folder, environment) as parts:
            parts.start("hub-work", ["hub", "work"])
            parts.start("insured-work", ["insured", "work", *named])
            parts.start("treatment-work", ["treatment", "work", *named])
            serve = ["gateway", "serve", *named, "--port", str(gateway_port)]
            parts.start("gateway", serve, YIDI_GATEWAY_FAIR_USE_FILE=str(any_rate(folder)))
            parts.start("hub-jobs", ["hub", "jobs"])
            parts.start("hub-api", ["hub", "api"], YIDI_HUB_API_PORT=str(hub_port))
            world = CountryWorld(
                country=country,
                deployment=deployment,
                tokens=tokens,
                hub_api=f"http://127.0.0.1:{hub_port}",
                gateway=f"http://127.0.0.1:{gateway_port}",
                check=parts.check,
            )
            try:
                yield world, parts
            finally:
                stop_together(parts)


def wait_for_doors(world: CountryWorld, parts: Parts) -> None:
    """Return when hospitals are let in; PartFailed when a part ends or takes too long."""
    parts.wait_until_healthy("gateway", f"{world.gateway}/docs")


def stop_together(parts: Parts) -> None:
    """All at once: each has much to close. What has ended already is left alone.

    What is under way then is thrown away with the world, or is at rest and stays in the databases.
    """
    with ThreadPoolExecutor(max(len(parts.children), 1)) as pool:
        list(pool.map(lambda child: child.stop(ENDS_WITHIN_S), parts.children.values()))
