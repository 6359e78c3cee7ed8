"""What was made known last, by its digest, and when."""

from datetime import datetime

from sqlalchemy import Connection

from contracts.delivery import bulk

# A clock that was set back must not make the newest word look old.
_MARK = """
    INSERT INTO publications (kind, content_sha256, published_at) VALUES (%s, %s, %s)
    ON CONFLICT (kind) DO UPDATE SET content_sha256 = excluded.content_sha256,
        published_at = greatest(
            excluded.published_at, publications.published_at + interval '1 microsecond')
    WHERE publications.content_sha256 <> excluded.content_sha256 OR %s
    RETURNING published_at
"""


def mark(
    tx: Connection, kind: str, content_sha256: bytes, now: datetime, *, again: bool
) -> datetime | None:
    """The instant as of which to make this known; None when it is known already.

    `again`: known or not. Two processes at once are told one after the other.
    """
    rows = bulk.fetch(tx, _MARK, (kind, content_sha256, now, again))
    return rows[0][0] if rows else None
