"""Connections that post one body after the other, cheaply: the load must not be what is measured.

httptools is the parser of the server on the other side; a full client costs five times as much.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

import httptools

HEAD = (
    "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    "Content-Length: {length}\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`retry_after_s` is 0 where the server did not ask for patience."""

    status: int
    body: bytes
    retry_after_s: float


class Connection(asyncio.Protocol):
    """One request at a time, over one connection that stays open."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._parts: list[bytes] = []
        self._retry_after_s = 0.0

    async def post(self, head: bytes, body: bytes) -> HttpAnswer:
        """ConnectionError when the server closed before it had answered."""
        assert self._transport is not None, "not connected"
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(head + body)
        return await self._answer

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"closed: {exc}"))

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._parts, self._retry_after_s = [], 0.0

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after_s = float(value)

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            status = self._parser.get_status_code()
            answer = HttpAnswer(status, b"".join(self._parts), self._retry_after_s)
            self._answer.set_result(answer)


@dataclass(slots=True)
class Connections:
    """As many connections to one server as are needed at once. Belongs to one event loop."""

    host: str
    port: int
    path: str
    _idle: deque[Connection] = field(default_factory=deque)

    async def post(self, body: bytes) -> HttpAnswer:
        """One that rested may be closed as we use it: then once more, on a new one.

        That is safe here as it is for a hospital: the same message id gets the same answer.
        """
        head = HEAD.format(path=self.path, host=self.host, length=len(body)).encode()
        connection = await self._free()
        try:
            answer = await connection.post(head, body)
        except ConnectionError:
            connection = await self._new()
            answer = await connection.post(head, body)
        if connection.is_open:
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _free(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return await self._new()

    async def _new(self) -> Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, self.host, self.port)
        return connection
