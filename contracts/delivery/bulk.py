"""Many rows in one statement, never row by row; values always travel as parameters.

What every settlement runs through is in `contracts.delivery.prepared` and quicker; this is for the
rest, and for statements that are put together anew each time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from psycopg2.extras import execute_values
from sqlalchemy import Connection

ROWS_PER_STATEMENT = 1_000
ROWS_PER_FETCH = 5_000


def _cursor(tx: Connection) -> Any:
    connection = tx.connection.driver_connection
    assert connection is not None, "the transaction has ended"
    return connection.cursor()


def write_rows(tx: Connection, statement: str, template: str, rows: Sequence[Any]) -> None:
    """Run `… VALUES %s …` over all rows, e.g. 'INSERT INTO t (a, b) VALUES %s', '(%s, %s)'."""
    if not rows:
        return
    with _cursor(tx) as cursor:
        execute_values(cursor, statement, rows, template, page_size=ROWS_PER_STATEMENT)


def write_and_return(
    tx: Connection, statement: str, template: str, rows: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """As `write_rows`, for a statement with RETURNING; what it returned, in no promised order."""
    if not rows:
        return []
    with _cursor(tx) as cursor:
        found: list[tuple[Any, ...]] = execute_values(
            cursor, statement, rows, template, page_size=ROWS_PER_STATEMENT, fetch=True
        )
        return found


def fetch(
    tx: Connection, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> list[tuple[Any, ...]]:
    """All rows of a query whose lists are arrays: '… WHERE id = ANY(%s::uuid[])', ([ids],)."""
    with _cursor(tx) as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def run(tx: Connection, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> int:
    """Run one statement; how many rows it touched."""
    with _cursor(tx) as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def copy_lines(tx: Connection, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """COPY … FROM: lines of TAB-separated text with their newlines; a backslash is doubled."""
    with _cursor(tx) as cursor:
        cursor.copy_from(_Lines(lines), table, columns=list(columns), null="\\N")


def streamed(
    tx: Connection, statement: str, parameters: Sequence[Any] | Mapping[str, Any], name: str
) -> Iterator[tuple[Any, ...]]:
    """The rows of a query a few thousand at a time, by a cursor `name` on the server."""
    connection = tx.connection.driver_connection
    assert connection is not None, "the transaction has ended"
    with connection.cursor(name) as cursor:
        cursor.itersize = ROWS_PER_FETCH
        cursor.execute(statement, parameters)
        yield from cursor


class _Lines:
    """Lines as the file that COPY reads from, never all of them at once."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)

    def read(self, _size: int = -1) -> str:
        return "".join(islice(self._lines, ROWS_PER_STATEMENT))

    def readline(self) -> str:
        return next(self._lines, "")
