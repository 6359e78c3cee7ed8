"""The patients: people of each area, registered for care in the other, at the hub's own door."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx
from sqlalchemy import Engine, text

from contracts.clock import SystemClock, shanghai_date_of
from contracts.codes import AreaCode, InsuranceKind
from contracts.ids import PersonId, new_id
from contracts.person import person_id_of
from simulators.agency import Client, wait_for
from simulators.world.population import Institution, Resident, institutions, residents

_ACTIVE = text("SELECT count(*) FROM registrations WHERE state = 'active'")


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody with a registration in force, and the hospitals of the area that it is for."""

    person: Resident
    psn_no: PersonId
    hospitals: tuple[Institution, ...]


def registered(
    areas: Sequence[AreaCode],
    *,
    http: httpx.Client,
    hub_api: str,
    agencies: Mapping[AreaCode, str],
    hub: Engine,
    key: bytes,
) -> tuple[Patient, ...]:
    """File a registration for everybody whose insurance covers every kind of care, and wait."""
    today = shanghai_date_of(SystemClock().now())
    patients = []
    for home, place in _ways(areas):
        agency, hospitals = Client(hub_api, agencies[home], http), tuple(institutions(place))
        for person in _covered(home):
            agency.submit(new_id(), _registration(person, place, today))
            token = person_id_of(person.certificate_kind, person.certificate_number, key)
            patients.append(Patient(person, token, hospitals))
    wait_for("the registrations are in force", lambda: _active(hub) == len(patients))
    return tuple(patients)


def _ways(areas: Sequence[AreaCode]) -> Iterator[tuple[AreaCode, AreaCode]]:
    return ((home, place) for home in areas for place in areas if home != place)


def _covered(area: AreaCode) -> Iterator[Resident]:
    employee = InsuranceKind.EMPLOYEE
    return (one for one in residents(area) if one.in_force and one.insurance_kind is employee)


def _registration(person: Resident, place: AreaCode, today: date) -> dict[str, Any]:
    return {
        "certificate_kind": person.certificate_kind,
        "certificate_number": person.certificate_number,
        "insured_division": person.division,
        "insurance_kind": person.insurance_kind.value,
        "category": "long_term_resident",
        "place": place,
        "begins_on": str(today - timedelta(days=90)),
        "ends_on": None,
        "materials": [{"kind": "credential"}, {"kind": "commitment"}],
        "channel": "window",
    }


def _active(hub: Engine) -> int:
    with hub.connect() as tx:
        return int(tx.execute(_ACTIVE).scalar_one())
