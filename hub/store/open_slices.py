"""Slices of the open day: the hub's rows by instant, what is not agreed, and who is silent."""
# ruff: noqa: S608 - the columns are ours; values always travel as parameters

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role
from contracts.delivery import bulk
from contracts.messages.values import PARTS
from hub.domain.slices import Slice, SliceKey

_BOOKED = """(step.event = 'settle' AND step.to_state = 'settled'
    OR step.event = 'release' AND step.from_state = 'reversing')"""
_ROWS = f"""
    SELECT CASE step.event WHEN 'settle' THEN one.settled_on ELSE one.reversed_on END
            AS business_date,
        one.{{counterpart}} AS counterpart, one.insurance_kind, one.visit_kind, one.settlement_id,
        CASE step.event WHEN 'settle' THEN 1 ELSE -1 END AS sign, one.total_fen,
        {", ".join(f"one.{part}" for part in PARTS)}
    FROM settlement_steps AS step JOIN settlements AS one USING (settlement_id)
    WHERE step.at >= %(since)s AND step.at < %(until)s AND {_BOOKED} AND one.{{own}} = %(area)s
"""
_OWN = {Role.INSURED: "insured_area", Role.TREATMENT: "treatment_area"}
_ROWS_OF = {
    Role.INSURED: _ROWS.format(counterpart="treatment_area", own="insured_area"),
    Role.TREATMENT: _ROWS.format(counterpart="insured_area", own="treatment_area"),
}
_COVER = """
    INSERT INTO slice_sides (role, area, covered_until) VALUES (%s, %s, %s)
    ON CONFLICT (area, role) DO UPDATE
    SET covered_until = greatest(slice_sides.covered_until, excluded.covered_until)
"""
_LOOKED = "SELECT looked_until FROM slices_looked FOR UPDATE"
_LOOK = """
    INSERT INTO slices_looked (one, looked_until) VALUES (true, %s)
    ON CONFLICT (one) DO UPDATE SET looked_until = excluded.looked_until
"""
_SILENT = f"""
    WITH booked AS (
        SELECT one.insured_area, one.treatment_area, max(step.at) AS at
        FROM settlement_steps AS step JOIN settlements AS one USING (settlement_id)
        WHERE step.at >= %(since)s AND step.at < %(until)s AND {_BOOKED}
        GROUP BY one.insured_area, one.treatment_area
    ), of_sides AS (
        SELECT 'insured' AS role, insured_area AS area, max(at) AS at FROM booked GROUP BY area
        UNION ALL
        SELECT 'treatment', treatment_area, max(at) FROM booked GROUP BY treatment_area
    )
    SELECT role, area, covered_until FROM of_sides LEFT JOIN slice_sides USING (role, area)
    WHERE covered_until IS NULL OR covered_until <= of_sides.at ORDER BY area, role
"""
_SLICE = "role, area, since, until, attempt, found_at, reported_at"
_OF = "(role, area, since, until) = (%s, %s, %s, %s)"
_FIND = f"SELECT {_SLICE} FROM open_slices WHERE {_OF} FOR UPDATE"
_ALL = f"""
    SELECT {_SLICE} FROM open_slices
    WHERE (%s::text IS NULL OR area = %s) AND role = ANY(%s) ORDER BY since, area, role LIMIT %s
"""
_KEEP = """
    INSERT INTO open_slices
        (role, area, since, until, attempt, found_at, asked_at, ask_again_at, reported_at)
    VALUES (%s, %s, %s, %s, 1, %s, %s, %s, %s)
    ON CONFLICT (area, role, since, until)
    DO UPDATE SET reported_at = coalesce(excluded.reported_at, open_slices.reported_at)
"""
_AGREE = """
    DELETE FROM open_slices WHERE role = %s AND area = %s AND since >= %s AND until <= %s
"""
_OVERTAKEN = "DELETE FROM open_slices WHERE until <= %s"
_CLOSED = "DELETE FROM provisional_breaks WHERE business_date < %s"
_DUE = f"""
    SELECT {_SLICE} FROM open_slices WHERE ask_again_at <= %s
    ORDER BY ask_again_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
_ASK = """
    UPDATE open_slices SET attempt = %s, asked_at = %s, ask_again_at = %s
    WHERE (role, area, since, until) = (%s, %s, %s, %s)
"""


def rows_of(
    role: Role, area: AreaCode, since: datetime, until: datetime
) -> tuple[str, dict[str, Any]]:
    """The hub's rows of a slice as the side should have them; see contracts.control_sums."""
    return _ROWS_OF[role], {"area": area, "since": since, "until": until}


def cover(tx: Connection, role: Role, area: AreaCode, until: datetime) -> None:
    """The side has spoken, or was asked, of everything up to `until`."""
    bulk.run(tx, _COVER, (role.value, area, until))


def looked_until(tx: Connection) -> datetime | None:
    return next((at for (at,) in bulk.fetch(tx, _LOOKED)), None)


def look(tx: Connection, until: datetime) -> None:
    bulk.run(tx, _LOOK, (until,))


def silent(
    tx: Connection, since: datetime, until: datetime
) -> list[tuple[Role, AreaCode, datetime | None]]:
    """Sides of rows of [since, until) that have not spoken of them, and up to where they have."""
    found = bulk.fetch(tx, _SILENT, {"since": since, "until": until})
    return [(Role(role), AreaCode(area), covered) for role, area, covered in found]


def find(tx: Connection, key: SliceKey) -> Slice | None:
    """One slice that is not agreed, locked."""
    return next((_slice(row) for row in bulk.fetch(tx, _FIND, _parameters(key))), None)


def not_agreed(
    tx: Connection,
    count_max: int,
    *,
    area: AreaCode | None = None,
    roles: Collection[Role] = tuple(Role),
) -> list[Slice]:
    """The oldest first, of every area or of one's sides."""
    asked = (area, area, [role.value for role in roles], count_max)
    return [_slice(row) for row in bulk.fetch(tx, _ALL, asked)]


def keep(
    tx: Connection, key: SliceKey, now: datetime, *, ask_again_at: datetime, is_reported: bool
) -> None:
    """Remember a slice that is not agreed; one that is there already only gets its report."""
    reported_at = now if is_reported else None
    bulk.run(tx, _KEEP, (*_parameters(key), now, now, ask_again_at, reported_at))


def agree(tx: Connection, key: SliceKey) -> None:
    """The side says the same of all of it: nothing in it is open any more."""
    bulk.run(tx, _AGREE, _parameters(key))


def forget_closed(tx: Connection, open_day: date, opened_at: datetime) -> None:
    """What lies before the open day is for the daily comparison."""
    bulk.run(tx, _OVERTAKEN, (opened_at,))
    bulk.run(tx, _CLOSED, (open_day,))


def due(tx: Connection, now: datetime, count_max: int) -> list[Slice]:
    return [_slice(row) for row in bulk.fetch(tx, _DUE, (now, count_max))]


def asked(tx: Connection, slices: Collection[tuple[Slice, datetime]], now: datetime) -> None:
    """These were asked for with their attempt; each is due again at its instant."""
    for one, again_at in slices:
        bulk.run(tx, _ASK, (one.attempt, now, again_at, *_parameters(one.key)))


def _parameters(key: SliceKey) -> tuple[str, AreaCode, datetime, datetime]:
    return key[0].value, key[1], key[2], key[3]


def _slice(row: Sequence[Any]) -> Slice:
    role, area, *rest = row
    return Slice(Role(role), AreaCode(area), *rest)
