"""Shedding on a real connection: who is turned away, and everybody who is not, byte for byte."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from uvicorn.config import Config
from uvicorn.server import ServerState

from contracts.programs.serving import serve
from participants.gateway.http.calls import Answer
from participants.gateway.shedding import HELD_BYTES_MAX, SheddingProtocol
from simulators.agency import wait_for
from simulators.stack.processes import free_ports

NEW, OLD = b'{"infno":"2207"}', b'{"infno":"5203"}'
LONG = b'{"infno":"2304"}'
SHED = {"err_msg": "[2005]"}
SENT_AND_NEVER_READ_MAX = 64 * 1_048_576
"""More than the sockets of both ends hold together, many times."""


@dataclass
class FullGateway:
    """Turns away every body that is not `OLD`, and keeps what it was shown."""

    is_full: bool = True
    inside: int = 0
    shown: list[tuple[bytes, str]] = field(default_factory=list)

    def shed(self, body: bytes, path_infno: str) -> Answer | None:
        self.shown.append((body, path_infno))
        return None if OLD in body else Answer.of_text(json.dumps(SHED), retry_after_s=2)


@dataclass
class Door:
    gateway: FullGateway
    port: int
    served: list[bytes]
    is_over: threading.Event
    """What is `LONG` is answered then."""

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            yield connection


class Unwritten(asyncio.Transport):
    """The other end of a connection that is not there: what is written is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    gateway, served, is_over = FullGateway(), [], threading.Event()
    app = FastAPI()
    app.state.gateway = gateway

    async def served_as_ever(request: Request) -> dict[str, Any]:
        served.append(await request.body())
        if served[-1] == LONG:
            await asyncio.to_thread(is_over.wait, 10)
        return {"served": len(served[-1])}

    app.add_api_route("/{infno}", served_as_ever, methods=["GET", "POST"])
    stop, (port,) = threading.Event(), free_ports(1)
    thread = threading.Thread(target=serve, args=(app, "127.0.0.1", port, stop, SheddingProtocol))
    thread.start()
    wait_for("the server is up", lambda: _is_up(port), 20)
    yield Door(gateway, port, served, is_over)
    stop.set()
    thread.join()


@pytest.fixture(autouse=True)
def _full(door: Door) -> None:
    door.gateway.is_full = True
    assert door.gateway.inside == 0
    door.gateway.shown.clear()
    door.served.clear()


def test_new_work_is_turned_away_with_one_answer_and_the_connection_stays(door: Door) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{door.port}") as client:
        for _ in range(3):
            answer = client.post("/2207?from=his", content=NEW)
            assert (answer.status_code, answer.json()) == (200, SHED)
            assert answer.headers["retry-after"] == "2"
            assert answer.headers["content-type"] == "application/json; charset=utf-8"
        door.gateway.is_full = False
        assert client.post("/2207", content=NEW).json() == {"served": len(NEW)}
    assert door.gateway.shown == [(NEW, "2207")] * 3
    assert door.served == [NEW]


def test_what_ends_or_finds_out_is_served_whole_while_it_is_full(door: Door) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{door.port}") as client:
        assert client.post("/5203", content=OLD).json() == {"served": len(OLD)}
        assert client.post("/2207", content=NEW).json() == SHED
        assert client.post("/5203", content=OLD).json() == {"served": len(OLD)}
    assert door.served == [OLD, OLD]


