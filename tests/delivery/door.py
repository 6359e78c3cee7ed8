"""A door in front of PostgreSQL that shuts while the answer to a COMMIT is on its way."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import URL, Engine

from contracts.delivery.engine import engine_of

CHUNK = 65_536


@dataclass(slots=True)
class Door:
    """Passes bytes on. After `shut_at_commit` the next COMMIT is done but never answered."""

    server: Callable[[], socket.socket]
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    shut_at_commit: bool = False
    commits_swallowed: int = 0

    def serve(self) -> None:
        with suppress(OSError):  # The listener is closed when the test ends.
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, self.server() as server:
            back = threading.Thread(target=self._pass_back, args=(server, client), daemon=True)
            started = False
            with suppress(OSError):
                while sent := client.recv(CHUNK):
                    if self.shut_at_commit and b"COMMIT\x00" in sent:
                        self._swallow(server, client, sent)
                        break
                    server.sendall(sent)
                    if not started:
                        back.start()
                        started = True
            _shut(server)
            if started:
                back.join()

    def _swallow(self, server: socket.socket, client: socket.socket, sent: bytes) -> None:
        self.shut_at_commit = False
        self.commits_swallowed += 1
        _shut(client)  # Nobody hears the answer, but the server does what it was told.
        server.sendall(sent)

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while answer := server.recv(CHUNK):
                with suppress(OSError):
                    client.sendall(answer)
        _shut(client)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_WR)


def _address(url: URL) -> Callable[[], socket.socket]:
    host = url.host or url.query["host"]
    port = url.port or int(str(url.query.get("port", 5432)))
    assert isinstance(host, str)
    if not host.startswith("/"):
        return lambda: socket.create_connection((host, port))

    def connect() -> socket.socket:
        end = socket.socket(socket.AF_UNIX)
        end.connect(f"{host}/.s.PGSQL.{port}")
        return end

    return connect


@contextmanager
def door_before(engine: Engine) -> Iterator[tuple[Door, Engine]]:
    """A door, and an engine that goes through it."""
    door = Door(_address(engine.url))
    serving = threading.Thread(target=door.serve, daemon=True)
    serving.start()
    host, port = door.listener.getsockname()
    url = engine.url.set(host=host, port=port, query={"sslmode": "disable"})
    through = engine_of(url.render_as_string(hide_password=False), name="through the door")
    try:
        yield door, through
    finally:
        through.dispose()
        door.listener.shutdown(socket.SHUT_RDWR)
        door.listener.close()
        serving.join()
