"""Statements of the hot path: parsed and planned once a connection, rows as arrays of columns.

PostgreSQL takes longer to read and plan a statement of ours than to do what it says, and psycopg2
longer to write out rows value by value than one text a column. So a statement is prepared where it
is first used, and from then on only executed, with one array for each column of its rows.

It is prepared in the session, so whoever puts a pooler between must let it keep sessions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from psycopg2 import OperationalError, errors
from sqlalchemy import Connection

from contracts.delivery import adapting

adapting.register()

_NUMBERS = count(1)
_PREPARED = "yidi prepared"  # what a connection knows, in SQLAlchemy's `info` of it


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A statement with parameters $1, $2, … of these SQL types."""

    text: str
    kinds: tuple[str, ...]
    name: str = field(default_factory=lambda: f"yidi_{next(_NUMBERS)}")

    @property
    def preparing(self) -> str:
        kinds = f" ({', '.join(self.kinds)})" if self.kinds else ""
        return f"PREPARE {self.name}{kinds} AS {self.text}"

    @property
    def executing(self) -> str:
        marks = ", ".join(["%s"] * len(self.kinds))
        return f"EXECUTE {self.name} ({marks})" if self.kinds else f"EXECUTE {self.name}"


def statement(text: str, kinds: str = "") -> Prepared:
    """`kinds` are the SQL types of $1, $2, …: 'uuid[] timestamptz'. Make each once, in a module."""
    return Prepared(text, tuple(kinds.split()))


def statement_of_rows(text: str, kinds: str, then: str = "") -> Prepared:
    """For `write`: '%s' in `text` is where the rows go, whose columns are of these SQL types.

    They stand there as a SELECT in brackets, so: 'INSERT INTO t (a, b) %s', and 'FROM %s AS new
    (a, b)'. A column may hold arrays ('text[]'). `then`: types of the parameters that come after
    the rows: of two columns, the first of these is $3.
    """
    columns = kinds.split()
    names = [f"c{n}" for n, _ in enumerate(columns)]
    # An array of arrays would come apart into single values: each is a text in its array.
    flat = ["text" if kind.endswith("[]") else kind for kind in columns]
    chosen = [
        name if kind == plain else f"{name}::{kind}"
        for name, kind, plain in zip(names, columns, flat, strict=True)
    ]
    arrays = ", ".join(f"${n}" for n, _ in enumerate(columns, start=1))
    given = f"unnest({arrays}) AS given ({', '.join(names)})"
    rows = f"(SELECT {', '.join(chosen)} FROM {given})"  # noqa: S608 - of names and types of ours
    before, after = text.split("%s")
    return Prepared(f"{before}{rows}{after}", (*(f"{kind}[]" for kind in flat), *then.split()))


def fetch(tx: Connection, wanted: Prepared, *parameters: Any) -> list[tuple[Any, ...]]:
    """All rows of a query; a list or tuple is an array."""
    with _executed(tx, wanted, parameters) as cursor:
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def run(tx: Connection, wanted: Prepared, *parameters: Any) -> int:
    """Run one statement; how many rows it touched."""
    with _executed(tx, wanted, parameters) as cursor:
        return int(cursor.rowcount)


def write(tx: Connection, wanted: Prepared, rows: Sequence[Sequence[Any]], *then: Any) -> None:
    """Run a `statement_of_rows` over all rows, in their order; nothing when there are none."""
    if rows:
        run(tx, wanted, *zip(*rows, strict=True), *then)


def write_and_return(
    tx: Connection, wanted: Prepared, rows: Sequence[Sequence[Any]], *then: Any
) -> list[tuple[Any, ...]]:
    """As `write`, for a statement with RETURNING; what it returned, in no promised order."""
    return fetch(tx, wanted, *zip(*rows, strict=True), *then) if rows else []


def _executed(tx: Connection, wanted: Prepared, parameters: Sequence[Any]) -> Any:
    """A cursor that has executed it."""
    lent = tx.connection
    assert lent.driver_connection is not None, "the transaction has ended"
    cursor = lent.driver_connection.cursor()
    known = lent.info.setdefault(_PREPARED, set())
    if wanted.name not in known:
        cursor.execute(wanted.preparing)
        known.add(wanted.name)
    given = [_array(one) if isinstance(one, (list, tuple)) else one for one in parameters]
    try:
        cursor.execute(wanted.executing, given)
    except (errors.FeatureNotSupported, errors.InvalidSqlStatementName) as error:
        # A migration has changed what it returns, or the session is another one. That passes: a
        # new connection prepares anew.
        tx.invalidate()
        raise OperationalError(f"{wanted.name} must be prepared anew") from error
    return cursor


def _array(cells: Iterable[Any]) -> str:
    """As PostgreSQL writes an array: '{1,NULL,"a"}'."""
    return "{" + ",".join([_CELLS.get(type(cell), _other)(cell) for cell in cells]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _other(cell: Any) -> str:
    """Of a class that is derived from one of those below: an enumeration, above all."""
    for kind in type(cell).__mro__:
        if kind in _CELLS:
            return _CELLS[kind](cell)
    raise TypeError(f"no column holds a {type(cell).__name__}")


_CELLS: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    bool: lambda cell: "t" if cell else "f",
    int: int.__repr__,
    str: _quoted,
    UUID: lambda cell: f"{cell.int:032x}",
    date: date.isoformat,
    datetime: datetime.isoformat,
    bytes: lambda cell: f'"\\\\x{cell.hex()}"',
    list: lambda cell: _quoted(_array(cell)),
    tuple: lambda cell: _quoted(_array(cell)),
}
