"""The wires between hospitals and gateways: they take time, break, and carry what is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from contracts.codes import AreaCode
from participants.gateway.wire.envelope import Reply as Told
from simulators import witness
from simulators.simulation.counters import Counter, Document
from simulators.simulation.event_log import EventLog
from simulators.simulation.places import gateways
from simulators.simulation.scheduler import Scheduler
from simulators.truth_checks.hearsay import SETTLING
from simulators.witness import Reply, Witness

NETWORK_S = 0.03
HANGS_UP_AFTER_S = 12.0
Then = Callable[[Reply | None], object]
"""Told what was heard, or None: the connection broke, or nobody answered."""
Listen = Callable[[Told], object]


@dataclass(slots=True)
class Wires:
    """Between hospitals and gateways. A connection breaks in `cut_percent` of all cases.

    An area's gateways stand behind one address: whichever is up may get the next request.
    """

    scheduler: Scheduler
    events: EventLog
    counters: Mapping[str, Counter]
    is_up: Callable[[str], bool]
    witness: Witness
    random: Random
    cut_percent: int = 3
    bills: dict[tuple[AreaCode, str], Document] = field(default_factory=dict)
    """By area and message id, what a hospital first asked for under it: 2207 and 2304."""

    def send(
        self, area: AreaCode, document: Document, then: Then, listen: Listen | None = None
    ) -> None:
        """Send it; `then` is called once, now or later, and before it `listen` with any answer."""
        if document["infno"] in SETTLING:
            self.bills.setdefault((area, document["msgid"]), document)
        call = _Call(self, area, document, then, listen)
        self.scheduler.after(self.delay_s(), call.arrive)
        self.scheduler.after(HANGS_UP_AFTER_S, call.hang_up)

    def delay_s(self) -> float:
        return self.random.random() * NETWORK_S

    def counter(self, area: AreaCode) -> Counter | None:
        found = [name for name in gateways(area) if self.is_up(name)]
        return self.counters[self.random.choice(found)] if found else None

    def is_cut(self) -> bool:
        return self.random.randrange(100) < self.cut_percent


@dataclass(slots=True)
class _Call:
    wires: Wires
    area: AreaCode
    document: Document
    then: Then
    listen: Listen | None
    is_over: bool = False
    ahead: timedelta = timedelta(0)
    """How wrong the clock is by which it is served: the hour that it tells is told by that one."""

    def arrive(self) -> None:
        counter = None if self.is_over else self.wires.counter(self.area)
        if counter is not None and not self.wires.is_cut():
            self._note("asked")
            self.ahead = counter.clock.now() - self.wires.scheduler.clock.at
            counter.ask(self.document, self.answered)

    def answered(self, told: Told, certain_by: datetime | None) -> None:
        """In the gateway's own loop: what it has said is on its way now."""
        if not self.wires.is_cut():
            way_s = self.wires.delay_s()
            self.wires.scheduler.after(way_s, partial(self._hear, told, certain_by))

    def hang_up(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._note("no answer")
            self.then(None)

    def _hear(self, told: Told, certain_by: datetime | None) -> None:
        if self.is_over:
            return
        self.is_over = True
        if self.listen is not None:
            self.listen(told)
        reply = heard(self.area, self.document, told, self.wires.scheduler.clock.at, certain_by)
        if reply.certain_by is not None:
            reply = replace(reply, certain_by=reply.certain_by - self.ahead)
        self.wires.witness.heard(reply)
        self._note(_told(reply))
        self.then(reply)

    def _note(self, what: str) -> None:
        said = f"{self.document['infno']} {self.document['msgid']} {what}"
        self.wires.events.note(f"hospital.{self.area}", "call", said)


def _told(reply: Reply) -> str:
    """In words of the log: with its settlement, by which the timeline finds the hospital's side."""
    said = ("heard", reply.verdict, reply.code, reply.settlement_id or "", _money(reply))
    return " ".join(str(word) for word in said if word)


def _money(reply: Reply) -> str:
    return ",".join(f"{name}={fen}" for name, fen in sorted(reply.figures.items()) if fen)


def heard(
    area: AreaCode, document: Document, told: Told, at: datetime, certain_by: datetime | None
) -> Reply:
    answer: dict[str, Any] = {
        "infcode": "0" if told.code is None else "-1",
        "err_msg": "" if told.code is None else told.code.told(told.detail),
        "output": told.output or {},
    }
    reply = witness.told(area, document, answer, at)
    return reply if certain_by is None else replace(reply, certain_by=certain_by)
