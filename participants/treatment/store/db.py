"""Brings a treatment area's database to the newest schema, from the scripts in this package."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from participants.treatment.store.tables import metadata

# Any number, as long as nobody else in this database locks with it.
MIGRATION_LOCK = 7_310_001


def migrate(url: str) -> None:
    """Upgrade to head. Safe when two start at once: the second waits and finds nothing to do."""
    engine = create_engine(
        url, isolation_level="READ COMMITTED", connect_args={"connect_timeout": 5}
    )
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
            command.upgrade(config_of(connection), "head")
            connection.commit()
    finally:
        engine.dispose()


def config_of(connection: Connection) -> Config:
    """Alembic's configuration without an ini file, on a connection that is already open."""
    config = Config()
    config.set_main_option(
        "script_location", str(files("participants.treatment.store") / "migrations")
    )
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config
