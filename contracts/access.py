"""Who may do what: bearer tokens bound to a participant or an operator, and to a role.

Only the SHA-256 of a token is stored: a token is 256 random bits, so no slow hash is needed.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Column, Connection, DateTime, LargeBinary, MetaData, String, Table

from contracts.codes import AreaCode
from contracts.delivery import bulk

_ISSUE = """
    INSERT INTO access_tokens (token_sha256, subject, role, area, issued_at, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
_FIND = """
    SELECT subject, role, area FROM access_tokens
    WHERE token_sha256 = %s AND expires_at > %s AND revoked_at IS NULL
"""
_FORGET = """
    DELETE FROM access_tokens WHERE token_sha256 IN (
        SELECT token_sha256 FROM access_tokens WHERE role = %s AND expires_at <= %s LIMIT %s
    )
"""
_REVOKE = "UPDATE access_tokens SET revoked_at = %s WHERE subject = %s AND revoked_at IS NULL"


class AccessRole(StrEnum):
    """What a token may be used for."""

    OPERATOR = "operator"  # clearing operator of the hub: days, breaks, clearing
    INSURED_AGENCY = "insured_agency"  # an insured area's agency: its registrations, its desk
    TREATMENT_AGENCY = "treatment_agency"  # a treatment area's agency: its settlements
    WATCHER = "watcher"  # reads what concerns its area, changes nothing
    INSTITUTION = "institution"  # a hospital or pharmacy: its own requests at the gateway
    PERSON_CHANNEL = "person_channel"  # an app or web channel: opens sessions for its persons
    PERSON = "person"  # one person for some minutes: the subject is the person token


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. `area` is None for the hub's own people, for channels and persons."""

    subject: str
    role: AccessRole
    area: AreaCode | None


def add_to(metadata: MetaData) -> None:
    """Declare access_tokens in a participant's metadata."""
    Table(
        "access_tokens",
        metadata,
        Column("token_sha256", LargeBinary(32), primary_key=True),
        Column("subject", String(100), nullable=False),
        Column("role", String(30), nullable=False),
        Column("area", String(6)),
        Column("issued_at", DateTime(timezone=True), nullable=False),
        Column("expires_at", DateTime(timezone=True), nullable=False),
        Column("revoked_at", DateTime(timezone=True)),
    )


def issue(tx: Connection, principal: Principal, *, valid_for: timedelta, now: datetime) -> str:
    """A new token, shown this once: only its digest is kept."""
    token = secrets.token_urlsafe(32)
    row = (_digest(token), principal.subject, principal.role.value, principal.area)
    bulk.run(tx, _ISSUE, (*row, now, now + valid_for))
    return token


def principal_of(tx: Connection, token: str, now: datetime) -> Principal | None:
    """Who holds this token, or None when it is unknown, expired or revoked."""
    for subject, role, area in bulk.fetch(tx, _FIND, (_digest(token), now)):
        return Principal(subject, AccessRole(role), AreaCode(area) if area else None)
    return None


def revoke(tx: Connection, subject: str, now: datetime) -> int:
    """Take back every token of a subject; how many."""
    return bulk.run(tx, _REVOKE, (now, subject))


def forget(tx: Connection, role: AccessRole, *, expired_by: datetime, count_max: int) -> int:
    """Delete tokens of a role that were over by then, at most so many; how many."""
    return bulk.run(tx, _FORGET, (role.value, expired_by, count_max))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
