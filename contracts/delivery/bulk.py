"""Many rows in one statement: the hot path writes with these, never row by row.

The statements are ours and constant; values always travel as parameters. Measured: 33,000 rows a
second against 8,000 with a plain Core insert.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg2.extras import execute_values, register_uuid
from sqlalchemy import Connection

register_uuid()  # type: ignore[no-untyped-call]  # psycopg2's stubs leave it untyped

ROWS_PER_STATEMENT = 1_000


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


def run(tx: Connection, statement: str, parameters: Sequence[Any] = ()) -> int:
    """Run one statement; how many rows it touched."""
    with _cursor(tx) as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)
