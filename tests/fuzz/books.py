"""What a database holds and who wrote to it: how a refused request is shown to leave nothing."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import Connection, Engine, event

from contracts.delivery import bulk

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
# Every row counts: a hash over all of them, in no order.
_OF_TABLE = (
    "SELECT '{name}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text"
    " FROM {name} t WHERE {which}"
)
_WROTE = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"

State = Mapping[str, tuple[int, str]]


def state(
    engine: Engine,
    without: frozenset[str] = frozenset(),
    only: Mapping[str, str] = MappingProxyType({}),
) -> State:
    """The number of rows and a hash over them of every table but `without`, on one snapshot.

    `only`: which rows of a table count, as a condition on them.
    """
    with engine.connect() as tx:
        names = [name for (name,) in bulk.fetch(tx, _TABLES) if name not in without]
        query = " UNION ALL ".join(
            _OF_TABLE.format(name=name, which=only.get(name, "true")) for name in names
        )
        return {name: (count, hashed) for name, count, hashed in bulk.fetch(tx, query)}


def changed(before: State, after: State) -> list[str]:
    """The tables that are not as they were, with their numbers of rows."""
    return [
        f"{name} {before[name][0]}→{after[name][0]}"
        for name in sorted(before)
        if before[name] != after[name]
    ]


@dataclass(slots=True)
class Commits:
    """How often something was written and kept. What a sweeper of the outbox writes is no one's."""

    written: int = 0
    _not_counted: frozenset[str] = field(default=frozenset({"tend the outbox"}))

    def heard(self, tx: Connection) -> None:
        if threading.current_thread().name not in self._not_counted:
            self.written += bool(tx.exec_driver_sql(_WROTE).scalar())


@contextmanager
def commits(engine: Engine) -> Iterator[Commits]:
    """Count the transactions of this engine that wrote anything and were not rolled back."""
    found = Commits()
    event.listen(engine, "commit", found.heard)
    try:
        yield found
    finally:
        event.remove(engine, "commit", found.heard)
