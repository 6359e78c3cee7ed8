"""Canaries that came by: written as a grant would be, and forgotten after a day."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.messages.weather import CanaryId

KEPT_FOR = timedelta(days=1)

_ADD = """
    INSERT INTO canaries (canary_id, answered_at, code) VALUES %s
    ON CONFLICT (canary_id) DO NOTHING
"""
_FORGET = "DELETE FROM canaries WHERE answered_at < %s"


def add(tx: Connection, answered: Sequence[tuple[CanaryId, str | None]], now: datetime) -> None:
    """(canary, code of the refusal or None)."""
    rows = [(id_, now, code) for id_, code in answered]
    bulk.write_rows(tx, _ADD, "(%s::uuid, %s, %s)", rows)
    bulk.run(tx, _FORGET, (now - KEPT_FOR,))
