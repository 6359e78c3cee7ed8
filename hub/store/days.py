"""Business days. Who settles shares the open day's row; who closes it takes it alone."""

from datetime import date, datetime

from sqlalchemy import Connection

from contracts.delivery import bulk, prepared
from contracts.delivery.prepared import Prepared
from hub.domain.day import BusinessDay, DayState

_COLUMNS = "business_date, state, opened_at, closed_at"
_LOCKED = "SELECT business_date FROM business_days WHERE state = 'open' FOR"
_SHARE = prepared.statement(f"{_LOCKED} SHARE")
_TAKE = prepared.statement(f"{_LOCKED} UPDATE")
# Row locks that are shared do not queue: as long as somebody settles, who closes would wait. The
# lock on the table does queue, so that whoever comes to settle stands behind who came to close.
_TAKE_TURN = "LOCK TABLE business_days IN EXCLUSIVE MODE"
_CLOSE = """
    UPDATE business_days SET state = 'closed', closed_at = %s
    WHERE business_date = %s AND state = 'open'
"""
_OPEN = """
    INSERT INTO business_days (business_date, state, opened_at) VALUES (%s, 'open', %s)
    ON CONFLICT (business_date) DO NOTHING
"""
_FIND = f"SELECT {_COLUMNS} FROM business_days WHERE business_date = %s"  # noqa: S608
_OPEN_DAY = f"SELECT {_COLUMNS} FROM business_days WHERE state = 'open'"  # noqa: S608
_LATEST = f"SELECT {_COLUMNS} FROM business_days ORDER BY business_date DESC LIMIT %s"  # noqa: S608
TRIES_MAX = 3


class NoOpenDay(Exception):
    """No business day is open: `yidi hub open` was never run."""


def share_open(tx: Connection) -> date:
    """The open day, which now cannot be closed before this transaction ends; NoOpenDay."""
    return _locked_open(tx, _SHARE)


def take_open(tx: Connection) -> date:
    """The open day, on which nobody can settle before this transaction ends; NoOpenDay."""
    bulk.run(tx, _TAKE_TURN)
    return _locked_open(tx, _TAKE)


def close_and_open(tx: Connection, closing: date, opening: date, now: datetime) -> None:
    """Close a day that was taken, and open another in the same transaction."""
    closed = bulk.run(tx, _CLOSE, (now, closing))
    assert closed == 1, f"{closing} was not open"
    opened = bulk.run(tx, _OPEN, (opening, now))
    assert opened == 1, f"{opening} was there before"


def add_open(tx: Connection, day: date, now: datetime) -> None:
    bulk.run(tx, _OPEN, (day, now))


def open_day(tx: Connection) -> BusinessDay | None:
    """The open day as it stands now, without a lock."""
    return next((_day(row) for row in bulk.fetch(tx, _OPEN_DAY)), None)


def find(tx: Connection, business_date: date) -> BusinessDay | None:
    return next((_day(row) for row in bulk.fetch(tx, _FIND, (business_date,))), None)


def latest(tx: Connection, count_max: int) -> list[BusinessDay]:
    """The last days, newest first."""
    return [_day(row) for row in bulk.fetch(tx, _LATEST, (count_max,))]


def _locked_open(tx: Connection, statement: Prepared) -> date:
    # Who waited here for a closing sees no open day: the statement looked before the next day was
    # there. A second statement sees it.
    for _ in range(TRIES_MAX):
        for (business_date,) in prepared.fetch(tx, statement):
            assert isinstance(business_date, date)
            return business_date
    raise NoOpenDay


def _day(row: tuple[date, str, datetime, datetime | None]) -> BusinessDay:
    return BusinessDay(row[0], DayState(row[1]), row[2], row[3])
