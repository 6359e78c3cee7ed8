"""Proves the hub's promises on its books: recomputes each, and names what breaks it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from hub.store.verification import CHECKS, broken_by

__all__ = ["CHECKS", "Finding", "Tolerance", "verify"]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How long work may be in hand before it counts as left lying."""

    overdue: timedelta = timedelta(seconds=2)  # a deadline is kept within one second
    reversing: timedelta = timedelta(seconds=60)
    unsent: timedelta = timedelta(seconds=10)  # the sweeper sends after five


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that does not hold, with up to a hundred of the rows that break it."""

    name: str
    zh: str
    en: str
    rows: tuple[dict[str, Any], ...]


def verify(tx: Connection, now: datetime, tolerance: Tolerance = Tolerance()) -> list[Finding]:
    """Every check of `hub.store.verification.CHECKS`; an empty list when all promises hold."""
    before = {
        "overdue_before": now - tolerance.overdue,
        "reversing_before": now - tolerance.reversing,
        "unsent_before": now - tolerance.unsent,
    }
    found = ((check, broken_by(tx, check, before)) for check in CHECKS)
    return [Finding(check.name, check.zh, check.en, tuple(rows)) for check, rows in found if rows]
