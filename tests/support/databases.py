"""Real PostgreSQL for tests: one server a session, one template a role, one clone a test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine

from contracts.delivery.engine import engine_of
from simulators.stack import postgres

Migrate = Callable[[str], None]


@dataclass(slots=True)
class Databases:
    """Hands out empty, migrated databases and takes them back at the end of the test."""

    admin_url: str
    prefix: str = ""  # two processes on one server name theirs apart
    _templates: dict[str, str] = field(default_factory=dict)
    _given: list[tuple[str, Engine]] = field(default_factory=list)
    _count: int = 0

    def fresh(self, role: str, migrate: Migrate) -> Engine:
        template = self._template(role, migrate)
        self._count += 1
        name = f"{self.prefix}{role}_{self._count}"
        engine = engine_of(postgres.create_database(self.admin_url, name, template), name=name)
        self._given.append((name, engine))
        return engine

    def take_back(self) -> None:
        while self._given:
            name, engine = self._given.pop()
            engine.dispose()
            postgres.drop_database(self.admin_url, name)

    def _template(self, role: str, migrate: Migrate) -> str:
        if role not in self._templates:
            name = f"{self.prefix}template_{role}"
            migrate(postgres.create_database(self.admin_url, name))
            self._templates[role] = name
        return self._templates[role]


@contextmanager
def given_back(databases: Databases) -> Iterator[Databases]:
    try:
        yield databases
    finally:
        databases.take_back()
