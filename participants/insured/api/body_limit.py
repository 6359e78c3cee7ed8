"""Reads no more of a request's body than a desk can need, whoever sends it and whatever it is."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from contracts.refusal import RefusalCode
from participants.insured.api import problems

BODY_BYTES_MAX = 65_536  # The longest is a decision on 500 ids, of 40 bytes each.

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Event, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """A longer body is answered BODY_TOO_LARGE, and not read to its end."""

    app: Application

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, more = bytearray(), True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            body += event.get("body", b"")
            more = event.get("more_body", False)
            if len(body) > BODY_BYTES_MAX:
                await problems.problem(RefusalCode.BODY_TOO_LARGE)(scope, receive, send)
                return
        unread = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Event:
            return unread.pop() if unread else await receive()

        await self.app(scope, replay, send)
