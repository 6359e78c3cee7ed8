"""The HTTP server of a program: up until it is told to stop, and then everything ends in order."""

import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from contracts.programs.ending import NotServing
from contracts.programs.serving import serve
from simulators.stack.processes import free_ports


def _application(events: list[str], stop: threading.Event) -> FastAPI:
    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        events.append("begins")
        yield
        events.append("ends")

    app = FastAPI(lifespan=life)

    @app.get("/")
    def root() -> str:
        stop.set()  # while this request is at hand
        events.append("answers")
        return "ok"

    return app


def test_the_request_at_hand_is_answered_and_the_lifespan_ends() -> None:
    events: list[str] = []
    stop, (port,) = threading.Event(), free_ports(1)
    transport = httpx.HTTPTransport(retries=8)  # until it is up
    answers: list[httpx.Response] = []

    def ask() -> None:
        with httpx.Client(transport=transport) as client:
            answers.append(client.get(f"http://127.0.0.1:{port}/"))

    asking = threading.Thread(target=ask)
    asking.start()
    serve(_application(events, stop), "127.0.0.1", port, stop)
    asking.join()
    assert [answer.status_code for answer in answers] == [200]
    assert events == ["begins", "answers", "ends"]


def test_who_is_told_to_stop_before_it_is_up_ends_all_the_same() -> None:
    events: list[str] = []
    stop = threading.Event()
    stop.set()
    serve(_application(events, stop), "127.0.0.1", 0, stop)
    assert events == ["begins", "ends"]


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(NotServing, match=f"127.0.0.1:{port}"):
            serve(_application([], threading.Event()), "127.0.0.1", port, threading.Event())
