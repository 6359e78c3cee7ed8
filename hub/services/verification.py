"""Proves the hub's promises on its books: recomputes each, and names what breaks it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from hub.store import violations
from hub.store.checks import LAST_ID, ROWS_MAX, Check, Row, after, broken_by
from hub.store.verification import CHECKS

__all__ = ["CHECKS", "Check", "Finding", "Tolerance", "verify"]

SIFTED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How long work may be in hand before it counts as left lying."""

    overdue: timedelta = timedelta(seconds=2)  # a deadline is kept within one second
    reversing: timedelta = timedelta(seconds=60)
    unsent: timedelta = timedelta(seconds=10)  # the sweeper sends after five

    def before(self, now: datetime) -> dict[str, datetime]:
        """The instants that the checks' queries use."""
        return {
            "overdue_before": now - self.overdue,
            "reversing_before": now - self.reversing,
            "unsent_before": now - self.unsent,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that does not hold, with up to a hundred of the rows that break it."""

    name: str
    zh: str
    en: str
    rows: tuple[dict[str, Any], ...]


def verify(tx: Connection, now: datetime, tolerance: Tolerance = Tolerance()) -> list[Finding]:
    """Every check of `hub.store.verification.CHECKS`; an empty list when all promises hold."""
    before = tolerance.before(now)
    found = ((check, _broken(tx, check, before)) for check in CHECKS)
    return [Finding(check.name, check.zh, check.en, tuple(rows)) for check, rows in found if rows]


def _broken(tx: Connection, check: Check, before: dict[str, datetime]) -> list[Row]:
    """Over everything; what is sifted here and not in the database goes in portions."""
    if check.sift is None:
        return broken_by(tx, check, before)
    found: list[Row] = []
    last = UUID(int=0)
    while last != LAST_ID and len(found) < ROWS_MAX:
        upto = violations.id_after(tx, last, SIFTED_AT_ONCE) or LAST_ID
        found += broken_by(tx, check, before, after(last, upto))
        last = upto
    return found[:ROWS_MAX]
