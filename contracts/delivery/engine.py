"""How every participant opens its database: the same options, all spelled out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from contracts.delivery import kept_plans
from contracts.delivery.adapting import adapt

_PUT_BACK = "yidi put back"  # when, in SQLAlchemy's `info` of a connection
# A network that swallows packets must not hold a thread for hours. Seconds, and milliseconds.
REACH = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


# A connection that somebody just used is there. One that lay idle is asked: a restart of the server
# should cost nobody a request. Asking each time is one in ten of what a quiet program sends.
IDLE_S = 1.0


def engine_of(
    url: str,
    *,
    name: str,
    pool_max: int = 5,
    lock_timeout_ms: int = 5_000,
    asked_after_s: float = IDLE_S,
    keeps_plans: bool = False,
) -> Engine:
    """An engine on PostgreSQL (postgresql+psycopg2://…), READ COMMITTED, in UTC.

    `name` shows in pg_stat_activity. A lock that is not free in time is a passing fault, and so is
    a connection that was lost; one that was idle for `asked_after_s` is first asked. `keeps_plans`:
    for who looks up by key and adds up no whole tables (`kept_plans`).
    """
    given = {"timezone": "UTC", "lock_timeout": lock_timeout_ms, "statement_timeout": 60_000}
    if keeps_plans:
        given |= kept_plans.BY_INDEX
    options = " ".join(f"-c {setting}={value}" for setting, value in given.items())
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=pool_max,
        max_overflow=0,
        pool_timeout=10,
        hide_parameters=True,  # errors are logged, and the parameters are people
        connect_args={"application_name": name, "options": options, **REACH},
    )
    event.listen(engine, "connect", adapt)
    if keeps_plans:
        kept_plans.keep(engine)
    _ask_the_idle(engine, asked_after_s)
    return engine


def _ask_the_idle(engine: Engine, after_s: float) -> None:
    def put_back(_driver: Any, record: Any) -> None:
        record.info[_PUT_BACK] = time.monotonic()

    def taken(driver: Any, record: Any, _lent: Any) -> None:
        since = record.info.get(_PUT_BACK)
        if since is not None and time.monotonic() - since >= after_s:
            try:
                engine.dialect.do_ping(driver)
            except psycopg2.Error as error:
                raise InvalidatePoolError from error  # connects anew, and so do all the others

    event.listen(engine, "checkin", put_back)
    event.listen(engine, "checkout", taken)


@contextmanager
def opened(
    url: str, *, name: str, pool_max: int = 5, keeps_plans: bool = False
) -> Iterator[Engine]:
    """An engine for the length of the block."""
    engine = engine_of(url, name=name, pool_max=pool_max, keeps_plans=keeps_plans)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def transaction(url: str, *, name: str) -> Iterator[Connection]:
    """One transaction, for a command that has no message to send."""
    with opened(url, name=name, pool_max=1) as engine, engine.begin() as tx:
        yield tx
