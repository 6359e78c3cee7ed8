"""Days under comparison: the hub's own control totals and the sides that must agree with them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import astuple
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from contracts import control_sums
from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.delivery import bulk
from contracts.messages.reconciliation import Bucket
from contracts.messages.values import PARTS
from hub.domain.reconciliation import Side, SideKey, SideState

# A province that was active lately is asked even when the hub has nothing for it on that day:
# only so is a settlement found that nobody but the province has.
ACTIVE_WITHIN_DAYS = 31

_BEGIN = """
    INSERT INTO reconciliations (business_date, begun_at)
    SELECT business_date, %s FROM business_days WHERE business_date = %s AND state = 'closed'
    ON CONFLICT (business_date) DO NOTHING
"""
_NOT_BEGUN = """
    SELECT business_date FROM business_days
    WHERE state = 'closed' AND business_date NOT IN (SELECT business_date FROM reconciliations)
    ORDER BY business_date LIMIT %s
"""
ROWS_OF_A_DAY = """
    SELECT settled_on AS business_date, 1 AS sign, settlements.* FROM settlements
    WHERE settled_on = %s
    UNION ALL
    SELECT reversed_on, -1, settlements.* FROM settlements WHERE reversed_on = %s
"""
TOTALS_OF_ROWS = f"""
    SELECT business_date, insured_area, treatment_area, insurance_kind, visit_kind,
        count(*), sum(sign), sum(sign * total_fen),
        {", ".join(f"sum(sign * {part})" for part in PARTS)},
        {control_sums.DIGEST}
    FROM rows_of_days
    GROUP BY business_date, insured_area, treatment_area, insurance_kind, visit_kind
"""  # noqa: S608 - column names of ours
_FREEZE_TOTALS = f"""
    WITH rows_of_days AS ({ROWS_OF_A_DAY})
    INSERT INTO daily_totals (business_date, insured_area, treatment_area, insurance_kind,
        visit_kind, count, visits, total_fen, {", ".join(PARTS)}, digest)
    {TOTALS_OF_ROWS}
"""
_OPEN_SIDES = """
    INSERT INTO reconciliation_sides
        (business_date, area, role, state, attempt, reported_attempt, asked_at, break_after)
    SELECT %s, area, role, 'waiting', 1, 0, %s, %s FROM (
        SELECT insured_area AS area, 'insured' AS role FROM daily_totals
        WHERE business_date BETWEEN %s AND %s
        UNION SELECT treatment_area, 'treatment' FROM daily_totals
        WHERE business_date BETWEEN %s AND %s
    ) AS active ORDER BY area, role
    RETURNING role, area
"""
_SIDE = """business_date, role, area, state, attempt, reported_attempt, reported_count,
        reported_fen, asked_at, break_after, agreed_at, reported_at"""
_LOCK = f"""
    SELECT {_SIDE} FROM reconciliation_sides
    WHERE (business_date, role, area) IN
        (SELECT * FROM unnest(%s::date[], %s::text[], %s::text[]))
    ORDER BY business_date, area, role FOR UPDATE
"""  # noqa: S608 - column names of ours
_DUE = f"""
    SELECT {_SIDE} FROM reconciliation_sides
    WHERE state = 'waiting'
            AND (break_after <= %(now)s OR attempt < %(most)s AND asked_at <= %(waiting_since)s)
        OR state = 'broken' AND asked_at <= %(now)s - greatest(
            %(broken_every)s, (%(now)s - break_after) / %(broken_share)s)
    ORDER BY business_date, area, role LIMIT %(count)s FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - column names of ours
_ADD = f"INSERT INTO reconciliation_sides ({_SIDE}) VALUES %s"  # noqa: S608 - column names of ours
_MOVE = f"""
    UPDATE reconciliation_sides AS side SET state = new.state, attempt = new.attempt,
        reported_attempt = new.reported_attempt, reported_count = new.reported_count,
        reported_fen = new.reported_fen, asked_at = new.asked_at, agreed_at = new.agreed_at,
        reported_at = new.reported_at
    FROM (VALUES %s) AS new ({_SIDE})
    WHERE (side.business_date, side.role, side.area) = (new.business_date, new.role, new.area)
"""  # noqa: S608 - column names of ours
_VALUES = (
    "(%s::date, %s, %s, %s, %s::int, %s::int, %s::bigint, %s::bigint,"
    " %s::timestamptz, %s::timestamptz, %s::timestamptz, %s::timestamptz)"
)
_BUCKET = f"insurance_kind, visit_kind, count, total_fen, ARRAY[{', '.join(PARTS)}], digest"
_TOTALS = f"""
    SELECT business_date, 'insured', insured_area, treatment_area, {_BUCKET} FROM daily_totals
    WHERE business_date = ANY(%s::date[]) AND insured_area = ANY(%s::text[])
    UNION ALL
    SELECT business_date, 'treatment', treatment_area, insured_area, {_BUCKET} FROM daily_totals
    WHERE business_date = ANY(%s::date[]) AND treatment_area = ANY(%s::text[])
"""  # noqa: S608 - column names of ours
_OF_DAY = f"""
    SELECT {_SIDE} FROM reconciliation_sides WHERE business_date = %s ORDER BY area, role
"""  # noqa: S608 - column names of ours
_BEGUN = "SELECT begun_at FROM reconciliations WHERE business_date = %s"


