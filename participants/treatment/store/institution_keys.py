"""The institutions' keys, as they are kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.treatment.domain.institution_key import InstitutionKey, KeyScheme

_COLUMNS = (
    "scheme, key_id, institution_code, sealed_secret, public_key, valid_from, valid_until,"
    " revoked_at"
)
_LIVE = f"SELECT {_COLUMNS} FROM institution_keys WHERE revoked_at IS NULL"  # noqa: S608 - ours
_OF = f"{_LIVE} AND institution_code = %s AND valid_until > %s ORDER BY valid_from, key_id"
_BY_ID = f"{_LIVE} AND scheme = %s AND key_id = %s"
_ALL = f"""
    SELECT {_COLUMNS} FROM institution_keys WHERE %s IN (institution_code, '')
    ORDER BY institution_code, scheme, valid_from, key_id
"""  # noqa: S608 - our columns
_SLOTS = """
    SELECT slot FROM institution_keys
    WHERE institution_code = %s AND scheme = %s AND revoked_at IS NULL
"""
_ADD = """
    INSERT INTO institution_keys (scheme, key_id, institution_code, sealed_secret, public_key,
                                  valid_from, valid_until, revoked_at, slot, issued_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_RETIRE = """
    UPDATE institution_keys SET revoked_at = valid_until
    WHERE institution_code = %s AND scheme = %s AND revoked_at IS NULL AND valid_until <= %s
"""
_REVOKE = """
    UPDATE institution_keys SET revoked_at = %s
    WHERE scheme = %s AND key_id = %s AND revoked_at IS NULL
"""
_LOCK = "SELECT code FROM institutions WHERE code = %s FOR UPDATE"


def of(tx: Connection, institution_code: str, now: datetime) -> list[InstitutionKey]:
    """Its keys that are valid or will be, the oldest first."""
    return [_key(row) for row in bulk.fetch(tx, _OF, (institution_code, now))]


def by_id(tx: Connection, scheme: KeyScheme, key_id: str) -> InstitutionKey | None:
    """The key of this name unless it was revoked; it may be past its end."""
    rows = bulk.fetch(tx, _BY_ID, (scheme.value, key_id))
    return _key(rows[0]) if rows else None


def listed(tx: Connection, institution_code: str = "") -> list[InstitutionKey]:
    """Every key there ever was, of one institution or of all."""
    return [_key(row) for row in bulk.fetch(tx, _ALL, (institution_code,))]


def lock(tx: Connection, institution_code: str) -> bool:
    """Hold the institution, so that two do not take one slot; False when there is none."""
    return bool(bulk.fetch(tx, _LOCK, (institution_code,)))


def retire(tx: Connection, institution_code: str, scheme: KeyScheme, now: datetime) -> int:
    """Take the slots back from keys whose time is over; how many."""
    return bulk.run(tx, _RETIRE, (institution_code, scheme.value, now))


def slots_taken(tx: Connection, institution_code: str, scheme: KeyScheme) -> set[int]:
    return {row[0] for row in bulk.fetch(tx, _SLOTS, (institution_code, scheme.value))}


def add(tx: Connection, key: InstitutionKey, slot: int, now: datetime) -> None:
    facts = (key.scheme.value, key.key_id, key.institution_code, key.sealed_secret, key.public_key)
    dates = (key.valid_from, key.valid_until, key.revoked_at)
    bulk.run(tx, _ADD, (*facts, *dates, slot, now))


def revoke(tx: Connection, scheme: KeyScheme, key_id: str, now: datetime) -> bool:
    """True when it was live until now."""
    return bulk.run(tx, _REVOKE, (now, scheme.value, key_id)) == 1


def _key(row: tuple[Any, ...]) -> InstitutionKey:
    scheme, *rest = row
    return InstitutionKey(KeyScheme(scheme), *rest)
