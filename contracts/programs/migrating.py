"""Brings a participant's database to its newest schema, with the scripts inside its package.

Alembic is imported late: it takes a fifth of a second, which every program would pay at its start.
"""

from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, NullPool, create_engine, text

from contracts.delivery.engine import REACH

if TYPE_CHECKING:
    from alembic.config import Config

# Any number, as long as nobody else in a participant's database locks with it.
LOCK = 7_946_310_001


def migrate(url: str, package: str) -> None:
    """Upgrade to head, in one transaction, from the folder `migrations` in `package`.

    Does nothing when it is there already. Safe when two start at once: the second waits, and finds
    nothing to do.
    """
    from alembic import command

    engine = create_engine(
        url,
        poolclass=NullPool,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={"application_name": "yidi migrate", **REACH},
    )
    with as_file(files(package).joinpath("migrations")) as folder, engine.begin() as tx:
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        command.upgrade(_config(str(folder), {"connection": tx}), "head")


def run_scripts() -> None:
    """What the env.py of every `migrations` does when Alembic runs it."""
    from alembic import context

    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


def _config(folder: str, attributes: Mapping[str, Connection]) -> "Config":
    from alembic.config import Config

    config = Config(attributes=dict(attributes))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
