"""The business days of a clearing cycle: which are not closed, and which nobody compares yet."""

from datetime import date

from sqlalchemy import Connection

from contracts.delivery import bulk
from hub.domain.pair_day import Span

_OPEN_DAY = "SELECT max(business_date) FROM business_days WHERE state = 'open'"
_NOT_BEGUN = """
    SELECT business_date FROM business_days
    WHERE state = 'closed' AND business_date BETWEEN %s AND %s
        AND business_date NOT IN (SELECT business_date FROM reconciliations)
    ORDER BY business_date
"""
_CLEARED = "SELECT cycle FROM clearing_runs WHERE state NOT IN ('open', 'frozen', 'broken')"


def not_closed(tx: Connection, span: Span) -> int:
    """How many days of a span's own are still open or to come; all of them before the first day."""
    open_day: date | None = bulk.fetch(tx, _OPEN_DAY)[0][0]
    first = span.first if open_day is None else max(open_day, span.first)
    return max(0, (span.last - first).days + 1)


def not_begun(tx: Connection, span: Span) -> list[date]:
    """Closed days of a span's own whose comparison has not begun."""
    return [row[0] for row in bulk.fetch(tx, _NOT_BEGUN, (span.first, span.last))]


def cleared(tx: Connection) -> set[str]:
    """The names of the cycles that were issued."""
    return {str(row[0]) for row in bulk.fetch(tx, _CLEARED)}
