"""Registrations and their steps: loaded by person or by id, a whole batch at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, RegistrationCategory
from contracts.delivery import bulk
from contracts.ids import PersonId, RegistrationId
from contracts.refusal import BY_CODE
from hub.domain.registration import Registration, RegistrationEvent, RegistrationState

_COLUMNS = """registration_id, person_id, insured_area, insured_division, insurance_kind, category,
    place, begins_on, ends_on, state, submitted_by, submitted_at, materials, decided_at, decided_by,
    refusal_code, reason"""
_OF_PEOPLE = f"SELECT {_COLUMNS} FROM registrations WHERE person_id = ANY(%s)"  # noqa: S608
_BY_ID = f"""
    SELECT {_COLUMNS} FROM registrations WHERE registration_id = ANY(%s::uuid[])
    ORDER BY registration_id FOR NO KEY UPDATE
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM registrations WHERE registration_id = %s"  # noqa: S608
_OF_AREA = f"""
    SELECT {_COLUMNS} FROM registrations
    WHERE (%s::text IS NULL OR insured_area = %s) AND (%s::text IS NULL OR state = %s)
    ORDER BY submitted_at DESC LIMIT %s
"""  # noqa: S608
_ADD = f"""
    INSERT INTO registrations ({_COLUMNS}) VALUES %s
    ON CONFLICT (registration_id) DO NOTHING RETURNING registration_id
"""  # noqa: S608
_DECIDE = """
    UPDATE registrations AS r SET state = d.state, decided_at = d.decided_at,
        decided_by = d.decided_by, refusal_code = d.refusal_code, reason = d.reason
    FROM (VALUES %s) AS d
        (registration_id, state, decided_at, decided_by, refusal_code, reason)
    WHERE r.registration_id = d.registration_id AND r.state = 'submitted'
    RETURNING r.registration_id
"""
_STEPS = """
    INSERT INTO registration_steps
        (registration_id, position, from_state, event, to_state, at, "by", why) VALUES %s
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """The one step of a registration: from submitted to where it stays."""

    registration: Registration
    event: RegistrationEvent
    at: datetime
    by: str


def of_people(tx: Connection, people: Iterable[str]) -> dict[PersonId, list[Registration]]:
    """Every registration of these people, whatever its state."""
    found: dict[PersonId, list[Registration]] = defaultdict(list)
    for row in bulk.fetch(tx, _OF_PEOPLE, (sorted(set(people)),)):
        found[PersonId(row[1])].append(_registration(row))
    return found


def lock(tx: Connection, ids: Iterable[RegistrationId]) -> dict[RegistrationId, Registration]:
    """Load and lock, in the order of the ids."""
    rows = bulk.fetch(tx, _BY_ID, (list(ids),))
    return {RegistrationId(row[0]): _registration(row) for row in rows}


def find(tx: Connection, registration_id: RegistrationId) -> Registration | None:
    """One registration as it stands now, without a lock."""
    return next((_registration(row) for row in bulk.fetch(tx, _FIND, (registration_id,))), None)


def matching(
    tx: Connection, *, area: AreaCode | None, state: RegistrationState | None, count_max: int
) -> list[Registration]:
    """The newest registrations of an insured area and state; None means every one."""
    parameters = (area, area, state and state.value, state and state.value, count_max)
    return [_registration(row) for row in bulk.fetch(tx, _OF_AREA, parameters)]


def add(tx: Connection, registrations: Sequence[Registration]) -> set[RegistrationId]:
    """Store new registrations; the ids of those that were not there before."""
    template = f"({', '.join(['%s'] * 12)}, %s::text[], %s, %s, %s, %s)"
    rows = [_row(registration) for registration in registrations]
    return {RegistrationId(row[0]) for row in bulk.write_and_return(tx, _ADD, template, rows)}


def decide(tx: Connection, decisions: Sequence[Decision]) -> None:
    """Write decisions on locked registrations that were submitted."""
    template = "(%s::uuid, %s::text, %s::timestamptz, %s::text, %s::text, %s::text)"
    rows = [
        (r.registration_id, r.state.value, r.decided_at, r.decided_by, r.refusal, r.reason)
        for r in (decision.registration for decision in decisions)
    ]
    written = bulk.write_and_return(tx, _DECIDE, template, rows)
    assert len(written) == len(rows), "a locked registration was not submitted"


def add_steps(tx: Connection, decisions: Sequence[Decision]) -> None:
    submitted = RegistrationState.SUBMITTED.value
    rows = [
        (
            d.registration.registration_id,
            1,
            submitted,
            d.event.value,
            d.registration.state.value,
            d.at,
            d.by[:200],
            _why(d.registration),
        )
        for d in decisions
    ]
    bulk.write_rows(tx, _STEPS, f"({', '.join(['%s'] * 8)})", rows)


def _why(registration: Registration) -> str:
    refusal = registration.refusal
    return refusal.told(registration.reason or "") if refusal else (registration.reason or "")


def _row(r: Registration) -> tuple[Any, ...]:
    who = (r.registration_id, r.person_id, r.insured_area, r.insured_division)
    what = (r.insurance_kind.value, r.category.value, r.place, r.begins_on, r.ends_on)
    submitted = (r.state.value, r.submitted_by, r.submitted_at, list(r.materials))
    refusal = r.refusal.value if r.refusal else None
    return (*who, *what, *submitted, r.decided_at, r.decided_by, refusal, r.reason)


def _registration(row: tuple[Any, ...]) -> Registration:
    return Registration(
        registration_id=RegistrationId(row[0]),
        person_id=PersonId(row[1]),
        insured_area=AreaCode(row[2]),
        insured_division=row[3],
        insurance_kind=InsuranceKind(row[4]),
        category=RegistrationCategory(row[5]),
        place=row[6],
        begins_on=row[7],
        ends_on=row[8],
        state=RegistrationState(row[9]),
        submitted_by=row[10],
        submitted_at=row[11],
        materials=tuple(row[12]),
        decided_at=row[13],
        decided_by=row[14],
        refusal=BY_CODE[row[15]] if row[15] else None,
        reason=row[16],
    )
