"""An application asked over HTTP without a socket: its lifespan runs, its faults become answers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response


@dataclass(frozen=True, slots=True)
class Client:
    app: FastAPI
    runner: asyncio.Runner

    def request(self, method: str, path: str, **options: Any) -> Response:
        return self.runner.run(self._request(method, path, **options))

    def get(self, path: str, **options: Any) -> Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        return self.request("POST", path, **options)

    async def _request(self, method: str, path: str, **options: Any) -> Response:
        transport = ASGITransport(self.app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://desk") as client:
            return await client.request(method, path, **options)


@contextmanager
def served(app: FastAPI) -> Iterator[Client]:
    """The application, started and, in the end, shut down."""
    with asyncio.Runner() as runner:
        lifespan = app.router.lifespan_context(app)
        runner.run(_awaited(lifespan.__aenter__()))
        try:
            yield Client(app, runner)
        finally:
            runner.run(_awaited(lifespan.__aexit__(None, None, None)))


async def _awaited(entering: Any) -> None:
    await entering
