"""A process's connections to its database, with the labelled steps around every transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg2
from psycopg2 import extensions
from sqlalchemy import Connection, Engine, event

from contracts.delivery.engine import engine_of
from simulators.simulation.steps import Step, Steps

POOL_MAX = 40  # a loop that gives way keeps its connection; nobody waits for one in real time
LOCK_TIMEOUT_MS = 20
"""Who holds a lock is asleep meanwhile, so waiting longer changes nothing."""


class Doubtful(psycopg2.OperationalError):
    """The connection was lost while COMMIT was under way: nobody knows."""


class SteppedEngine:
    """As much of an Engine as a process of ours uses; `opened` gives it as one.

    `is_down`: nobody can connect. `doubt`: the next COMMIT happens, and its answer is lost.
    """

    def __init__(self, url: str, process: str, steps: Steps) -> None:
        self.is_down = False
        self.doubt = False
        self._process, self._steps, self._in_tx = process, steps, 0
        self._engine = engine_of(
            url, name=process, pool_max=POOL_MAX, lock_timeout_ms=LOCK_TIMEOUT_MS
        )
        event.listen(self._engine, "connect", self._use_our_cursor)

    @property
    def url(self) -> Any:
        return self._engine.url

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self.connect() as tx:
            self._in_tx += 1
            try:
                with tx.begin():
                    yield tx
                    self._steps.reached(self._process, Step.BEFORE_COMMIT)
            finally:
                self._in_tx -= 1
        if self.doubt:
            self.doubt = False
            raise Doubtful("the connection was lost during COMMIT")
        self._steps.reached(self._process, Step.AFTER_COMMIT)

    def connect(self) -> Connection:
        self._steps.scheduler.running()
        if self.is_down:
            raise psycopg2.OperationalError("the database is down")
        return self._engine.connect()

    def dispose(self) -> None:
        self._engine.dispose()

    def _use_our_cursor(self, connection: Any, _record: object) -> None:
        reached = self._reached_statement

        class Cursor(extensions.cursor):
            def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - psycopg2's name
                reached()
                super().execute(query, vars)

        connection.cursor_factory = Cursor

    def _reached_statement(self) -> None:
        if self._in_tx:
            self._steps.reached(self._process, Step.STATEMENT)


def as_engine(stepped: SteppedEngine) -> Engine:
    return cast("Engine", stepped)
