"""How the hub's commands reach its database: an engine, a transaction, a snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from contracts.delivery import engine as database
from contracts.programs.settings import read
from hub.settings import Settings


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one instant of the books, and can write nothing."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as tx:
        yield tx


@contextmanager
def opened_engine(name: str, settings: Settings, *, keeps_plans: bool = False) -> Iterator[Engine]:
    url, pool_max = settings.database_url(), settings.hub_pool_max
    with database.opened(url, name=name, pool_max=pool_max, keeps_plans=keeps_plans) as engine:
        yield engine


@contextmanager
def transaction() -> Iterator[Connection]:
    with database.transaction(read(Settings).database_url(), name="hub.operator") as tx:
        yield tx
