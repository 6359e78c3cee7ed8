"""Which statements go to PostgreSQL, so that a test can say how many a batch may take."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import cursor as plain_cursor
from sqlalchemy import Connection, text

_PREPARE = re.compile(r"PREPARE (\w+)(?: \(.*?\))? AS (.*)", re.DOTALL)
_EXECUTE = re.compile(r"EXECUTE (\w+)")


@contextmanager
def heard(tx: Connection) -> Iterator[list[str]]:
    """Every statement of the block. Preparing one is none: it is for the life of a connection."""
    seen: list[str] = []
    rows = tx.execute(text("SELECT name, statement FROM pg_prepared_statements"))
    known: dict[str, str] = {row.name: row.statement for row in rows}

    class Hearing(plain_cursor):
        def execute(self, query: Any, variables: Any = None) -> None:
            said = query.decode() if isinstance(query, bytes) else str(query)
            if made := _PREPARE.match(said):
                known[made[1]] = made[2]
            else:
                done = _EXECUTE.match(said)
                seen.append(known[done[1]] if done else said)
            super().execute(query, variables)

    driver: Any = tx.connection.driver_connection
    driver.cursor_factory = Hearing
    try:
        yield seen
    finally:
        driver.cursor_factory = None
