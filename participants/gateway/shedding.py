"""Turns new work away before anything is built for it: refusing must cost less than serving."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from participants.gateway.http.calls import Answer
from participants.gateway.http.gateway import Gateway


class Shedding:
    """Around the application. While there is room it only asks whether there is."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self.app, self.gateway = app, gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_call = scope["type"] == "http" and scope["method"] == "POST"
        if not (is_call and self.gateway.is_full):
            return await self.app(scope, receive, send)
        first = await receive()
        path_infno = scope["path"].rpartition("/")[2]
        answer = None if first.get("more_body") else self._shed(first, path_infno)
        if answer is None:
            return await self.app(scope, _again(first, receive), send)
        await send(_start(answer))
        await send({"type": "http.response.body", "body": answer.body})
        return None

    def _shed(self, first: Message, path_infno: str) -> Answer | None:
        return self.gateway.shed(first.get("body", b""), path_infno)


def _start(answer: Answer) -> Message:
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"retry-after", str(answer.retry_after_s).encode()),
    ]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


def _again(first: Message, receive: Receive) -> Receive:
    """What was read already, and then the rest."""
    read = [first]

    async def again() -> Message:
        return read.pop() if read else await receive()

    return again
