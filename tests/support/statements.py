"""Which statements go to PostgreSQL, so that a test can say how many a batch may take."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import cursor as plain_cursor
from sqlalchemy import Connection

from contracts.delivery import prepared


@contextmanager
def heard(tx: Connection) -> Iterator[list[str]]:
    """Every statement of the block. Preparing one is none: it is for the life of a connection."""
    seen: list[str] = []

    class Hearing(plain_cursor):
        def execute(self, query: Any, variables: Any = None) -> None:
            said = prepared.text_of(query.decode() if isinstance(query, bytes) else str(query))
            if said is not None:
                seen.append(said)
            super().execute(query, variables)

    driver: Any = tx.connection.driver_connection
    driver.cursor_factory = Hearing
    try:
        yield seen
    finally:
        driver.cursor_factory = None
