"""The gateway's counter in virtual time: requests wait, are served in batches, and always end.

`serve` is the gateway's own. What the event loop around it does in production, waking whoever
waits when the hub's answer was written and telling 'unknown, certain by T' at the limit, is done
here in its place.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from contracts.clock import Clock
from participants.gateway.serving.counter import Look, serve
from participants.gateway.serving.door import Door
from participants.gateway.serving.requests import Awaiting, Request, Step
from participants.gateway.transactions.table import TRANSACTIONS
from participants.gateway.wire import jsontext
from participants.gateway.wire.checking import checked_input
from participants.gateway.wire.envelope import Reply, envelope_of, unknown_until
from participants.gateway.wire.fields import shapes
from simulators.simulation.event_log import EventLog
from simulators.simulation.rhythm import Rhythm

PATIENT_FOR = timedelta(seconds=8)
LOOKS_EVERY_S = 0.3
TENDS_EVERY_TURNS = 12
Document = dict[str, Any]
Answer = Callable[[Reply, datetime | None], object]
"""Told the reply, and the exact instant by which an unknown one is certain."""


@dataclass(slots=True, eq=False)
class Waiting:
    """A hospital's connection that is open, until `limit`."""

    request: Request
    limit: datetime
    answer: Answer
    awaiting: Awaiting | None = None


@dataclass(slots=True)
class Counter:
    """One area's; it dies with its process, and every connection with it."""

    process: str
    door: Door
    clock: Clock
    rhythm: Rhythm
    events: EventLog
    arrived: list[Waiting] = field(default_factory=list)
    seated: list[Waiting] = field(default_factory=list)

    def ask(self, document: Document, answer: Answer) -> None:
        """A request has come in over the network."""
        now = self.clock.now()
        opened = envelope_of(jsontext.loads(json.dumps(document).encode()))
        shape = checked_input(shapes()[opened.infno], opened.input)
        request = Request(opened, shape, TRANSACTIONS[opened.infno], now)
        self.arrived.append(Waiting(request, now + PATIENT_FOR, answer))
        self.rhythm.stir(self.process)

    def run(self) -> None:
        """The loop of its process: serve what has come, look for those who wait."""
        for turn in count():
            if turn % TENDS_EVERY_TURNS == 0:
                self.door.outbox.tend()
            self.serve_once()
            self.rhythm.rest(self.process, LOOKS_EVERY_S)

    def serve_once(self) -> None:
        now = self.clock.now()
        new, self.arrived = self.arrived, []
        looked = list(self.seated)
        if not new and not looked:
            return
        looks = [Look(w.request, _known(w), is_last=now >= w.limit) for w in looked]
        steps = serve(self.door, [w.request for w in new], looks)
        self.seated = []
        for waiting, step in zip([*new, *looked], steps, strict=True):
            self._tell(waiting, step, now)

    def _tell(self, waiting: Waiting, step: Step, now: datetime) -> None:
        if isinstance(step, Reply):
            waiting.answer(step, None)
            return
        if waiting.awaiting is None:
            self._note(waiting.request, step)
        waiting.awaiting = step
        if now < waiting.limit:
            self.seated.append(waiting)
            return
        certain_by = max(step.answer_by, now + self.door.terms.status_within)
        waiting.answer(unknown_until(certain_by), certain_by)

    def _note(self, request: Request, step: Awaiting) -> None:
        """By this the log connects a hospital's message with the settlement that it is about."""
        said = f"{request.envelope.infno} {request.envelope.msgid} waits for {step.id}"
        self.events.note(self.process, "call", said)


def _known(waiting: Waiting) -> Awaiting:
    assert waiting.awaiting is not None, "seated, but it waits for nothing"
    return waiting.awaiting
