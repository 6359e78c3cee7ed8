"""Registrations looked up; whose eyes may see them is the edge's question."""

from collections.abc import Sequence

from sqlalchemy import Connection

from contracts.ids import PersonId, RegistrationId
from contracts.refusal import RefusalCode, Refused
from hub.domain.registration import Registration
from hub.store import registration_history, registrations
from hub.store.registration_history import RegistrationStep, RegistrationsWanted

__all__ = ["RegistrationStep", "RegistrationsWanted"]


def registration(tx: Connection, registration_id: RegistrationId) -> Registration:
    """Refused: UNKNOWN_REGISTRATION."""
    found = registrations.find(tx, registration_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_REGISTRATION)
    return found


def history(tx: Connection, registration_id: RegistrationId) -> Sequence[RegistrationStep]:
    """Every step since it was filed, the first first."""
    return registration_history.of(tx, registration_id)


def of_person(tx: Connection, person_id: PersonId) -> list[Registration]:
    """A person's registrations, newest first."""
    found = registrations.of_people(tx, [person_id]).get(person_id, [])
    return sorted(found, key=lambda one: (one.submitted_at, one.registration_id), reverse=True)


def of_area(tx: Connection, wanted: RegistrationsWanted, count_max: int) -> list[Registration]:
    """A page of an area's registrations, newest first."""
    return registration_history.page(tx, wanted, count_max)
