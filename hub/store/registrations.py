"""Registrations and their steps: loaded by person or by id, written a whole batch at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from psycopg2.extras import Json
from sqlalchemy import Connection

from contracts.codes import AreaCode, Channel, InsuranceKind, RegistrationCategory
from contracts.delivery import bulk, prepared
from contracts.ids import PersonId, RegistrationId
from contracts.messages.registration import Material
from contracts.refusal import BY_CODE
from hub.domain.registration import (
    Gap,
    Registration,
    RegistrationState,
    Taken,
    treatment_area_of,
)

COLUMNS = """registration_id, person_id, insured_area, insured_division, insurance_kind, category,
    place, disease_code, begins_on, ends_on, channel, submitted_by, "by", filed_by_message,
    submitted_at, replaces, version, state, materials, materials_filed, gaps, ended_on, decided_at,
    decided_by, refusal_code, reason, step_count"""
_ALL_OF = f"SELECT {COLUMNS} FROM registrations WHERE person_id = ANY($1)"  # noqa: S608
_OF_PEOPLE = prepared.statement(_ALL_OF, "text[]")
_LOCK_PEOPLE = prepared.statement(f"{_ALL_OF} ORDER BY registration_id FOR NO KEY UPDATE", "text[]")
_FIND = f"SELECT {COLUMNS} FROM registrations WHERE registration_id = ANY(%s::uuid[])"  # noqa: S608
# One that another is to follow waits for the decision on that one: its last day is not the end.
_OVERDUE = f"""
    SELECT {COLUMNS} FROM registrations AS r
    WHERE state IN ('active', 'suspended') AND ends_on < %s AND NOT EXISTS (
        SELECT FROM registrations AS n
        WHERE n.replaces = r.registration_id AND n.state = 'submitted'
    )
    ORDER BY ends_on LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608
_ADD = f"""
    INSERT INTO registrations ({COLUMNS}, treatment_area) VALUES %s
    ON CONFLICT (registration_id) DO NOTHING RETURNING registration_id
"""  # noqa: S608
_MOVED = (
    ("state", "text"),
    ("materials", "jsonb"),
    ("gaps", "jsonb"),
    ("ended_on", "date"),
    ("decided_at", "timestamptz"),
    ("decided_by", "text"),
    ("refusal_code", "text"),
    ("reason", "text"),
    ("step_count", "smallint"),
)
_MOVE = f"""
    UPDATE registrations AS r SET {", ".join(f"{name} = m.{name}" for name, _ in _MOVED)}
    FROM (VALUES %s) AS m (registration_id, seen, {", ".join(name for name, _ in _MOVED)})
    WHERE r.registration_id = m.registration_id AND r.step_count = m.seen
    RETURNING r.registration_id
"""  # noqa: S608
_MOVE_ROW = f"(%s::uuid, %s::smallint, {', '.join(f'%s::{kind}' for _, kind in _MOVED)})"
_STEPS = """
    INSERT INTO registration_steps (registration_id, position, from_state, event, to_state, at,
        "by", why, change_id, materials) VALUES %s
"""


def of_people(tx: Connection, people: Iterable[str]) -> dict[PersonId, list[Registration]]:
    """Every registration of these people, whatever its state."""
    return _by_person(prepared.fetch(tx, _OF_PEOPLE, sorted(set(people))))


def lock_people(tx: Connection, people: Iterable[str]) -> dict[PersonId, list[Registration]]:
    """As `of_people`, and nobody else moves one of them meanwhile. Locked in the order of the ids.

    Whoever puts a registration into force or ends one holds all of its person's: two that decided
    about one person at once would not see each other's.
    """
    return _by_person(prepared.fetch(tx, _LOCK_PEOPLE, sorted(set(people))))


def find(tx: Connection, registration_id: RegistrationId) -> Registration | None:
    """One registration as it stands now, without a lock."""
    return known(tx, [registration_id]).get(registration_id)


def known(tx: Connection, ids: Iterable[RegistrationId]) -> dict[RegistrationId, Registration]:
    """Those of these registrations that exist, as they stand now, without a lock."""
    rows = bulk.fetch(tx, _FIND, (list(ids),))
    return {RegistrationId(row[0]): registration(row) for row in rows}


def lock_overdue(tx: Connection, today: date, count_max: int) -> list[Registration]:
    """In force, with the last day over, and moved by nobody; the longest overdue first."""
    return [registration(row) for row in bulk.fetch(tx, _OVERDUE, (today, count_max))]


