"""Everybody's registration: filed by the treatment areas, decided by the areas that insure."""

import base64
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy import Engine, text

from contracts import topics
from contracts.clock import Clock, shanghai_date_of
from contracts.codes import AreaCode, Channel, MaterialKind, Role
from contracts.delivery.outbox import Outbox
from contracts.delivery.transport import Transport
from contracts.ids import MessageId, PersonId, RegistrationId, new_id
from contracts.message import Outgoing, originate
from contracts.messages.registration import Material, RegistrationSubmitted, Wanted
from contracts.person import person_id_of
from simulators.agency import wait_for
from simulators.running.deployment import Deployment
from simulators.world.people import PROOF, Traveller

REGISTERED_WITHIN_S = 180.0
FLUSH_WITHIN_S = 30.0
_ACTIVE = "SELECT count(*) FROM registrations WHERE state = 'active'"


def file_all(
    deployment: Deployment, transport: Transport, clock: Clock, people: Sequence[Traveller]
) -> None:
    """Say these registrations; whoever counts them at the hub sees them come into force."""
    by_place: dict[AreaCode, list[Traveller]] = defaultdict(list)
    for one in people:
        by_place[one.away].append(one)
    key = base64.b64decode(deployment.secrets["YIDI_PERSON_TOKEN_KEY"])
    sender = transport.sender("country")
    outboxes = []
    for area, living_here in by_place.items():
        outbox = Outbox(deployment.treatment_engine(area, "registering"), sender, clock)
        outboxes.append(outbox)
        with outbox.transaction() as writing:
            writing.say([_filed(one, key, writing.now) for one in living_here])
    sender.flush(FLUSH_WITHIN_S)
    for outbox in outboxes:
        outbox.tend()
        outbox.engine.dispose()
    sender.close()


def in_force(hub: Engine) -> int:
    """How many registrations count."""
    with hub.connect() as tx:
        return int(tx.execute(text(_ACTIVE)).scalar_one())


def wait_until(hub: Engine, count: int, check: Callable[[], None]) -> None:
    """Until so many are in force; `Unexpected` when they do not come in time."""

    def look() -> bool:
        check()
        return in_force(hub) >= count

    wait_for(f"{count} registrations are in force", look, REGISTERED_WITHIN_S)


def _filed(one: Traveller, key: bytes, now: datetime) -> Outgoing:
    person = person_id_of(one.row.certificate_kind, one.row.certificate_number, key)
    body = RegistrationSubmitted(wanted=_wanted(one, person, shanghai_date_of(now)), by="country")
    return originate(
        body,
        message_id=MessageId(new_id()),
        topic=topics.HUB_REGISTRATIONS,
        key=person,
        sender=topics.participant(Role.TREATMENT, one.away),
        at=now,
    )


def _wanted(one: Traveller, person: PersonId, today: date) -> Wanted:
    begins_on, ends_on = one.lasts(today)
    return Wanted(
        registration_id=RegistrationId(new_id()),
        person_id=person,
        insured_division=one.row.division,
        insurance_kind=one.row.insurance_kind,
        category=one.category,
        place=one.place,
        begins_on=begins_on,
        ends_on=ends_on,
        materials=(Material(kind=MaterialKind.CREDENTIAL), Material(kind=PROOF[one.category])),
        channel=Channel.HOSPITAL,
    )
