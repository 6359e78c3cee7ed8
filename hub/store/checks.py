"""What a check of the books is: a promise, the query for what breaks it, and over which rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

ROWS_MAX = 100
# Conditions that a check writes where it could look at fewer rows. As they stand they are true, so
# that the query looks at everything.
SOME_SETTLEMENTS = "/* some settlements */ true"
SOME_DAYS = "/* some days */ true"
_RANGE = "(settlement_id > :after_id AND settlement_id <= :last_id)"
_LISTED = "settlement_id = ANY(:ids)"
_DAYS = "business_date = ANY(:days)"
LAST_ID = UUID(int=2**128 - 1)

Row = dict[str, Any]
Sift = Callable[[Connection, Sequence[Row]], list[Row]]


class Scope(StrEnum):
    """In what portions the rows of a check can be looked at."""

    WHOLE = "whole"  # always all of them: the query is cheap, or the table is small
    SETTLEMENTS = "settlements"  # some settlements at a time
    DAYS = "days"  # some business days at a time


@dataclass(frozen=True, slots=True)
class Check:
    """A promise in two languages, and the query that returns the rows that break it.

    The query may use :overdue_before, :reversing_before and :unsent_before, and says with
    SOME_SETTLEMENTS or SOME_DAYS where it can be narrowed. With `sift`, the query returns suspects
    and `sift` leaves those that break the promise.
    """

    name: str
    zh: str
    en: str
    sql: str
    sift: Sift | None = None

    @property
    def scope(self) -> Scope:
        if SOME_SETTLEMENTS in self.sql:
            return Scope.SETTLEMENTS
        return Scope.DAYS if SOME_DAYS in self.sql else Scope.WHOLE


@dataclass(frozen=True, slots=True)
class Portion:
    """Some rows of a check: a condition in place of SOME_…, and its values."""

    condition: str | None = None
    values: tuple[tuple[str, Any], ...] = ()


EVERYTHING = Portion()


def after(last: UUID, upto: UUID) -> Portion:
    """Settlements whose id lies after the first and not after the second."""
    return Portion(_RANGE, (("after_id", last), ("last_id", upto)))


def among(ids: Sequence[UUID]) -> Portion:
    """These settlements."""
    return Portion(_LISTED, (("ids", list(ids)),))


def of_days(days: Sequence[date]) -> Portion:
    """These business days."""
    return Portion(_DAYS, (("days", list(days)),))


def broken_by(
    tx: Connection, check: Check, before: Mapping[str, Any], portion: Portion = EVERYTHING
) -> list[Row]:
    """The rows of a portion that break a promise, at most ROWS_MAX."""
    sql, limit = check.sql, f"LIMIT {ROWS_MAX}" if check.sift is None else ""
    if portion.condition is not None:
        for some in (SOME_SETTLEMENTS, SOME_DAYS):
            sql = sql.replace(some, portion.condition)
    values = {name: value for name, value in before.items() if f":{name}" in sql}
    statement = text(f"SELECT * FROM ({sql}) AS found {limit}")  # noqa: S608 - ours
    rows = [dict(row) for row in tx.execute(statement, values | dict(portion.values)).mappings()]
    return rows if check.sift is None else check.sift(tx, rows)[:ROWS_MAX]