def test_a_body_in_pieces_is_held_until_it_is_whole(door: Door) -> None:
    with door.connected() as connection:
        connection.sendall(_head(f"Content-Length: {len(NEW)}"))
        for n in range(len(NEW)):
            connection.sendall(NEW[n : n + 1])
        assert _answer(connection) == SHED
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (OLD[:5], OLD[5:]))
        connection.sendall(_head("Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n")
        assert _answer(connection) == {"served": len(OLD)}
    assert [body for body, _ in door.gateway.shown] == [NEW, OLD]


@pytest.mark.parametrize("beyond", [0, 1], ids=["held to the last byte", "too long to be held"])
def test_what_is_too_long_is_served_as_ever(door: Door, beyond: int) -> None:
    body = NEW.ljust(HELD_BYTES_MAX + beyond)
    with httpx.Client(base_url=f"http://127.0.0.1:{door.port}") as client:
        said = client.post("/2207", content=body).json()
    assert said == ({"served": len(body)} if beyond else SHED)
    assert door.served == ([body] if beyond else [])


def test_requests_one_behind_the_other_are_answered_in_their_order(door: Door) -> None:
    with door.connected() as connection:
        length = f"Content-Length: {len(NEW)}"
        connection.sendall(b"".join(_head(length) + body for body in (NEW, OLD, NEW, OLD)))
        said = [_answer(connection) for _ in range(4)]
    assert said[0] == SHED
    # Behind one that is served nothing is held: it waits for its turn, and the gateway refuses.
    assert said[1:] == [{"served": len(NEW)}] * 3


@pytest.mark.parametrize(
    ("head", "version"), [("Connection: close\r\n", "1.1"), ("", "1.0")], ids=["asked", "old HTTP"]
)
def test_a_connection_that_shall_end_ends(door: Door, head: str, version: str) -> None:
    with door.connected() as connection:
        connection.sendall(_head(f"{head}Content-Length: {len(NEW)}", version) + NEW)
        assert _answer(connection) == SHED
        assert connection.recv(1) == b""


def test_who_asks_whether_to_send_and_who_only_looks_is_served_as_ever(door: Door) -> None:
    with door.connected() as connection:
        connection.sendall(_head(f"Expect: 100-continue\r\nContent-Length: {len(NEW)}"))
        assert connection.recv(64).startswith(b"HTTP/1.1 100")
        connection.sendall(NEW)
        assert _answer(connection) == {"served": len(NEW)}
    assert httpx.get(f"http://127.0.0.1:{door.port}/health").json() == {"served": 0}
    assert door.gateway.shown == []


def test_nothing_is_begun_behind_an_answer_that_ends_the_connection(door: Door) -> None:
    """An old client that says keep-alive is let go all the same; what it sent on is not served."""
    head = _head(f"Connection: keep-alive\r\nContent-Length: {len(NEW)}", version="1.0")
    with door.connected() as connection:
        connection.sendall((head + NEW) * 2 + head.replace(b"/2207", b"/5203") + OLD)
        assert _answer(connection) == SHED
        assert connection.recv(1) == b""
    assert [body for body, _ in door.gateway.shown] == [NEW]
    assert door.served == []


def test_who_sends_and_never_reads_is_not_read_from_for_ever(door: Door) -> None:
    request = _head(f"Content-Length: {len(NEW)}") + NEW
    with door.connected() as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            for _ in range(SENT_AND_NEVER_READ_MAX // len(request) // 100):
                connection.sendall(request * 100)
        assert door.gateway.inside == 1  # its connection, however many wait there for their turn
    wait_for("it has hung up", lambda: door.gateway.inside == 0, 10)


def test_the_patience_for_an_idle_connection_ends_with_the_next_request_in_the_same_bytes() -> None:
    """Or a settlement behind one that was turned away would be cut off after five seconds."""
    app = FastAPI()
    app.state.gateway = FullGateway()
    config = Config(app, log_config=None)
    config.load()
    loop = asyncio.new_event_loop()
    protocol = SheddingProtocol(config, ServerState(), {}, loop)
    transport = Unwritten()
    protocol.connection_made(transport)
    new = _head(f"Content-Length: {len(NEW)}") + NEW
    protocol.data_received(new)
    assert protocol.timeout_keep_alive_task is not None
    protocol.data_received(new + new[:-3])
    assert protocol.timeout_keep_alive_task is None
    protocol.data_received(new[-3:])
    assert protocol.timeout_keep_alive_task is not None
    assert transport.written.count(b"[2005]") == 3
    protocol.connection_lost(None)
    loop.close()


def test_a_hospital_that_hangs_up_half_way_leaves_nothing(door: Door) -> None:
    with door.connected() as connection:
        connection.sendall(_head(f"Content-Length: {len(NEW)}") + NEW[:3])
    with httpx.Client(base_url=f"http://127.0.0.1:{door.port}") as client:
        assert client.post("/2207", content=NEW).json() == SHED
    assert [body for body, _ in door.gateway.shown] == [NEW]


def test_whoever_was_let_in_is_counted_until_the_answer_or_the_end(door: Door) -> None:
    door.gateway.is_full = False
    with door.connected() as connection:
        connection.sendall(_head(f"Content-Length: {len(LONG)}") + LONG)
        wait_for("it is let in", lambda: door.gateway.inside == 1, 10)
        door.is_over.set()
        assert _answer(connection) == {"served": len(LONG)}
        wait_for("it is answered", lambda: door.gateway.inside == 0, 10)
        door.is_over.clear()
        connection.sendall(_head(f"Content-Length: {len(LONG)}") + LONG)
        wait_for("another is let in", lambda: door.gateway.inside == 1, 10)
    wait_for("it has hung up", lambda: door.gateway.inside == 0, 10)
    door.is_over.set()
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"
    with door.connected() as connection:
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        connection.sendall(
            f"GET /x HTTP/1.1\r\nHost: gateway\r\n{upgrade}\r\n{key}\r\n\r\n".encode()
        )
        assert connection.recv(64).startswith(b"HTTP/1.1 ")
    wait_for("it has gone", lambda: door.gateway.inside == 0, 10)


def test_who_sends_a_body_for_ever_takes_nobodys_place(door: Door) -> None:
    door.gateway.is_full = False
    with door.connected() as slow, door.connected() as quick:
        slow.sendall(_head(f"Content-Length: {len(NEW)}") + NEW[:3])
        quick.sendall(_head(f"Content-Length: {len(NEW)}") + NEW)
        assert _answer(quick) == {"served": len(NEW)}
        assert door.gateway.inside == 0
        slow.sendall(NEW[3:])
        assert _answer(slow) == {"served": len(NEW)}
    wait_for("both are gone", lambda: door.gateway.inside == 0, 10)


def _head(fields: str, version: str = "1.1") -> bytes:
    return f"POST /2207 HTTP/{version}\r\nHost: gateway\r\n{fields}\r\n\r\n".encode()


def _answer(connection: socket.socket) -> Any:
    """The next response's document; nothing behind it is read."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    fields = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:-2])
    body = b""
    while len(body) < int(fields["content-length"]):
        body += connection.recv(int(fields["content-length"]) - len(body))
    return json.loads(body)


def _is_up(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
