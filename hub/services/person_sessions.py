"""Sessions of persons: tokens like any other, for some minutes and one person's own matters."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.ids import PersonId


def begin(tx: Connection, person_id: PersonId, valid_for: timedelta, now: datetime) -> str:
    """A new token; only its digest and the person token are kept."""
    principal = Principal(person_id, AccessRole.PERSON, None)
    return access.issue(tx, principal, valid_for=valid_for, now=now)
