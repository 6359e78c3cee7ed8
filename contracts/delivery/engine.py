"""How every participant opens its database: the same options, all spelled out."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event

from contracts.delivery.adapting import adapt

# A network that swallows packets must not hold a thread for hours. Seconds, and milliseconds.
REACH = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def engine_of(url: str, *, name: str, pool_max: int = 5, lock_timeout_ms: int = 5_000) -> Engine:
    """An engine on PostgreSQL (postgresql+psycopg2://…), READ COMMITTED, in UTC.

    `name` shows in pg_stat_activity. A lock that is not free in time is a passing fault.
    """
    options = f"-c timezone=UTC -c lock_timeout={lock_timeout_ms} -c statement_timeout=60000"
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=pool_max,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        hide_parameters=True,  # errors are logged, and the parameters are people
        connect_args={"application_name": name, "options": options, **REACH},
    )
    event.listen(engine, "connect", adapt)
    return engine


@contextmanager
def opened(url: str, *, name: str, pool_max: int = 5) -> Iterator[Engine]:
    """An engine for the length of the block."""
    engine = engine_of(url, name=name, pool_max=pool_max)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def transaction(url: str, *, name: str) -> Iterator[Connection]:
    """One transaction, for a command that has no message to send."""
    with opened(url, name=name, pool_max=1) as engine, engine.begin() as tx:
        yield tx