def add(tx: Connection, registrations: Sequence[Registration]) -> set[RegistrationId]:
    """Store new registrations; the ids of those that were not there before."""
    rows = sorted(map(_row, registrations), key=lambda row: row[0])
    template = f"({', '.join(['%s'] * 28)})"
    return {RegistrationId(row[0]) for row in bulk.write_and_return(tx, _ADD, template, rows)}


def move(tx: Connection, taken: Sequence[Taken]) -> None:
    """Write one step each of locked registrations, in two statements and one for the steps.

    What ends comes first: a version gives its days away before the next one takes them.
    """
    for in_force in (False, True):
        moves = [one for one in taken if one.after.is_in_force() is in_force]
        written = bulk.write_and_return(tx, _MOVE, _MOVE_ROW, [_moved_row(one) for one in moves])
        assert len(written) == len(moves), "a locked registration was moved by somebody else"
    add_steps(tx, taken)


def add_steps(tx: Connection, taken: Sequence[Taken]) -> None:
    """Steps of registrations that are stored as they stand after them."""
    rows = [_step_row(one) for one in taken]
    bulk.write_rows(tx, _STEPS, f"({', '.join(['%s'] * 10)})", rows)


def registration(row: tuple[Any, ...]) -> Registration:
    """A row of COLUMNS."""
    return Registration(
        registration_id=RegistrationId(row[0]),
        person_id=PersonId(row[1]),
        insured_area=AreaCode(row[2]),
        insured_division=row[3],
        insurance_kind=InsuranceKind(row[4]),
        category=RegistrationCategory(row[5]),
        place=row[6],
        disease_code=row[7],
        begins_on=row[8],
        ends_on=row[9],
        channel=Channel(row[10]),
        submitted_by=row[11],
        by=row[12],
        filed_by_message=row[13],
        submitted_at=row[14],
        replaces=row[15],
        version=row[16],
        state=RegistrationState(row[17]),
        materials=materials(row[18]),
        materials_filed=row[19],
        gaps=tuple(_gap(*stored) for stored in row[20]),
        ended_on=row[21],
        decided_at=row[22],
        decided_by=row[23],
        refusal=BY_CODE[row[24]] if row[24] else None,
        reason=row[25],
        step_count=row[26],
    )


def materials(stored: Iterable[Any]) -> tuple[Material, ...]:
    return tuple(Material(kind=kind, reference=reference) for kind, reference in stored)


def _by_person(rows: Iterable[tuple[Any, ...]]) -> dict[PersonId, list[Registration]]:
    found: dict[PersonId, list[Registration]] = defaultdict(list)
    for row in rows:
        found[PersonId(row[1])].append(registration(row))
    return found


def _row(r: Registration) -> tuple[Any, ...]:
    who = (r.registration_id, r.person_id, r.insured_area, r.insured_division)
    what = (r.insurance_kind.value, r.category.value, r.place, r.disease_code)
    how = (r.begins_on, r.ends_on, r.channel.value, r.submitted_by, r.by, r.filed_by_message)
    version = (r.submitted_at, r.replaces, r.version, r.state.value)
    papers = (_materials(r.materials), r.materials_filed, _gaps(r.gaps), r.ended_on)
    ends = (*_decision(r), r.step_count, treatment_area_of(r.place))
    return (*who, *what, *how, *version, *papers, *ends)


def _moved_row(taken: Taken) -> tuple[Any, ...]:
    r = taken.after
    papers = (_materials(r.materials), _gaps(r.gaps), r.ended_on)
    moved = (r.state.value, *papers, *_decision(r), r.step_count)
    return (r.registration_id, taken.before.step_count, *moved)


def _decision(r: Registration) -> tuple[datetime | None, str | None, str | None, str | None]:
    return r.decided_at, r.decided_by, r.refusal.value if r.refusal else None, r.reason


def _step_row(taken: Taken) -> tuple[Any, ...]:
    r = taken.after
    step = (taken.before.state.value, taken.event.value, r.state.value)
    said = (taken.at, taken.by[:200], taken.why[:200], taken.change_id)
    return (r.registration_id, r.step_count, *step, *said, _materials(taken.materials))


def _materials(given: Iterable[Material]) -> Json:
    return Json([[one.kind.value, one.reference] for one in given])


def _gaps(gaps: Iterable[Gap]) -> Json:
    return Json([[one.begins_on.isoformat(), one.until and one.until.isoformat()] for one in gaps])


def _gap(begins_on: str, until: str | None) -> Gap:
    return Gap(date.fromisoformat(begins_on), date.fromisoformat(until) if until else None)
