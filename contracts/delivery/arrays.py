"""Columns of cells as the texts that PostgreSQL reads as arrays: '{1,NULL,"a"}'.

One text a column instead of one a cell, and each made by as few calls as can be: a settlement is
some two hundred cells. What a cell may be follows from the column's SQL type; what is of another
type is refused here, or else by PostgreSQL, and never written as something else.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

Column = Sequence[Any]
AsArray = Callable[[Column], str]


def of_numbers(cells: Column) -> str:
    """Whole numbers; their own notation in a list is PostgreSQL's."""
    return "{" + repr(list(cells))[1:-1].replace("None", "NULL") + "}"


def of_texts(cells: Column) -> str:
    """Texts, and JSON as text. ValueError for a NUL, for which PostgreSQL has no room."""
    if None in cells:
        return "{" + ",".join(["NULL" if one is None else _quoted(one) for one in cells]) + "}"
    if not cells:
        return "{}"
    together = "\0".join(cells)
    if together.count("\0") >= len(cells):
        raise ValueError("a NUL character")
    return "{" + _quoted(together).replace("\0", '","') + "}"


def of_ids(cells: Sequence[UUID | None]) -> str:
    return "{" + ",".join(["NULL" if one is None else f"{one.int:032x}" for one in cells]) + "}"


def of_days(cells: Sequence[date | None]) -> str:
    """Days, and instants. Most columns of a batch hold one and the same."""
    if cells and cells.count(cells[0]) == len(cells):
        return "{" + ",".join([_day(cells[0])] * len(cells)) + "}"
    return "{" + ",".join(map(_day, cells)) + "}"


def of_flags(cells: Sequence[bool | None]) -> str:
    return "{" + ",".join([_FLAGS[one] for one in cells]) + "}"


def of_bytes(cells: Sequence[bytes | None]) -> str:
    texts = ["NULL" if one is None else f'"\\\\x{one.hex()}"' for one in cells]
    return "{" + ",".join(texts) + "}"


def of_arrays(as_array: AsArray) -> AsArray:
    """Cells that are arrays themselves, lists or tuples; each is a text in its column."""

    def write(cells: Column) -> str:
        if not all(one is None or isinstance(one, (list, tuple)) for one in cells):
            raise TypeError("a cell of a column of arrays is a list or a tuple")
        return of_texts([None if one is None else as_array(one) for one in cells])

    return write


_FLAGS: Mapping[bool | None, str] = {True: "t", False: "f", None: "NULL"}

BY_KIND: Mapping[str, AsArray] = {
    "bigint": of_numbers,
    "int": of_numbers,
    "smallint": of_numbers,
    "text": of_texts,
    "jsonb": of_texts,
    "uuid": of_ids,
    "date": of_days,
    "timestamptz": of_days,
    "boolean": of_flags,
    "bytea": of_bytes,
}
"""How a column of this SQL type is written."""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _day(one: date | None) -> str:
    return "NULL" if one is None else one.isoformat()
