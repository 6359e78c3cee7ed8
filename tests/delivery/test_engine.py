"""A connection that lay idle is asked before it is lent; one that was just used is not."""

import psycopg2
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from contracts.delivery.engine import engine_of
from contracts.delivery.passing import is_passing
from tests.delivery.notebook import Notebook


def _engine(notebook: Notebook, asked_after_s: float) -> Engine:
    url = notebook.engine.url.render_as_string(hide_password=False)
    return engine_of(url, name="asked", pool_max=2, asked_after_s=asked_after_s)


def _backend(engine: Engine) -> int:
    with engine.begin() as tx:
        return int(tx.execute(text("SELECT pg_backend_pid()")).scalar_one())


def _end(notebook: Notebook, backend: int) -> None:
    with notebook.engine.begin() as tx:
        assert tx.execute(text(f"SELECT pg_terminate_backend({backend}, 5000)")).scalar_one()


def test_who_lay_idle_is_asked_and_replaced_without_anybody_noticing(notebook: Notebook) -> None:
    engine = _engine(notebook, asked_after_s=0)
    first = _backend(engine)
    assert _backend(engine) == first
    _end(notebook, first)
    assert _backend(engine) != first
    engine.dispose()


def test_who_was_just_used_is_not_asked_and_its_loss_passes(notebook: Notebook) -> None:
    engine = _engine(notebook, asked_after_s=3_600)
    first = _backend(engine)
    _end(notebook, first)
    with pytest.raises((psycopg2.OperationalError, DBAPIError)) as lost:
        _backend(engine)
    assert is_passing(lost.value)
    assert _backend(engine) != first, "the next one is new"
    engine.dispose()


def test_one_that_was_lost_takes_the_others_with_it(notebook: Notebook) -> None:
    engine = _engine(notebook, asked_after_s=0)
    with engine.connect() as one, engine.connect() as other:
        both = {
            int(tx.execute(text("SELECT pg_backend_pid()")).scalar_one()) for tx in (one, other)
        }
    for backend in both:
        _end(notebook, backend)
    with engine.connect() as one, engine.connect() as other:
        for tx in (one, other):
            assert tx.execute(text("SELECT pg_backend_pid()")).scalar_one() not in both
    engine.dispose()
