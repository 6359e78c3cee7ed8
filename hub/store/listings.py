"""Pages of the directory: each asks for the rows after a key, in an order that stays."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role, VisitKind
from contracts.delivery import bulk
from hub.domain.directory import ListedInstitution, Office, Pooled
from hub.store.directory import INSTITUTION_COLUMNS, institution

_INSTITUTIONS = f"""
    SELECT {INSTITUTION_COLUMNS} FROM institutions
    WHERE area = %(area)s AND code > %(code)s
        AND division LIKE %(within)s
        AND (%(kind)s::text IS NULL OR kind = %(kind)s)
        AND (%(visit_kind)s::text IS NULL OR opened @> ARRAY[%(visit_kind)s::text])
        AND (%(day)s::date IS NULL
            OR since <= %(day)s AND (until IS NULL OR until >= %(day)s))
        AND (%(name)s::text IS NULL OR position(lower(%(name)s) IN lower(name)) > 0)
    ORDER BY code LIMIT %(count)s
"""  # noqa: S608
_OFFICES = """
    SELECT area, role, position, division, name, phone, address, hours FROM agencies
    WHERE (area, role, position) > (%(after_area)s, %(after_role)s, %(after_position)s)
        AND (%(area)s::text IS NULL OR area = %(area)s)
        AND (%(role)s::text IS NULL OR role = %(role)s)
        AND division LIKE %(within)s
    ORDER BY area, role, position LIMIT %(count)s
"""
_POOLED = """
    SELECT area, role, division, name, opened, since FROM pooling_areas
    WHERE (area, role, division) > (%(after_area)s, %(after_role)s, %(after_division)s)
        AND (%(area)s::text IS NULL OR area = %(area)s)
        AND (%(role)s::text IS NULL OR role = %(role)s)
        AND (%(visit_kind)s::text IS NULL OR opened @> ARRAY[%(visit_kind)s::text])
        AND (%(day)s::date IS NULL OR since <= %(day)s)
    ORDER BY area, role, division LIMIT %(count)s
"""


@dataclass(frozen=True, slots=True)
class InstitutionsWanted:
    """Which institutions of an area; None asks for all. `after`: the last code of the page before.

    `division` 340100 holds its districts too, 340000 the whole unit.
    """

    area: AreaCode
    division: str | None = None
    kind: str | None = None
    visit_kind: VisitKind | None = None
    day: date | None = None
    name: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class OfficesWanted:
    """Which agencies; None asks for all."""

    area: AreaCode | None = None
    role: Role | None = None
    division: str | None = None
    after: tuple[str, str, int] | None = None


@dataclass(frozen=True, slots=True)
class PooledWanted:
    """Which pooling areas; None asks for all. `day`: those open on it."""

    area: AreaCode | None = None
    role: Role | None = None
    visit_kind: VisitKind | None = None
    day: date | None = None
    after: tuple[str, str, str] | None = None


def institutions(tx: Connection, wanted: InstitutionsWanted, count: int) -> list[ListedInstitution]:
    """Up to `count`, by code."""
    parameters = {
        "area": wanted.area,
        "code": wanted.after or "",
        "within": _within(wanted.division),
        "kind": wanted.kind,
        "visit_kind": wanted.visit_kind,
        "day": wanted.day,
        "name": wanted.name,
        "count": count,
    }
    return [institution(row) for row in bulk.fetch(tx, _INSTITUTIONS, parameters)]


def offices(tx: Connection, wanted: OfficesWanted, count: int) -> list[Office]:
    """Up to `count`, by area and role, in the order in which the area listed them."""
    area, role, position = wanted.after or ("", "", -1)
    parameters = {
        "after_area": area,
        "after_role": role,
        "after_position": position,
        "area": wanted.area,
        "role": wanted.role,
        "within": _within(wanted.division),
        "count": count,
    }
    return [
        Office(AreaCode(row[0]), Role(row[1]), *row[2:])
        for row in bulk.fetch(tx, _OFFICES, parameters)
    ]


def pooled(tx: Connection, wanted: PooledWanted, count: int) -> list[Pooled]:
    """Up to `count`, by area, role and division."""
    area, role, division = wanted.after or ("", "", "")
    parameters = {
        "after_area": area,
        "after_role": role,
        "after_division": division,
        "area": wanted.area,
        "role": wanted.role,
        "visit_kind": wanted.visit_kind,
        "day": wanted.day,
        "count": count,
    }
    return [
        Pooled(
            AreaCode(row[0]),
            Role(row[1]),
            row[2],
            row[3],
            frozenset(map(VisitKind, row[4])),
            row[5],
        )
        for row in bulk.fetch(tx, _POOLED, parameters)
    ]


def _within(division: str | None) -> str:
    """A pattern for a division and what lies in it: 340100 → 3401%, 340000 → 34%."""
    if division is None:
        return "%"
    for digits in (2, 4):
        if division[digits:] == "0" * (6 - digits):
            return f"{division[:digits]}%"
    return division
