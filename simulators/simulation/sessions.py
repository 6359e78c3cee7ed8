"""Terminates the sessions of a database, as its restart would, and waits until they are gone."""

from contextlib import closing

from sqlalchemy import make_url

from simulators.stack import postgres

WITHIN_MS = 5_000
_TERMINATE = """
    SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
    WHERE datname = %s AND pid <> pg_backend_pid()
"""


def terminate(admin_url: str, url: str) -> None:
    """Everybody's on the database of `url`; whoever comes next can connect."""
    with closing(postgres.connect(admin_url)) as connection, connection.cursor() as cursor:
        cursor.execute(_TERMINATE, (WITHIN_MS, make_url(url).database))
