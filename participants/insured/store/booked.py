"""The rows that the area reports to the hub: of a business day, and of a slice of time."""
# ruff: noqa: S608 - only our own column names stand in these texts; values are parameters.

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.delivery import bulk
from contracts.messages.values import PARTS
from participants.insured.store.repair_orders import IN_FORCE, NOT_REPAIRED

Parameters = Mapping[str, Any]
Rows = tuple[str, Parameters]
"""A query as contracts.control_sums wants it, with its parameters."""

_SIGNS = ((1, "settled_on", "settled_at"), (-1, "reversed_on", "reversed_at"))
"""The sign of a row, its day, and the hub's instant of it."""
_KEY = "counterpart, insurance_kind, visit_kind, settlement_id, sign"


def _booked(sign: int, day: str) -> str:
    return (
        f"SELECT {day} AS business_date, treatment_area AS counterpart, insurance_kind, visit_kind,"
        f" settlement_id, {sign} AS sign, total_fen, {', '.join(PARTS)} FROM grants WHERE"
        f" {NOT_REPAIRED.format(table='grants', sign=sign)} AND "
    )


_IN_FORCE = f"""
    SELECT business_date, {_KEY}, total_fen, {", ".join(PARTS)} FROM in_force WHERE
"""
_OF_DAY = f"WITH in_force AS ({IN_FORCE}) " + " UNION ALL ".join(
    [
        *(f"{_booked(sign, day)} {day} = %(day)s" for sign, day, _ in _SIGNS),
        f"{_IN_FORCE} business_date = %(day)s",
    ]
)
_WITHIN = "{} >= %(since)s AND {} < %(until)s"
# A row that an order of repair speaks of is reported as ordered, in the slice of the row itself;
# where the order says that there is none, it is not reported.
_OF_SLICE = f"WITH in_force AS ({IN_FORCE}) " + " UNION ALL ".join(
    [
        *(f"{_booked(sign, day)} {_WITHIN.format(at, at)}" for sign, day, at in _SIGNS),
        *(
            f"{_IN_FORCE} business_date IS NOT NULL AND sign = {sign} AND settlement_id IN"
            f" (SELECT settlement_id FROM grants WHERE {_WITHIN.format(at, at)})"
            for sign, _, at in _SIGNS
        ),
    ]
)
_OF_SLICE_AND_DAY = f"SELECT * FROM ({_OF_SLICE}) AS of_slice WHERE business_date = %(day)s"
_ANY = "SELECT " + " OR ".join(
    f"EXISTS (SELECT FROM grants WHERE {_WITHIN.format(at, at)})" for _, _, at in _SIGNS
)
_NOTICE = tuple(
    f"UPDATE grants SET {at} = %(at)s WHERE {day} >= %(first)s AND {at} IS NULL"
    for _, day, at in _SIGNS
)
_REPORTED_UNTIL = "SELECT reported_until FROM slices_reported"
_MOVE = """
    INSERT INTO slices_reported (one, reported_until) VALUES (true, %s)
    ON CONFLICT (one) DO UPDATE
    SET reported_until = greatest(slices_reported.reported_until, excluded.reported_until)
"""
YESTERDAY = timedelta(days=1)


def of_day(day: date) -> Rows:
    """What was settled and reversed on a business day, as repaired."""
    return _OF_DAY, {"day": day}


def of_slice(since: datetime, until: datetime, day: date | None = None) -> Rows:
    """What the hub concluded in [since, until); of one business day where it is said."""
    within = {"since": since, "until": until}
    return (_OF_SLICE, within) if day is None else (_OF_SLICE_AND_DAY, within | {"day": day})


def has_any(tx: Connection, since: datetime, until: datetime) -> bool:
    [(found,)] = bulk.fetch(tx, _ANY, {"since": since, "until": until})
    return bool(found)


def notice_unheard(tx: Connection, at: datetime) -> int:
    """Late rows that the hub never told us of get the moment they are noticed; how many."""
    first = shanghai_date_of(at) - YESTERDAY
    return sum(bulk.run(tx, statement, {"at": at, "first": first}) for statement in _NOTICE)


def reported_until(tx: Connection) -> datetime | None:
    """Up to where slices were reported; None before the first."""
    return next((at for (at,) in bulk.fetch(tx, _REPORTED_UNTIL)), None)


def move_reported(tx: Connection, until: datetime) -> None:
    bulk.run(tx, _MOVE, (until,))
