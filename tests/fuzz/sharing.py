"""How requests are shared out over doors and cores, and one core's part of them."""

import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from multiprocessing import Queue
from pathlib import Path

from tests.fuzz import api, gateway_door
from tests.fuzz.desk_door import desk_door
from tests.fuzz.hub_door import hub_door
from tests.fuzz.tally import Finding, Tally
from tests.support.databases import Databases, given_back

EACH = 30  # requests of one operation and one caller at a time
# How the requests are shared out, in percent; the doors of one list follow each other on one core.
SHARES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "the APIs": (("hub", 25), ("desk", 10)),
    "the gateway": (("gateway", 65),),
}


def _hub(databases: Databases, tally: Tally, seed: int, count: int) -> Iterator[int]:
    with hub_door(databases) as door:
        yield from api.run(door, tally, seed=seed, requests_wanted=count, each=EACH)


def _desk(databases: Databases, tally: Tally, seed: int, count: int) -> Iterator[int]:
    with desk_door(databases) as door:
        yield from api.run(door, tally, seed=seed, requests_wanted=count, each=EACH)


def _gateway(databases: Databases, tally: Tally, seed: int, count: int) -> Iterator[int]:
    with (
        tempfile.TemporaryDirectory() as folder,
        gateway_door.gateway_door(databases, Path(folder)) as door,
    ):
        yield from gateway_door.run(door, tally, seed=seed, requests_wanted=count)


DOORS: Mapping[str, Callable[[Databases, Tally, int, int], Iterator[int]]] = {
    "hub": _hub,
    "desk": _desk,
    "gateway": _gateway,
}


def work(
    said: "Queue[tuple[str, int | Tally]]", url: str, name: str, requests: int, seed: int
) -> None:
    """A core's part: its doors one after the other, told as they go."""
    logging.disable(logging.CRITICAL)  # what is refused is logged, a hundred thousand times
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # GmSSL tells of each signature
    tally = Tally()
    for door, percent in SHARES[name]:
        try:
            for news in _at(door, url, tally, seed, share_of(requests, percent)):
                said.put((name, news))
        except Exception as error:  # noqa: BLE001 - the other doors go on, and it is told
            what = f"broke off: {type(error).__name__}: {error}"
            tally.found(Finding(door, "the run", seed, what))
    said.put((name, tally))


def _at(door: str, url: str, tally: Tally, seed: int, count: int) -> Iterator[int]:
    with given_back(Databases(url, prefix=f"{door}_")) as databases:
        yield from DOORS[door](databases, tally, seed, count)


def share_of(requests: int, percent: int) -> int:
    return -(-requests * percent // 100)
