"""Which faults pass by themselves: the moment is bad, not the message and not our code.

Errors come in two coats. Core statements and COMMIT raise SQLAlchemy's DBAPIError with psycopg2's
error inside; `contracts.delivery.bulk` uses psycopg2's cursor, whose errors come as they are.
"""

import psycopg2
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Classes of SQLSTATE: connection, transaction rollback (deadlock, serialization), resources,
# operator intervention (shutdown, statement timeout), system error (disk).
PASSING_CLASSES = frozenset({"08", "40", "53", "57", "58"})
PASSING_STATES = frozenset(
    {
        "25006",  # read-only: the primary has just become a replica
        "25P03",  # idle in transaction for too long; the server hung up
        "55006",  # the object is in use
        "55P03",  # lock not available in time
    }
)


def is_passing(error: BaseException) -> bool:
    """A lost connection, deadlock, lock timeout or serialization: trying again may help."""
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _passes(error.orig)
    return _passes(error)


def _passes(error: BaseException | None) -> bool:
    if not isinstance(error, psycopg2.Error):
        return False
    if error.pgcode is not None:
        return error.pgcode in PASSING_STATES or error.pgcode[:2] in PASSING_CLASSES
    # Without a state it never came from the server: the connection is gone or cannot be made.
    # libpq tells some losses as a plain DatabaseError; what the client refuses is a subclass.
    return (
        isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
        or type(error) is psycopg2.DatabaseError
    )
