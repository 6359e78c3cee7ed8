"""A process's connections to its database, with the labelled steps around every transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg2
from psycopg2 import extensions
from sqlalchemy import Connection, Engine, event

from contracts.delivery import prepared
from contracts.delivery.engine import engine_of
from simulators.simulation.steps import Step, Steps

POOL_MAX = 40  # a loop that gives way keeps its connection; nobody waits for one in real time
LOCK_TIMEOUT_MS = 20
"""Who holds a lock is asleep meanwhile, so waiting longer changes nothing."""


_WROTE = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"


class Doubtful(psycopg2.OperationalError):
    """The connection was lost while COMMIT was under way: nobody knows."""


class SteppedEngine:
    """As much of an Engine as a process of ours uses; `opened` gives it as one.

    `is_down`: nobody can connect.
    """

    def __init__(self, url: str, process: str, steps: Steps) -> None:
        self.is_down = False
        self._process, self._steps, self._in_tx = process, steps, 0
        self._engine = engine_of(
            url,
            name=process,
            pool_max=POOL_MAX,
            lock_timeout_ms=LOCK_TIMEOUT_MS,
            keeps_plans=True,
            asked_after_s=0,  # each time: how long one was idle is real time, and not in the seed
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
                    is_doubtful = self._is_doubtful(tx)
                    self._steps.reached(self._process, Step.BEFORE_COMMIT)
            finally:
                self._in_tx -= 1
        if is_doubtful:
            self._steps.reached(self._process, Step.COMMIT_ANSWERED)
        self._steps.reached(self._process, Step.AFTER_COMMIT)

    def _is_doubtful(self, tx: Connection) -> bool:
        """Whether its answer is to be lost; of one that only read nobody would miss it."""
        armed = (self._process, Step.COMMIT_ANSWERED) in self._steps.armed
        return armed and bool(tx.exec_driver_sql(_WROTE).scalar())

    def connect(self) -> Connection:
        self._steps.scheduler.running()
        if self.is_down:
            raise psycopg2.OperationalError("the database is down")
        return self._engine.connect()

    def dispose(self) -> None:
        self._engine.dispose()

    def _use_our_cursor(self, connection: Any, _record: object) -> None:
        reached, stated = self._reached_statement, self._stated

        class Cursor(extensions.cursor):
            def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002 - psycopg2's name
                reached()
                super().execute(query, vars)
                stated(query)

        connection.cursor_factory = Cursor

    def _reached_statement(self) -> None:
        if self._in_tx:
            self._steps.reached(self._process, Step.STATEMENT)

    def _stated(self, query: str | bytes) -> None:
        if self._in_tx and self._steps.holds:
            said = query.decode() if isinstance(query, bytes) else query
            if text := prepared.text_of(said):
                self._steps.stated(self._process, text)


def as_engine(stepped: SteppedEngine) -> Engine:
    return cast("Engine", stepped)


def lose_answer() -> None:
    raise Doubtful("the connection was lost during COMMIT")
