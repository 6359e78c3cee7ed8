"""How every participant opens its database: the same options, all spelled out."""

from sqlalchemy import Engine, create_engine


def engine_of(url: str, *, name: str, pool_max: int = 5, lock_timeout_ms: int = 5_000) -> Engine:
    """An engine on PostgreSQL (postgresql+psycopg2://…), READ COMMITTED, in UTC.

    `name` shows in pg_stat_activity. A lock that is not free in time is a passing fault.
    """
    options = f"-c timezone=UTC -c lock_timeout={lock_timeout_ms} -c statement_timeout=60000"
    return create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=pool_max,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={"application_name": name, "options": options, "connect_timeout": 5},
    )
