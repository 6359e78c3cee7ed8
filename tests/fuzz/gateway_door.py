"""The hospitals' door under generated requests, many at once, and what must be left of them."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from participants.gateway.serving.desk import Desk
from participants.treatment.services import institutions
from tests.fuzz.books import changed, state
from tests.fuzz.gateway_answers import Judged, judged
from tests.fuzz.gateway_requests import Wire, request_of
from tests.fuzz.schemes import FAIR_USE, PROFILES, Speaker, profiles_text, speakers
from tests.fuzz.sound import Known, Learnt
from tests.fuzz.tally import Finding, Tally
from tests.gateway.street import AREA, Street, institution, opened
from tests.support.databases import Databases

AT_ONCE = 64
WITHIN_S = 30.0  # twice what any request may take by the settings: what reaches it hangs
QUIET_WITHIN_S = 40.0
# What a refused request may leave: that it was made (attempts), and what was asked of others.
TRACES = frozenset({
    "attempts", "progress", "route_weather", "inbox", "outbox", "outbox_unsent",
    "enquiries", "questions", "preflights",
})  # fmt: skip
# What another party said no to is kept, as refused.
KEPT = {
    "registrations": "state <> 'rejected'",
    "filing_papers": (
        "registration_id IN (SELECT registration_id FROM registrations WHERE state <> 'rejected')"
    ),
    "settlements": "state <> 'refused'",
    "settlement_steps": (
        "settlement_id IN (SELECT settlement_id FROM settlements WHERE state <> 'refused')"
    ),
}
OPEN = (
    "SELECT (SELECT count(*) FROM settlements"
    " WHERE state IN ('requested', 'withdrawing', 'reversing'))"
    " + (SELECT count(*) FROM outbox_unsent)"
)


@dataclass(slots=True)
class GatewayDoor:
    """A street with a hospital of every scheme, and what its answers have taught."""

    street: Street
    speakers: Sequence[Speaker]
    learnt: Learnt = field(default_factory=Learnt)

    @property
    def desk(self) -> Desk:
        found: Desk = self.street.app.state.gateway.desks[AREA]
        return found


@contextmanager
def gateway_door(databases: Databases, folder: Path) -> Iterator[GatewayDoor]:
    """The gateway on a database of its own; nobody is told to wait for asking much."""
    profiles, fair_use = folder / "profiles.toml", folder / "fair_use.toml"
    profiles.write_text(profiles_text(), "utf-8")
    fair_use.write_text(FAIR_USE, "utf-8")
    with opened(databases, profiles_file=profiles, fair_use_file=fair_use) as street:
        with street.engine.begin() as tx:
            institutions.load(tx, [institution(code) for code in PROFILES])
        yield GatewayDoor(street, speakers(street))


def run(door: GatewayDoor, tally: Tally, *, seed: int, requests_wanted: int) -> Iterator[int]:
    """Send so many, by chunks; yields how many there were. At the end nothing is under way."""
    sent, chunk = 0, 0
    while sent < requests_wanted:
        count = min(AT_ONCE, requests_wanted - sent)
        first = seed * 1_000_000_007 + chunk * AT_ONCE
        there_were = tally.requests
        _chunk(door, tally, list(range(first, first + count)))
        sent += tally.requests - there_were
        chunk += 1
        yield tally.requests - there_were
    _over(door, tally, seed)


def _chunk(door: GatewayDoor, tally: Tally, seeds: list[int]) -> None:
    """Once as they come; then those that were refused once more, and no book has changed."""
    known = door.learnt.known()
    answers = _sent(door, tally, seeds, known)
    refused = [seed for seed, one in zip(seeds, answers, strict=True) if one and one.refused]
    if not _quiet(door):
        tally.found(Finding("gateway", "chunk", seeds[0], "something stays under way"))
        return
    before = state(door.street.engine, TRACES, KEPT)
    again = _sent(door, tally, refused, known)
    _quiet(door)
    if all(one is not None and one.refused for one in again):
        tally.comparisons += 1
        for table in changed(before, state(door.street.engine, TRACES, KEPT)):
            what = f"refused requests changed {table}"
            tally.found(Finding("gateway", "chunk", seeds[0], what))


def _sent(door: GatewayDoor, tally: Tally, seeds: list[int], known: Known) -> list[Judged | None]:
    wires = [request_of(seed, door.speakers, known) for seed in seeds]

    async def ask() -> list[Judged | None]:
        return await asyncio.gather(
            *(_one(door, tally, seed, wire) for seed, wire in zip(seeds, wires, strict=True))
        )

    return door.street.run(ask())


async def _one(door: GatewayDoor, tally: Tally, seed: int, wire: Wire) -> Judged | None:
    def found(what: str) -> None:
        tally.found(Finding("gateway", wire.infno, seed, what, wire.told()))

    began_s = time.monotonic()
    try:
        async with asyncio.timeout(WITHIN_S):
            answer = await _post(door.street, wire)
    except TimeoutError:
        found("no answer")
        return None
    except Exception as error:  # noqa: BLE001 - whatever comes out of the application is found
        found(f"raised {type(error).__name__}: {error}")
        return None
    one = judged(wire, answer)
    took_ms = int(1_000 * (time.monotonic() - began_s))
    tally.answered(f"gateway: {_door_of(wire)}", one.kind, took_ms)
    _learn(door.learnt, wire, one)
    if one.wrong:
        found(one.wrong)
    return one


def _learn(learnt: Learnt, wire: Wire, one: Judged) -> None:
    """What a yes said, and what it was said to: later requests ask for these."""
    if one.kind != "done" or not wire.msgid:
        return
    learnt.hear(one.output)
    learnt.hear(wire.input)
    learnt.note("omsgid", wire.msgid)
    learnt.note("otransid", one.reference)


async def _post(street: Street, wire: Wire) -> httpx.Response:
    headers = [(name.encode(), value.encode()) for name, value in wire.headers.items()]
    return await street.client.post(wire.path, content=wire.body, headers=headers)


def _door_of(wire: Wire) -> str:
    return wire.infno if wire.infno in {"preflight", "token"} else wire.speaker.scheme


def _quiet(door: GatewayDoor) -> bool:
    """Whether everything comes to its end in time, by itself."""
    until_s = time.monotonic() + QUIET_WITHIN_S
    while time.monotonic() < until_s:
        if not door.desk.under_way and door.street.rows(OPEN) == [(0,)]:
            return True
        time.sleep(0.02)
    return False


def _over(door: GatewayDoor, tally: Tally, seed: int) -> None:
    """Whoever asks next is served as ever."""
    if not _quiet(door):
        tally.found(Finding("gateway", "the end", seed, "something stays under way"))
    signing_in = {"signIn": {"opter_no": "001", "mac": "00-00", "ip": "10.0.0.1"}}
    reply = door.street.call("9001", input=signing_in)
    if reply["infcode"] != 0:
        tally.found(Finding("gateway", "the end", seed, f"the next one is refused: {reply}"))
