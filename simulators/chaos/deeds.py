"""How a fault begins and how it ends, as a table; what happens in between is only time."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from signal import SIGINT, SIGTERM, Signals

from simulators.chaos.ground import Ground
from simulators.chaos.plan import BROKER, Card, Kind
from simulators.stack.processes import Child

GONE_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Deed:
    begin: Callable[[Ground, Card], None]
    end: Callable[[Ground, Card], None]


def power_cut(server: Child) -> None:
    """SIGKILL, to it and to everything that it started."""
    server.kill()


def clean_stop(server: Child) -> None:
    """What stops a broker: it closes its log, and is gone when this returns."""
    _ask(server, SIGTERM)


def fast_shutdown(server: Child) -> None:
    """What `pg_ctl stop -m fast` sends: transactions are rolled back, and everybody is let go."""
    _ask(server, SIGINT)


def _ask(server: Child, signal: Signals) -> None:
    if server.alive:
        os.kill(server.pid, signal)
    server.wait(GONE_WITHIN_S)


def begin(ground: Ground, card: Card) -> None:
    ground.held.add(card.target)
    DEEDS[card.kind].begin(ground, card)


def end(ground: Ground, card: Card) -> None:
    """From here on it can recover: the process runs again, though it is not yet ready."""
    DEEDS[card.kind].end(ground, card)
    ground.held.discard(card.target)


def _kill(ground: Ground, card: Card) -> None:
    power_cut(ground.child(card.target))


def _stop(ground: Ground, card: Card) -> None:
    in_order = clean_stop if card.target == BROKER else fast_shutdown
    (in_order if card.clean else power_cut)(ground.child(card.target))


def _start(ground: Ground, card: Card) -> None:
    ground.child(card.target).restart()


def _pause(ground: Ground, card: Card) -> None:
    ground.child(card.target).pause()


def _resume(ground: Ground, card: Card) -> None:
    ground.child(card.target).resume()


DEEDS: Mapping[Kind, Deed] = {
    Kind.KILLED: Deed(_kill, _start),
    Kind.HANGS: Deed(_pause, _resume),
    Kind.BROKER_STOPPED: Deed(_stop, _start),
    Kind.DATABASE_STOPPED: Deed(_stop, _start),
    Kind.AREA_GONE: Deed(_kill, _start),
}
