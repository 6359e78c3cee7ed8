"""Who waits for an answer: found by what is awaited, woken when it is heard of.

Only the event loop comes here.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from participants.gateway.serving.requests import Awaiting, Request
from participants.gateway.wire.envelope import Reply

HEARD_MAX = 10_000


@dataclass(slots=True, eq=False)
class Waiting:
    """One request at the desk. `awaiting` is set once the hub has been asked; `looked_at` counts
    what the room had heard when the database was last read for it; `is_last`: time is up.
    """

    request: Request
    reply: asyncio.Future[Reply]
    is_taken: bool = False
    awaiting: Awaiting | None = None
    looked_at: int = 0
    is_last: bool = False


class WaitingRoom:
    """Requests whose subject has no answer yet, and those of them that were woken."""

    def __init__(self) -> None:
        self._by_id: dict[UUID, set[Waiting]] = {}
        self._woken: OrderedDict[Waiting, None] = OrderedDict()
        # An answer may be heard while its request is still being served, before it is seated:
        # so what was heard is remembered with its number.
        self._heard: OrderedDict[UUID, int] = OrderedDict()
        self._times = 0

    @property
    def has_woken(self) -> bool:
        return bool(self._woken)

    def seat(self, waiting: Waiting, awaiting: Awaiting) -> None:
        """Let it wait; it is woken at once when there was news since it was looked at."""
        waiting.awaiting = awaiting
        self._by_id.setdefault(awaiting.id, set()).add(waiting)
        if self._heard.get(awaiting.id, 0) > waiting.looked_at:
            self.wake(waiting)

    def wake(self, waiting: Waiting) -> None:
        self._woken[waiting] = None

    def hear(self, ids: AbstractSet[UUID]) -> None:
        """Wake who waits for these; the empty set comes with a new connection and wakes all."""
        for id_ in ids or tuple(self._by_id):
            for waiting in self._by_id.get(id_, ()):
                self.wake(waiting)
        self._times += 1
        for id_ in ids:
            self._heard[id_] = self._times
            self._heard.move_to_end(id_)
        while len(self._heard) > HEARD_MAX:
            self._heard.popitem(last=False)

    def take_woken(self, most: int) -> list[Waiting]:
        """At most so many of those that were woken; they are about to be looked at."""
        woken = [self._woken.popitem(last=False)[0] for _ in range(min(most, len(self._woken)))]
        for waiting in woken:
            self.look(waiting)
        return woken

    def look(self, waiting: Waiting) -> None:
        """The database is about to be read for it: only what is heard from now on is news."""
        waiting.looked_at = self._times

    def leave(self, waiting: Waiting) -> None:
        self._woken.pop(waiting, None)
        if waiting.awaiting is None:
            return
        together = self._by_id.get(waiting.awaiting.id, set())
        together.discard(waiting)
        if not together:
            self._by_id.pop(waiting.awaiting.id, None)
