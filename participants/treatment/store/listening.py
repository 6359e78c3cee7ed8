"""Answers wake whoever waits for them: NOTIFY in the transaction that stores them, LISTEN here."""

import logging
import select
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, connection
from sqlalchemy import Connection, make_url

from contracts.delivery import prepared

log = logging.getLogger(__name__)

CHANNEL = "yidi_answers"
IDS_PER_PAYLOAD = 150  # PostgreSQL takes payloads below 8,000 bytes; 150 ids are 4,949.
LOOK_AT_STOP_EVERY_MS = 500  # for who sets `stop` and does not ring
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
# A server that vanished without a word is noticed within half a minute.
_OPTIONS: dict[str, Any] = {
    "application_name": "yidi listener",
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}

_NOTIFY = prepared.statement(
    "SELECT pg_notify($1, payload) FROM unnest($2) AS payload", "text text[]"
)


def wake(tx: Connection, ids: Iterable[UUID]) -> None:
    """Tell every listener, once this transaction has committed, that these have an answer."""
    names = [id_.hex for id_ in ids]
    cuts = range(0, len(names), IDS_PER_PAYLOAD)
    payloads = [",".join(names[cut : cut + IDS_PER_PAYLOAD]) for cut in cuts]
    if payloads:
        prepared.fetch(tx, _NOTIFY, CHANNEL, payloads)


class Listener:
    """Listens on a connection of its own, in the one thread that runs `wakes`."""

    def __init__(self, url: str) -> None:
        """`url`: SQLAlchemy's, as for the engine (postgresql+psycopg2://…)."""
        self._dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._ringing: socket.socket | None = None
        self._hanging = threading.Lock()

    def ring(self) -> None:
        """Look at `stop` now; from any thread, at any time."""
        with self._hanging:
            if self._ringing is not None:
                self._ringing.send(b"!")

    def wakes(self, stop: threading.Event) -> Iterator[frozenset[UUID]]:
        """Sets of answered ids, until `stop` is set.

        The empty set says that the connection is new: what was answered meanwhile was not heard,
        so look at everything you wait for. A lost connection is opened again, with longer and
        longer waits between the tries.
        """
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            try:
                for ids in self._hear(stop):
                    wait_s = FIRST_WAIT_S
                    yield ids
            except psycopg2.Error as error:
                log.warning("listening broke off (%s); again in %s s", type(error).__name__, wait_s)
                stop.wait(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _hear(self, stop: threading.Event) -> Iterator[frozenset[UUID]]:
        connected = psycopg2.connect(self._dsn, **_OPTIONS)
        try:
            connected.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
            with connected.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            yield frozenset()
            with self._bell() as bell:
                while not stop.is_set():
                    if ids := _next(connected, bell):
                        yield ids
        finally:
            connected.close()

    @contextmanager
    def _bell(self) -> Iterator[socket.socket]:
        """What `ring` is heard on."""
        ringing, bell = socket.socketpair()
        with ringing, bell:
            with self._hanging:
                self._ringing = ringing
            try:
                yield bell
            finally:
                with self._hanging:
                    self._ringing = None


def _next(connected: connection, bell: socket.socket) -> frozenset[UUID]:
    """What was announced since, waiting a moment for it; empty when nothing was."""
    # Not select.select: it knows no descriptor beyond 1,023, and a gateway holds more.
    waiting = select.poll()
    waiting.register(connected.fileno(), select.POLLIN)
    waiting.register(bell.fileno(), select.POLLIN)
    ready = {descriptor for descriptor, _ in waiting.poll(LOOK_AT_STOP_EVERY_MS)}
    if bell.fileno() in ready:
        bell.recv(1)
    if connected.fileno() not in ready:
        return frozenset()
    connected.poll()
    heard = [notice.payload for notice in connected.notifies]
    connected.notifies.clear()
    return frozenset(UUID(hex=name) for payload in heard for name in payload.split(","))
