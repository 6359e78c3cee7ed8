"""What stands around every request: the size of a body, and faults that must not leak."""

import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from contracts.delivery.passing import is_passing
from contracts.refusal import RefusalCode
from hub.api import problems

log = logging.getLogger(__name__)

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Event, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Reads at most `bytes_max` of a body before anybody parses it; more is a 413.

    `wider`: more for paths that end with these words.
    """

    app: Application
    bytes_max: int
    wider: Mapping[str, int] = field(default_factory=dict)

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _declared(scope) > self._most(scope):
            await problems.answer(RefusalCode.BODY_TOO_LARGE)(scope, receive, send)
        else:
            await self._read(scope, receive, send)

    async def _read(self, scope: Event, receive: Receive, send: Send) -> None:
        body, more, most = bytearray(), True, self._most(scope)
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            body += event.get("body", b"")
            more = event.get("more_body", False)
            if len(body) > most:
                await problems.answer(RefusalCode.BODY_TOO_LARGE)(scope, receive, send)
                return
        unread = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Event:
            return unread.pop() if unread else await receive()

        await self.app(scope, replay, send)

    def _most(self, scope: Event) -> int:
        last = str(scope["path"]).rpartition("/")[2]
        return max(self.bytes_max, self.wider.get(last, 0))


@dataclass(frozen=True, slots=True)
class Faults:
    """A fault of ours is a 500 without details, one of the moment a 503; both are logged."""

    app: Application

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        started = False

        async def watched(event: Event) -> None:
            nonlocal started
            started = started or event["type"] == "http.response.start"
            await send(event)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http" or started:
                raise
            await problems.answer(_code_of(error))(scope, receive, send)


def _declared(scope: Event) -> int:
    """The content-length that the caller declares, or 0."""
    said = dict(scope["headers"]).get(b"content-length", b"")
    return int(said) if said.isdigit() and len(said) < 20 else 0


def _code_of(error: Exception) -> RefusalCode:
    if is_passing(error):
        log.warning("the database is away (%s)", type(error).__name__)
        return RefusalCode.TOO_BUSY
    # Where, and which type; never the text, which may quote a row.
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    log.error("a request failed: %s at %s", type(error).__name__, where)
    return RefusalCode.INTERNAL_FAULT
