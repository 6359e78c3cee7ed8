"""What goes into a prepared statement comes out as it was, whatever it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from contracts.delivery import prepared
from contracts.delivery.engine import engine_of
from contracts.delivery.passing import is_passing
from tests.delivery.notebook import Notebook


class Kind(StrEnum):
    ONE = "one"


CELLS: dict[str, list[Any]] = {
    "bigint": [0, -1, 2**63 - 1, None],
    "smallint": [True + 1, -32_768, None],
    "boolean": [True, False, None],
    "text": ["", "NULL", "{", "a,b", '"', "\\", "'", "\\'", "%s $1", "一二三\n\t", None],
    "uuid": [UUID(int=0), UUID(int=2**128 - 1), UUID("01a20438-067c-74e2-b801-000000000001"), None],
    "date": [date(1, 1, 1), date(2026, 11, 22), None],
    "timestamptz": [
        datetime(2026, 11, 22, 17, 0, 0, 123_456, tzinfo=UTC),
        datetime(2026, 11, 22, 17, tzinfo=timezone(timedelta(hours=8))),
        None,
    ],
    "bytea": [b"", b"\x00\xff\\'", bytes(range(256)), None],
    "text[]": [[], ["a,b", '"', "\\", "{}", ""], ["一", None], None],
    "bigint[]": [[1, -2], [], None],
}
_NOT_NUL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@contextmanager
def _session(notebook: Notebook, *, keeps_plans: bool = True) -> Iterator[Engine]:
    url = notebook.engine.url.render_as_string(hide_password=False)
    engine = engine_of(url, name="one", pool_max=1, keeps_plans=keeps_plans)
    yield engine
    engine.dispose()


def _kept(tx: Connection) -> int:
    return int(tx.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one())


def _back(notebook: Notebook, kind: str, cells: list[Any]) -> list[Any]:
    """As rows of one column, in their order, with the number that each row has."""
    asked = prepared.statement_of_rows(
        "SELECT n, cell FROM %s AS given (n, cell) ORDER BY n", f"int {kind}"
    )
    with notebook.engine.begin() as tx:
        found = prepared.write_and_return(tx, asked, list(enumerate(cells)))
    return [bytes(cell) if isinstance(cell, memoryview) else cell for _, cell in found]


@pytest.mark.parametrize("kind", CELLS)
def test_a_column_of_cells_comes_back(notebook: Notebook, kind: str) -> None:
    assert _back(notebook, kind, CELLS[kind]) == CELLS[kind]


# Nothing is written: each example may find the database as the last one left it.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_NOT_NUL), st.lists(st.lists(_NOT_NUL)))
def test_any_text_comes_back(notebook: Notebook, texts: list[str], lists: list[list[str]]) -> None:
    assert _back(notebook, "text", texts) == texts
    assert _back(notebook, "text[]", lists) == lists


def test_a_parameter_comes_back_alone_or_as_an_array(notebook: Notebook) -> None:
    asked = prepared.statement("SELECT $1, $2, $3, $4", "uuid text[] date text")
    one = (UUID(int=5), ["a", "'"], date(2026, 1, 2), None)
    with notebook.engine.begin() as tx:
        assert prepared.fetch(tx, asked, *one) == [one]


def test_an_enumeration_is_its_value(notebook: Notebook) -> None:
    assert _back(notebook, "text", [Kind.ONE]) == ["one"]


WRONG: list[tuple[str, Any]] = [
    *((kind, cell) for kind in CELLS for cell in (1.5, object(), {"a": 1}, Decimal(2))),
    *((kind, "a") for kind in CELLS if kind != "text"),
    *((kind, 1) for kind in CELLS if kind not in {"bigint", "smallint", "boolean"}),
    *((kind, True) for kind in CELLS if kind != "boolean"),
    ("text", "a\0b"),
    ("text", "\0"),
    ("text[]", ["a\0b"]),
    ("smallint", 2**15),
    ("bigint", 2**63),
]


@pytest.mark.parametrize(("kind", "cell"), WRONG, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("beside", [0, 2])
def test_what_a_column_does_not_hold_is_refused(
    notebook: Notebook, kind: str, cell: Any, beside: int
) -> None:
    refusals = (TypeError, ValueError, KeyError, AttributeError, psycopg2.DataError)
    with pytest.raises(refusals):
        _back(notebook, kind, [*CELLS[kind][:beside], cell])


def test_an_unknown_type_is_refused_where_the_statement_is_made() -> None:
    with pytest.raises(KeyError):
        prepared.statement_of_rows("SELECT * FROM %s AS given (a)", "money")


@pytest.mark.parametrize("keeps", [True, False])
def test_planned_anew_or_once_it_is_the_same(notebook: Notebook, keeps: bool) -> None:
    rows = prepared.statement_of_rows(
        "SELECT a, b, $3 FROM %s AS given (a, b) WHERE $4 ORDER BY a",
        "int text[]",
        then="uuid[] boolean",
    )
    plain = prepared.statement("SELECT $2, $1, $2", "int text")
    with _session(notebook, keeps_plans=keeps) as engine, engine.begin() as tx:
        given = [(1, ["a'", "%s"]), (2, [])]
        found = prepared.write_and_return(tx, rows, given, [UUID(int=7)], True)
        assert found == [(*row, [UUID(int=7)]) for row in given]
        assert prepared.fetch(tx, plain, 5, "%(p1)s") == [("%(p1)s", 5, "%(p1)s")]
        assert _kept(tx) == (2 if keeps else 0)


def test_rows_of_other_lengths_are_refused(notebook: Notebook) -> None:
    asked = prepared.statement_of_rows("SELECT * FROM %s AS given (a, b)", "int int")
    with notebook.engine.begin() as tx, pytest.raises(ValueError, match="zip"):
        prepared.write_and_return(tx, asked, [(1, 2), (3,)])


def test_no_rows_are_no_statement(notebook: Notebook) -> None:
    asked = prepared.statement_of_rows("SELECT 1 / 0 FROM %s AS given (a)", "int")
    with notebook.engine.begin() as tx:
        prepared.write(tx, asked, [])
        assert prepared.write_and_return(tx, asked, []) == []


def test_a_connection_prepares_once_also_when_the_transaction_failed(notebook: Notebook) -> None:
    asked = prepared.statement("SELECT 1 / $1", "int")
    with _session(notebook) as engine:
        with pytest.raises(psycopg2.errors.DivisionByZero), engine.begin() as tx:
            prepared.fetch(tx, asked, 0)
        with engine.begin() as tx:
            assert prepared.fetch(tx, asked, 1) == [(1,)]
            assert _kept(tx) == 1


def test_a_migration_beneath_it_passes_with_the_next_try(notebook: Notebook) -> None:
    asked = prepared.statement("SELECT * FROM changing")
    with notebook.engine.begin() as tx:
        tx.execute(text("CREATE TABLE changing (a int)"))
        tx.execute(text("INSERT INTO changing VALUES (1)"))
    with _session(notebook) as engine:
        with engine.begin() as tx:
            assert prepared.fetch(tx, asked) == [(1,)]
        with notebook.engine.begin() as tx:
            tx.execute(text("ALTER TABLE changing ALTER a TYPE text"))
        with pytest.raises(psycopg2.OperationalError) as failed, engine.begin() as tx:
            prepared.fetch(tx, asked)
        assert is_passing(failed.value)
        with engine.begin() as tx:
            assert prepared.fetch(tx, asked) == [("1",)]


def test_a_session_that_was_swapped_passes_with_the_next_try(notebook: Notebook) -> None:
    asked = prepared.statement("SELECT $1 + 1", "int")
    with _session(notebook) as engine:
        with engine.begin() as tx:
            prepared.fetch(tx, asked, 1)
            tx.execute(text("DEALLOCATE ALL"))
        with pytest.raises(psycopg2.OperationalError) as failed, engine.begin() as tx:
            prepared.fetch(tx, asked, 1)
        assert is_passing(failed.value)
        with engine.begin() as tx:
            assert prepared.fetch(tx, asked, 1) == [(2,)]
