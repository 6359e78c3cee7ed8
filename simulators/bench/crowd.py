"""The people of a benchmark: made up, loaded at their area, and registered over the real wire."""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Engine, text

from contracts import topics
from contracts.clock import SystemClock, shanghai_date_of
from contracts.codes import (
    AreaCode,
    Channel,
    DivisionCode,
    InsuranceKind,
    MaterialKind,
    PersonType,
    RegistrationCategory,
    Role,
)
from contracts.delivery.outbox import Outbox
from contracts.ids import MessageId, PersonId, RegistrationId, new_id
from contracts.message import Outgoing, originate
from contracts.messages.registration import Material, RegistrationSubmitted, Wanted
from contracts.person import person_id_of
from contracts.sealing import Sealer
from participants.insured.domain.eligibility_file import EligibilityRow
from participants.insured.domain.person_file import PersonRow
from participants.insured.services import eligibilities, people
from simulators.bench.bills import Patients
from simulators.running.deployment import Deployment
from simulators.world.population import institutions, pharmacies

REGISTERED_WITHIN_S = 120.0
FILED_AT_ONCE = 500
HOME, PLACE = DivisionCode("340100"), DivisionCode("310000")
TREATMENT = AreaCode("310000")
DISEASE = "M03900"  # 高血压
_ACTIVE = "SELECT count(*) FROM registrations WHERE state = 'active'"


class CrowdNotRegistered(Exception):
    """The registrations did not come through in time."""


def enrol(
    deployment: Deployment,
    engines: Mapping[str, Engine],
    outbox: Outbox,
    *,
    count: int,
    tell: Callable[[str], None],
) -> list[PersonId]:
    """Load `count` people, and register each through Kafka; this also warms every part up.

    All are recognised for one chronic disease.
    """
    tell(f"registering {count} people over Kafka")
    key = base64.b64decode(deployment.secrets["YIDI_PERSON_TOKEN_KEY"])
    sealer = Sealer.from_text(deployment.secrets["YIDI_SEALING_KEYS"])
    rows = [_person(n) for n in range(count)]
    with engines["insured"].begin() as tx:
        people.load(tx, rows, sealer, key)
        eligibilities.load(tx, [_recognised(row) for row in rows], key)
    tokens = [person_id_of(row.certificate_kind, row.certificate_number, key) for row in rows]
    today = shanghai_date_of(SystemClock().now())
    for start in range(0, count, FILED_AT_ONCE):
        with outbox.transaction() as writing:
            some = tokens[start : start + FILED_AT_ONCE]
            writing.say([_filed(person, today, writing.now) for person in some])
        outbox.tend()
    _wait_for(engines["hub"], count)
    return tokens


def patients_of(people: Sequence[PersonId]) -> Patients:
    """These people at the first hospital of the treatment area, and at its first pharmacy."""
    hospital, pharmacy = institutions(TREATMENT)[0], pharmacies(TREATMENT)[0]
    return Patients(people, HOME, hospital.code, pharmacy.code, DISEASE)


def _recognised(row: PersonRow) -> EligibilityRow:
    return EligibilityRow(
        line=row.line,
        certificate_kind=row.certificate_kind,
        certificate_number=row.certificate_number,
        insurance_kind=row.insurance_kind,
        disease_code=DISEASE,
        valid_from=row.in_force_from,
        valid_to=None,
    )


def _person(number: int) -> PersonRow:
    return PersonRow(
        line=number,
        certificate_kind="01",
        certificate_number=f"340100{1940 + number % 60}0101{number % 1_000:03d}{number // 1_000}",
        name=f"示例{number}",
        gender="1" if number % 2 else "2",
        born_on=date(1940 + number % 60, 1, 1),
        insurance_kind=InsuranceKind.EMPLOYEE,
        person_type=PersonType.RETIRED if number % 60 < 25 else PersonType.ACTIVE,
        division=HOME,
        in_force_from=date(2010, 1, 1),
        in_force_until=None,
        civil_servant=False,
        account_balance_fen=500_000,
    )


def _filed(person: PersonId, today: date, now: datetime) -> Outgoing:
    wanted = Wanted(
        registration_id=RegistrationId(new_id()),
        person_id=person,
        insured_division=HOME,
        insurance_kind=InsuranceKind.EMPLOYEE,
        category=RegistrationCategory.LONG_TERM_RESIDENT,
        place=PLACE,
        begins_on=today - timedelta(days=60),
        ends_on=None,
        materials=(
            Material(kind=MaterialKind.CREDENTIAL),
            Material(kind=MaterialKind.RESIDENCE_PROOF),
        ),
        channel=Channel.HOSPITAL,
    )
    body = RegistrationSubmitted(wanted=wanted, by="bench")
    return originate(
        body,
        message_id=MessageId(new_id()),
        topic=topics.HUB_REGISTRATIONS,
        key=person,
        sender=topics.participant(Role.TREATMENT, TREATMENT),
        at=now,
    )


def _wait_for(hub: Engine, count: int) -> None:
    until = time.monotonic() + REGISTERED_WITHIN_S
    while time.monotonic() < until:
        with hub.connect() as connection:
            active = connection.execute(text(_ACTIVE)).scalar_one()
        if active == count:
            return
        time.sleep(0.2)
    raise CrowdNotRegistered(f"{active} of {count} registrations came through")
