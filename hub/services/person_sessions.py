"""Sessions of persons: tokens like any other, for some minutes and one person's own matters."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.ids import PersonId

KEPT_FOR = timedelta(days=1)
"""How long a session that is over may still be looked at."""
FORGOTTEN_AT_ONCE_MAX = 1_000


def begin(tx: Connection, person_id: PersonId, valid_for: timedelta, now: datetime) -> str:
    """A new token; only its digest and the person token are kept."""
    principal = Principal(person_id, AccessRole.PERSON, None)
    return access.issue(tx, principal, valid_for=valid_for, now=now)


def forget(tx: Connection, now: datetime) -> int:
    """Delete sessions that are over since a day, a bounded number of them; how many."""
    return access.forget(
        tx, AccessRole.PERSON, expired_by=now - KEPT_FOR, count_max=FORGOTTEN_AT_ONCE_MAX
    )
