"""PostgreSQL, wherever it runs: its settings, its version, its databases."""

from contextlib import closing

import psycopg2
from psycopg2 import sql
from sqlalchemy import URL, make_url

DRIVER = "postgresql+psycopg2"
CONNECT_WAIT_S = 10

SETTINGS = {
    "max_connections": "500",  # 32 areas, each with its workers and its gateway
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# For a server of tests: every CREATE and DROP DATABASE looks through all of the shared buffers.
SMALL = {"shared_buffers": "64MB", "max_wal_size": "512MB"}


class NoPostgres(Exception):
    """No PostgreSQL can be had; one sentence says why."""


def settings(*, durable: bool) -> dict[str, str]:
    """Names and values for postgresql.conf; without `durable`, a power cut may lose anything."""
    return SETTINGS | (DURABLE if durable else FLEETING)


def server_version(url: str) -> str:
    """For example "18.4". Raises NoPostgres when nobody answers within CONNECT_WAIT_S."""
    try:
        with closing(connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            (version,) = cursor.fetchone() or ("?",)
    except psycopg2.OperationalError as error:
        where = make_url(url).render_as_string(hide_password=True)
        raise NoPostgres(f"{where} does not answer: {str(error).strip()}") from error
    return str(version).split()[0]


def create_database(admin_url: str, name: str, template: str | None = None) -> str:
    """Create the database `name`, copied from `template` if given; returns its URL.

    Raises psycopg2.errors.DuplicateDatabase if it is there already.
    """
    command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        # Copying the files costs half of what it costs to log every page of a small database.
        clause = sql.SQL(" TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
        command += clause
    _administer(admin_url, command)
    return rendered(make_url(admin_url).set(database=name))


def drop_database(admin_url: str, name: str) -> None:
    """Remove the database `name`, if there, together with whoever is still connected to it."""
    command = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    _administer(admin_url, command)


def rendered(url: URL) -> str:
    """The URL as a string for SQLAlchemy with psycopg2, password included."""
    return url.set(drivername=DRIVER).render_as_string(hide_password=False)


def connect(url: str) -> psycopg2.extensions.connection:
    """A connection outside any transaction. Raises psycopg2.OperationalError."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(plain, connect_timeout=CONNECT_WAIT_S)
    connection.autocommit = True
    return connection


def _administer(admin_url: str, command: sql.Composable) -> None:
    with closing(connect(admin_url)) as connection, connection.cursor() as cursor:
        cursor.execute(command)