def begin(tx: Connection, business_date: date, now: datetime) -> bool:
    """Claim a closed day's comparison; False when it has begun already or is not closed."""
    return bulk.run(tx, _BEGIN, (now, business_date)) == 1


def begun_at(tx: Connection, business_date: date) -> datetime | None:
    found = bulk.fetch(tx, _BEGUN, (business_date,))
    return found[0][0] if found else None


def not_begun(tx: Connection, days_max: int) -> list[date]:
    """Closed days, oldest first, that nobody has begun to compare."""
    return [row[0] for row in bulk.fetch(tx, _NOT_BEGUN, (days_max,))]


def freeze_totals(tx: Connection, business_date: date) -> int:
    """Write the hub's control totals of a closed day: one line for each bucket; how many."""
    return bulk.run(tx, _FREEZE_TOTALS, (business_date, business_date))


def open_sides(
    tx: Connection, business_date: date, *, asked_at: datetime, break_after: datetime
) -> list[SideKey]:
    """Everyone with rows on that day, or lately: they must report, even if only "nothing"."""
    span = (business_date - timedelta(days=ACTIVE_WITHIN_DAYS), business_date)
    parameters = (business_date, asked_at, break_after, *span, *span)
    found = [(Role(row[0]), AreaCode(row[1])) for row in bulk.fetch(tx, _OPEN_SIDES, parameters)]
    return [(business_date, role, area) for role, area in sorted(found)]


def lock_sides(tx: Connection, keys: Collection[SideKey]) -> dict[SideKey, Side]:
    """The sides that exist of these, locked in one order."""
    days, roles, areas = [k[0] for k in keys], [k[1].value for k in keys], [k[2] for k in keys]
    return {side.key: side for side in map(_side, bulk.fetch(tx, _LOCK, (days, roles, areas)))}


def due_sides(
    tx: Connection,
    now: datetime,
    *,
    waiting_since: datetime,
    attempts_max: int,
    broken_every: timedelta,
    broken_share: int,
    limit: int,
) -> list[Side]:
    """Sides to be asked again, or whose agreed time is over; locked, those in hand skipped."""
    parameters = {
        "now": now,
        "waiting_since": waiting_since,
        "most": attempts_max,
        "broken_every": broken_every,
        "broken_share": broken_share,
        "count": limit,
    }
    return [_side(row) for row in bulk.fetch(tx, _DUE, parameters)]


def sides_of(tx: Connection, business_date: date) -> list[Side]:
    return [_side(row) for row in bulk.fetch(tx, _OF_DAY, (business_date,))]


def add_sides(tx: Connection, sides: Sequence[Side]) -> None:
    bulk.write_rows(tx, _ADD, _VALUES, [_values(side) for side in sides])


def move_sides(tx: Connection, sides: Sequence[Side]) -> None:
    """Write what changed; the caller holds the locks."""
    bulk.write_rows(tx, _MOVE, _VALUES, [_values(side) for side in sides])


def totals_of(tx: Connection, keys: Collection[SideKey]) -> dict[SideKey, list[Bucket]]:
    """The hub's buckets as each of these sides should have them; empty lists included."""
    days, areas = [key[0] for key in keys], [key[2] for key in keys]
    found: dict[SideKey, list[Bucket]] = defaultdict(list)
    for day, role, area, *bucket in bulk.fetch(tx, _TOTALS, (days, areas, days, areas)):
        found[day, Role(role), AreaCode(area)].append(bucket_of_row(bucket))
    return {key: found.get(key, []) for key in keys}


def bucket_of_row(values: Sequence[Any]) -> Bucket:
    """Counterpart, kinds, count, total, parts and digest, in this order."""
    counterpart, insurance_kind, visit_kind, count, total_fen, parts_fen, digest = values
    return Bucket(
        counterpart=counterpart,
        insurance_kind=InsuranceKind(insurance_kind),
        visit_kind=VisitKind(visit_kind),
        count=count,
        total_fen=total_fen,
        parts_fen=tuple(parts_fen),
        digest=digest,
    )


def _side(row: tuple[Any, ...]) -> Side:
    day, role, area, state, *rest = row
    return Side(day, Role(role), AreaCode(area), SideState(state), *rest)


def _values(side: Side) -> tuple[Any, ...]:
    return tuple(getattr(value, "value", value) for value in astuple(side))
