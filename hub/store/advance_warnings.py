"""Warnings of advances, and the offices that are told of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role
from contracts.delivery import bulk
from contracts.messages.advance import Level
from hub.domain.advance_warning import Warned

_COLUMNS = """warning_id, insured_area, treatment_area, cycle, level, spent_fen, held_fen,
    raised_at, tier, told_at, acknowledged_by, acknowledged_at, note, ended_at"""
_OPEN = f"""
    SELECT {_COLUMNS} FROM advance_warnings WHERE ended_at IS NULL
    ORDER BY raised_at, warning_id
"""  # noqa: S608 - column names of ours
_LATEST = f"""
    SELECT {_COLUMNS} FROM advance_warnings
    WHERE (NOT %(open)s OR ended_at IS NULL)
        AND (%(area)s::text IS NULL OR %(area)s IN (insured_area, treatment_area))
    ORDER BY raised_at DESC, warning_id LIMIT %(count)s
"""  # noqa: S608 - column names of ours
_FIND = f"""
    SELECT {_COLUMNS} FROM advance_warnings WHERE warning_id = %s FOR UPDATE
"""  # noqa: S608 - column names of ours
_ADD = f"INSERT INTO advance_warnings ({_COLUMNS}) VALUES %s"  # noqa: S608 - column names of ours
_END = "UPDATE advance_warnings SET ended_at = %s WHERE warning_id = ANY(%s::uuid[])"
_TELL = """
    UPDATE advance_warnings AS warning SET tier = new.tier, told_at = new.told_at
    FROM (VALUES %s) AS new (warning_id, tier, told_at)
    WHERE warning.warning_id = new.warning_id
"""
_ACKNOWLEDGE = """
    UPDATE advance_warnings SET acknowledged_by = %s, acknowledged_at = %s, note = %s
    WHERE warning_id = %s AND acknowledged_at IS NULL
"""
_PUT_CONTACT = """
    INSERT INTO advance_contacts (area, role, tier, office, phone, put_by, put_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (area, role, tier) DO UPDATE SET office = excluded.office,
        phone = excluded.phone, put_by = excluded.put_by, put_at = excluded.put_at
"""
# An area that named nobody is reached at the first office that it published.
_CONTACTS = """
    SELECT area, role, tier, office, phone FROM advance_contacts WHERE area = ANY(%(areas)s)
    UNION ALL
    SELECT area, role, 1, name, phone FROM agencies
    WHERE area = ANY(%(areas)s) AND position = 0 AND (area, role) NOT IN (
        SELECT area, role FROM advance_contacts WHERE tier = 1)
    ORDER BY area, role, tier
"""


@dataclass(frozen=True, slots=True)
class OfficeToCall:
    """Who is told of an area's advances in one of its roles, at a tier."""

    area: AreaCode
    role: Role
    tier: int
    office: str
    phone: str


def open_ones(tx: Connection) -> list[Warned]:
    return [_warned(row) for row in bulk.fetch(tx, _OPEN)]


def latest(
    tx: Connection, area: AreaCode | None, *, only_open: bool, count_max: int
) -> list[Warned]:
    """The newest first; `area` None: of all."""
    asked = {"open": only_open, "area": area, "count": count_max}
    return [_warned(row) for row in bulk.fetch(tx, _LATEST, asked)]


def lock(tx: Connection, warning_id: UUID) -> Warned | None:
    return next((_warned(row) for row in bulk.fetch(tx, _FIND, (warning_id,))), None)


def add(tx: Connection, ones: Sequence[Warned]) -> None:
    rows = [
        (
            one.warning_id,
            *one.subject,
            one.cycle,
            one.level.value,
            one.spent_fen,
            one.held_fen,
            one.raised_at,
            one.tier,
            one.told_at or one.raised_at,
            one.acknowledged_by,
            one.acknowledged_at,
            one.note,
            one.ended_at,
        )
        for one in ones
    ]
    bulk.write_rows(tx, _ADD, f"({', '.join(['%s'] * 14)})", rows)


def end(tx: Connection, ones: Iterable[Warned], now: datetime) -> None:
    bulk.run(tx, _END, (now, [one.warning_id for one in ones]))


def tell(tx: Connection, ones: Sequence[Warned], now: datetime) -> None:
    """Write up to which tier these were told."""
    rows = [(one.warning_id, one.tier, now) for one in ones]
    bulk.write_rows(tx, _TELL, "(%s::uuid, %s::int, %s::timestamptz)", rows)


def acknowledge(tx: Connection, warning_id: UUID, by: str, note: str, now: datetime) -> None:
    bulk.run(tx, _ACKNOWLEDGE, (by, now, note, warning_id))


def put_contact(tx: Connection, one: OfficeToCall, by: str, now: datetime) -> None:
    values = (one.area, one.role.value, one.tier, one.office, one.phone)
    bulk.run(tx, _PUT_CONTACT, (*values, by, now))


def contacts(tx: Connection, areas: Iterable[AreaCode]) -> list[OfficeToCall]:
    """Whom to call in these areas, by area, role and tier."""
    rows = bulk.fetch(tx, _CONTACTS, {"areas": sorted(set(areas))})
    return [
        OfficeToCall(AreaCode(area), Role(role), tier, office, phone)
        for area, role, tier, office, phone in rows
    ]


def _warned(row: tuple[Any, ...]) -> Warned:
    warning_id, insured, treatment, cycle, level, *rest = row
    subject = (AreaCode(insured) if insured else None, AreaCode(treatment))
    return Warned(warning_id, subject, cycle, Level(level), *rest)
