"""Statements of the hot path: parsed and planned once a session, rows as arrays of columns.

PostgreSQL takes longer to read and plan a statement of ours than to do what it says, and psycopg2
longer to write out rows value by value than one text a column. So in a session that keeps plans
(`engine_of`) a statement is prepared where it is first used, and from then on only executed, with
one array for each column of its rows; other sessions plan it each time. Whoever puts a pooler
between must let it keep sessions.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from psycopg2 import OperationalError, errors
from sqlalchemy import Connection

from contracts.delivery.arrays import BY_KIND, AsArray, of_arrays
from contracts.delivery.kept_plans import keeps_plans

_NUMBERS = count(1)
_PARAMETER = re.compile(r"\$(\d+)")
_KNOWN: dict[str, "Prepared"] = {}
_PREPARED = "yidi prepared"  # what a connection knows, in SQLAlchemy's `info` of it


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A statement with parameters $1, $2, …, under a name of its own.

    `as_arrays`: by their names p1, p2, …, how each parameter is written that is an array; None for
    those that are not. `planning` is the statement for a session that keeps no plans.
    """

    text: str
    as_arrays: Mapping[str, AsArray | None]
    name: str
    preparing: str
    executing: str
    planning: str


def statement(text: str, kinds: str = "") -> Prepared:
    """`kinds` are the SQL types of $1, $2, …: 'uuid[] timestamptz'. Make each once, in a module."""
    return _named(text, kinds.split(), [])


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
    return _named(
        f"{before}{rows}{after}",
        [*(f"{kind}[]" for kind in flat), *then.split()],
        [_as_array(f"{kind}[]") for kind in columns],
    )


def _named(text: str, kinds: Sequence[str], first: Sequence[AsArray | None]) -> Prepared:
    """`first`: how the first parameters are written; the rest follows from their types."""
    written = (*first, *map(_as_array, kinds[len(first) :]))
    as_arrays = {f"p{n}": one for n, one in enumerate(written, start=1)}
    name, marks = f"yidi_{next(_NUMBERS)}", [f"%({one})s" for one in as_arrays]
    typed = [f"{mark}::{kind}" for mark, kind in zip(marks, kinds, strict=True)]
    of, given = (f" ({', '.join(one)})" if kinds else "" for one in (kinds, marks))
    _KNOWN[name] = made = Prepared(
        text,
        as_arrays,
        name,
        preparing=f"PREPARE {name}{of} AS {text}",
        executing=f"EXECUTE {name}{given}",
        planning=_PARAMETER.sub(lambda found: typed[int(found[1]) - 1], text),
    )
    return made


def _as_array(kind: str) -> AsArray | None:
    """For 'text[]' how a column of texts is written, for 'text[][]' one of arrays of them."""
    if not kind.endswith("[]"):
        return None
    cell = kind.removesuffix("[]")
    of_cells = _as_array(cell)
    return BY_KIND[cell] if of_cells is None else of_arrays(of_cells)


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


def text_of(said: str) -> str | None:
    """What a cursor was told, with the text of a prepared statement in place of its name.

    For whoever listens to what goes to PostgreSQL; None where a statement is only prepared.
    """
    verb, _, rest = said.partition(" ")
    if verb == "EXECUTE":
        return _KNOWN[rest.partition(" ")[0]].text
    return None if verb == "PREPARE" else said


def _executed(tx: Connection, wanted: Prepared, parameters: Sequence[Any]) -> Any:
    """A cursor that has executed it."""
    lent = tx.connection
    assert lent.driver_connection is not None, "the transaction has ended"
    cursor = lent.driver_connection.cursor()
    is_kept = keeps_plans(lent.info)
    if is_kept and wanted.name not in (known := lent.info.setdefault(_PREPARED, set())):
        cursor.execute(wanted.preparing)
        known.add(wanted.name)
    given = {
        name: one if as_array is None else as_array(one)
        for (name, as_array), one in zip(wanted.as_arrays.items(), parameters, strict=True)
    }
    try:
        cursor.execute(wanted.executing if is_kept else wanted.planning, given)
    except (errors.FeatureNotSupported, errors.InvalidSqlStatementName) as error:
        # A migration has changed what it returns, or the session is another one. That passes: a
        # new connection prepares anew.
        tx.invalidate()
        raise OperationalError(f"{wanted.name} must be prepared anew") from error
    return cursor
