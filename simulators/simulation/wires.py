"""The wires between hospitals and gateways: they take time, break, and carry what is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

from contracts.codes import AreaCode
from participants.gateway.wire.envelope import Reply as Told
from simulators import witness
from simulators.simulation.counters import Counter, Document
from simulators.simulation.event_log import EventLog
from simulators.simulation.scheduler import Scheduler
from simulators.witness import Reply, Witness

NETWORK_S = 0.03
HANGS_UP_AFTER_S = 12.0
Then = Callable[[Reply | None], object]
"""Told what was heard, or None: the connection broke, or nobody answered."""


@dataclass(slots=True)
class Wires:
    """Between hospitals and gateways. A connection breaks in `cut_percent` of all cases."""

    scheduler: Scheduler
    events: EventLog
    counters: Mapping[AreaCode, Counter]
    is_up: Callable[[AreaCode], bool]
    witness: Witness
    random: Random
    cut_percent: int = 3

    def send(self, area: AreaCode, document: Document, then: Then) -> None:
        """Send it; `then` is called once, now or later."""
        call = _Call(self, area, document, then)
        self.scheduler.after(self.delay_s(), call.arrive)
        self.scheduler.after(HANGS_UP_AFTER_S, call.hang_up)

    def delay_s(self) -> float:
        return self.random.random() * NETWORK_S

    def is_cut(self) -> bool:
        return self.random.randrange(100) < self.cut_percent


@dataclass(slots=True)
class _Call:
    wires: Wires
    area: AreaCode
    document: Document
    then: Then
    is_over: bool = False

    def arrive(self) -> None:
        if not self.is_over and self.wires.is_up(self.area) and not self.wires.is_cut():
            self._note("asked")
            self.wires.counters[self.area].ask(self.document, self.answered)

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
        reply = heard(self.area, self.document, told, self.wires.scheduler.clock.at, certain_by)
        self.wires.witness.heard(reply)
        self._note(f"heard {reply.verdict} {reply.code}".rstrip())
        self.then(reply)

    def _note(self, what: str) -> None:
        said = f"{self.document['infno']} {self.document['msgid']} {what}"
        self.wires.events.note(f"hospital.{self.area}", "call", said)


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
