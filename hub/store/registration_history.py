"""Every step of a registration with who and why, granted wishes, and the lists of an area."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role
from contracts.delivery import bulk
from contracts.ids import MessageId, RegistrationId
from contracts.messages.registration import Material
from hub.domain.registration import Registration, RegistrationEvent, RegistrationState
from hub.store.registrations import COLUMNS, materials, registration

_COLUMNS = """registration_id, position, from_state, event, to_state, at, "by", why, change_id,
    materials"""
_OF = f"""
    SELECT {_COLUMNS} FROM registration_steps WHERE registration_id = %s ORDER BY position
"""  # noqa: S608
_GRANTED = f"SELECT {_COLUMNS} FROM registration_steps WHERE change_id = ANY(%s::uuid[])"  # noqa: S608
_OF_AREA = """
    SELECT {columns} FROM registrations
    WHERE {side} = %(area)s AND (%(state)s::text IS NULL OR state = %(state)s)
        AND (%(at)s::timestamptz IS NULL
            OR (submitted_at, registration_id) < (%(at)s, %(id)s::uuid))
    ORDER BY submitted_at DESC, registration_id DESC LIMIT %(count)s
"""
_OF_SIDE = {
    Role.INSURED: _OF_AREA.format(columns=COLUMNS, side="insured_area"),
    Role.TREATMENT: _OF_AREA.format(columns=COLUMNS, side="treatment_area"),
}


@dataclass(frozen=True, slots=True)
class RegistrationStep:
    """One step as it was written; `change_id` None: no wish made it. `materials`: added by it."""

    registration_id: RegistrationId
    position: int
    source: RegistrationState
    event: RegistrationEvent
    target: RegistrationState
    at: datetime
    by: str
    why: str
    change_id: MessageId | None
    materials: tuple[Material, ...]


@dataclass(frozen=True, slots=True)
class RegistrationsWanted:
    """Which registrations of an area, in the role it plays in them; None asks for every state.

    `after`: the instant and id of the last row of the page before.
    """

    area: AreaCode
    role: Role
    state: RegistrationState | None = None
    after: tuple[datetime, RegistrationId] | None = None


def of(tx: Connection, registration_id: RegistrationId) -> list[RegistrationStep]:
    """All steps, the first first."""
    return [_step(row) for row in bulk.fetch(tx, _OF, (registration_id,))]


def granted(tx: Connection, ids: Iterable[MessageId]) -> dict[MessageId, RegistrationStep]:
    """The steps that these wishes made; a wish that was refused made none."""
    return {row[8]: _step(row) for row in bulk.fetch(tx, _GRANTED, (list(ids),))}


def page(tx: Connection, wanted: RegistrationsWanted, count_max: int) -> list[Registration]:
    """The newest first."""
    at, id_ = wanted.after or (None, None)
    parameters = {
        "area": wanted.area,
        "state": wanted.state and wanted.state.value,
        "at": at,
        "id": id_,
        "count": count_max,
    }
    return [registration(row) for row in bulk.fetch(tx, _OF_SIDE[wanted.role], parameters)]


def _step(row: tuple[Any, ...]) -> RegistrationStep:
    return RegistrationStep(
        registration_id=RegistrationId(row[0]),
        position=row[1],
        source=RegistrationState(row[2]),
        event=RegistrationEvent(row[3]),
        target=RegistrationState(row[4]),
        at=row[5],
        by=row[6],
        why=row[7],
        change_id=row[8],
        materials=materials(row[9]),
    )
