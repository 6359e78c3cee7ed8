"""The way to the gateway while it may be dead, hang, or be starting: no answer is an answer too."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

import httptools

from simulators.bench.http_client import HEAD, Connection, HttpAnswer
from simulators.hospital import PATH


@dataclass(slots=True)
class Door:
    """As many connections as are needed at once. Belongs to one event loop."""

    host: str
    port: int
    _idle: deque[Connection] = field(default_factory=deque)

    async def post(self, body: bytes, within_s: float) -> HttpAnswer | None:
        """None: nobody there, or they hung up, or no answer in time. The hospital knows nothing."""
        head = HEAD.format(path=PATH, host=self.host, length=len(body)).encode()
        try:
            async with asyncio.timeout(within_s):
                return await self._posted(head, body)
        except (OSError, TimeoutError, httptools.HttpParserError):
            return None

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _posted(self, head: bytes, body: bytes) -> HttpAnswer:
        connection = await self._free()
        try:
            answer = await connection.post(head, body)
        except BaseException:
            connection.close()  # What still comes on it would be taken for another's answer.
            raise
        if connection.is_open:
            self._idle.append(connection)
        return answer

    async def _free(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        _, new = await asyncio.get_running_loop().create_connection(
            Connection, self.host, self.port
        )
        return new
