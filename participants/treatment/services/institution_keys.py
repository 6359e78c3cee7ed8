"""Keys of institutions: given, listed, taken back, and looked up by the gateway."""

from datetime import datetime

from sqlalchemy import Connection

from contracts import access
from participants.treatment.domain.institution_key import (
    KEYS_AT_ONCE_MAX,
    InstitutionKey,
    KeyScheme,
)
from participants.treatment.store import institution_keys as store


class InstitutionUnknown(Exception):
    """No such institution here; the text is its code."""


class TooManyKeys(Exception):
    """It has two live keys of this scheme: one must be revoked first; the text is the scheme."""


def add(tx: Connection, key: InstitutionKey, now: datetime) -> None:
    """Store a new key; InstitutionUnknown, or TooManyKeys beside two that are not over."""
    if not store.lock(tx, key.institution_code):
        raise InstitutionUnknown(key.institution_code)
    store.retire(tx, key.institution_code, key.scheme, now)
    taken = store.slots_taken(tx, key.institution_code, key.scheme)
    free = [slot for slot in range(1, KEYS_AT_ONCE_MAX + 1) if slot not in taken]
    if not free:
        raise TooManyKeys(key.scheme.value)
    store.add(tx, key, free[0], now)


def of(tx: Connection, institution_code: str, now: datetime) -> list[InstitutionKey]:
    """Its keys that are valid or will be, the oldest first."""
    return store.of(tx, institution_code, now)


def by_id(tx: Connection, scheme: KeyScheme, key_id: str) -> InstitutionKey | None:
    """The key of this name unless it was revoked; the caller looks at its dates."""
    return store.by_id(tx, scheme, key_id)


def listed(tx: Connection, institution_code: str = "") -> list[InstitutionKey]:
    """Every key there ever was, of one institution or of all."""
    return store.listed(tx, institution_code)


def revoke(tx: Connection, scheme: KeyScheme, key_id: str, now: datetime) -> bool:
    """Take a key back, and with an OAuth client the tokens of its institution; False for none."""
    key = store.by_id(tx, scheme, key_id)
    if key is None or not store.revoke(tx, scheme, key_id, now):
        return False
    if scheme is KeyScheme.OAUTH:
        access.revoke(tx, key.institution_code, now)
    return True
