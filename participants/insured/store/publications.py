"""What was published last, by its content."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.delivery import bulk
from participants.insured.domain.publication import Publication

# Of two workers that start at once the second waits here, and then finds nothing changed.
_CLAIM = """
    INSERT INTO publications (part, of, fingerprint, published_at) VALUES %s
    ON CONFLICT (part, of) DO UPDATE
    SET fingerprint = excluded.fingerprint, published_at = excluded.published_at
    WHERE publications.fingerprint <> excluded.fingerprint
    RETURNING part, of
"""
_FORGET = "DELETE FROM publications"


def claim(tx: Connection, found: Sequence[Publication], now: datetime) -> list[Publication]:
    """Those that differ from what was published last; they count as published from here on."""
    rows = [(one.part.value, one.of, one.fingerprint(), now) for one in found]
    changed = set(bulk.write_and_return(tx, _CLAIM, "(%s, %s, %s, %s::timestamptz)", rows))
    return [one for one in found if (one.part.value, one.of) in changed]


def forget(tx: Connection) -> None:
    """So that the next `claim` finds everything changed."""
    bulk.run(tx, _FORGET)
