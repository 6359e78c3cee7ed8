"""The schema's migrations: run from the installed package, quietly, by one process at a time."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

# Any constant of our own: whoever holds this advisory lock migrates.
LOCK = 0x1D10001


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema; safe when two start at once."""
    engine = create_engine(url)
    try:
        with engine.begin() as tx:
            tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            config = Config()
            scripts = str(files("participants.insured.store").joinpath("migrations"))
            config.set_main_option("script_location", scripts.replace("%", "%%"))
            config.attributes["connection"] = tx
            command.upgrade(config, "head")
    finally:
        engine.dispose()
