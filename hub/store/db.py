"""The hub's database brought up to date: migrations that travel inside the package."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, text

# One number for all of Yidi's hub migrations; two processes that start at once take turns.
MIGRATION_LOCK = 7_946_310_001


def migrate(url: str) -> None:
    """Upgrade to the newest schema; does nothing when it is there, waits when another is at it."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 5})
    scripts = files("hub.store").joinpath("migrations")
    with as_file(scripts) as folder, engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": MIGRATION_LOCK})
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "head")
