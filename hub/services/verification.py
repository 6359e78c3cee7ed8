"""Proves the hub's promises on its books: recomputes each, and names what breaks it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from hub.store import violations
from hub.store.checks import (
    EVERYTHING,
    LAST_ID,
    ROWS_MAX,
    Check,
    Portion,
    Row,
    Scope,
    after,
    broken_by,
    of_days,
)
from hub.store.verification import CHECKS

__all__ = ["CHECKS", "Check", "Finding", "Tolerance", "verify"]

SETTLEMENTS_AT_ONCE, DAYS_AT_ONCE = 5_000, 1


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
    """Over everything, in portions: no statement takes longer because the books are older."""
    found: list[Row] = []
    for portion in PORTIONS[check.scope](tx):
        found += broken_by(tx, check, before, portion)
        if len(found) >= ROWS_MAX:
            break
    return found[:ROWS_MAX]


def _whole(_tx: Connection) -> Iterator[Portion]:
    yield EVERYTHING


def _by_settlements(tx: Connection) -> Iterator[Portion]:
    last = UUID(int=0)
    while last != LAST_ID:
        upto = violations.id_after(tx, last, SETTLEMENTS_AT_ONCE) or LAST_ID
        yield after(last, upto)
        last = upto


def _by_days(tx: Connection) -> Iterator[Portion]:
    days = violations.days_before(tx, None, DAYS_AT_ONCE)
    while days:
        yield of_days(days)
        days = violations.days_before(tx, min(days), DAYS_AT_ONCE)


PORTIONS: Mapping[Scope, Callable[[Connection], Iterator[Portion]]] = {
    Scope.WHOLE: _whole,
    Scope.SETTLEMENTS: _by_settlements,
    Scope.DAYS: _by_days,
}
