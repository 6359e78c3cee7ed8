"""The people of a benchmark: made up, loaded at their area, and registered over the real wire."""

import base64
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from participants.treatment.domain.institution import (
    OPENED_BY_KIND,
    Institution,
    InstitutionKind,
)
from participants.treatment.services import institutions as institutions_of_area
from simulators.bench.bills import Patients
from simulators.bench.pairs import Pair
from simulators.running.deployment import Deployment
from simulators.world.population import institutions, pharmacies

REGISTERED_WITHIN_S = 120.0
FILED_AT_ONCE = 500
DISEASE = "M03900"  # 高血压
_ACTIVE = "SELECT count(*) FROM registrations WHERE state = 'active'"


class CrowdNotRegistered(Exception):
    """The registrations did not come through in time."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Where people are loaded, filed for, and counted."""

    deployment: Deployment
    hub: Engine
    insured: Mapping[AreaCode, Engine]
    outboxes: Mapping[AreaCode, Outbox]
    """Of the treatment areas."""


def open_pharmacies(engines: Mapping[AreaCode, Engine]) -> None:
    """A pharmacy in each treatment area whose list has none; before its worker publishes them."""
    for area, engine in engines.items():
        if not pharmacies(area):
            with engine.begin() as tx:
                institutions_of_area.load(tx, [_pharmacy(area)])


def enrol(
    registry: Registry, pairs: Sequence[Pair], tell: Callable[[str], None]
) -> dict[Pair, Patients]:
    """Load the people of every pair, and register each through Kafka; that also warms all parts up.

    All are recognised for one chronic disease.
    """
    wanted = sum(pair.people for pair in pairs)
    tell(f"registering {wanted} people over Kafka")
    known: Counter[AreaCode] = Counter()
    enrolled = {}
    for pair in pairs:
        first = known[pair.insured]
        known[pair.insured] += pair.people
        enrolled[pair] = _patients(pair, _enrolled(registry, pair, first))
    _wait_for(registry.hub, wanted)
    return enrolled


def _enrolled(registry: Registry, pair: Pair, first: int) -> list[PersonId]:
    key = base64.b64decode(registry.deployment.secrets["YIDI_PERSON_TOKEN_KEY"])
    sealer = Sealer.from_text(registry.deployment.secrets["YIDI_SEALING_KEYS"])
    rows = [_person(first + n, pair) for n in range(pair.people)]
    with registry.insured[pair.insured].begin() as tx:
        people.load(tx, rows, sealer, key)
        eligibilities.load(tx, [_recognised(row) for row in rows], key)
    tokens = [person_id_of(row.certificate_kind, row.certificate_number, key) for row in rows]
    today, outbox = shanghai_date_of(SystemClock().now()), registry.outboxes[pair.treatment]
    for start in range(0, len(tokens), FILED_AT_ONCE):
        with outbox.transaction() as writing:
            some = tokens[start : start + FILED_AT_ONCE]
            writing.say([_filed(person, pair, today, writing.now) for person in some])
        outbox.tend()
    return tokens


def _patients(pair: Pair, tokens: Sequence[PersonId]) -> Patients:
    """These people at the first hospital of the treatment area, and at its first pharmacy."""
    hospital = institutions(pair.treatment)[0].code
    listed = pharmacies(pair.treatment)
    pharmacy = listed[0].code if listed else _pharmacy(pair.treatment).code
    return Patients(tokens, pair.home, hospital, pharmacy, DISEASE)


def _pharmacy(area: AreaCode) -> Institution:
    return Institution(
        code=f"P{area[:2]}010000001",
        name="示例大药房",
        division=DivisionCode(f"{area[:2]}0100"),
        level=1,
        hosp_lv="11",
        kind=InstitutionKind.PHARMACY,
        opened=OPENED_BY_KIND[InstitutionKind.PHARMACY],
    )


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


def _person(number: int, pair: Pair) -> PersonRow:
    born = 1940 + number % 60
    return PersonRow(
        line=number,
        certificate_kind="01",
        certificate_number=f"{pair.home}{born}0101{number % 1_000:03d}{number // 1_000}",
        name=f"示例{number}",
        gender="1" if number % 2 else "2",
        born_on=date(born, 1, 1),
        insurance_kind=InsuranceKind.EMPLOYEE,
        person_type=PersonType.RETIRED if number % 60 < 25 else PersonType.ACTIVE,
        division=pair.home,
        in_force_from=date(2010, 1, 1),
        in_force_until=None,
        civil_servant=False,
        account_balance_fen=500_000,
    )


def _filed(person: PersonId, pair: Pair, today: date, now: datetime) -> Outgoing:
    wanted = Wanted(
        registration_id=RegistrationId(new_id()),
        person_id=person,
        insured_division=pair.home,
        insurance_kind=InsuranceKind.EMPLOYEE,
        category=RegistrationCategory.LONG_TERM_RESIDENT,
        place=pair.place,
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
        sender=topics.participant(Role.TREATMENT, pair.treatment),
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
