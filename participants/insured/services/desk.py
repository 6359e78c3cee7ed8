"""What a clerk at the desk does: looks at waiting registrations, decides, looks at a working."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.ids import PersonId, RegistrationId, SettlementId, id_of_effect
from contracts.message import Outgoing, originate
from contracts.person import masked
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from participants.insured.domain.area import Area
from participants.insured.domain.grant import Grant
from participants.insured.domain.review import Review, ReviewState
from participants.insured.services.registrations import decision_of
from participants.insured.store import grants, people, reviews
from participants.policy.explain import explain_steps, steps_from_json

LISTED_MAX = 200
"""A desk works through the oldest; the next come up as these are decided."""


@dataclass(frozen=True, slots=True)
class Masked:
    """Who it is, as far as a screen may show it."""

    name: str
    certificate_number: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A grant with its working in words, one line a step."""

    grant: Grant
    person: Masked | None
    lines: list[str]


def listed(
    tx: Connection, state: ReviewState, sealer: Sealer
) -> list[tuple[Review, Masked | None]]:
    """The oldest reviews in a state, at most LISTED_MAX, each with its person masked."""
    found = reviews.listed(tx, state, LISTED_MAX)
    shown = _masked(tx, [one.person_id for one in found], sealer)
    return [(one, shown.get(one.person_id)) for one in found]


def accept(
    area: Area, tx: Connection, id_: RegistrationId, *, by: str, reason: str, now: datetime
) -> tuple[Review, Outgoing]:
    """Refused: UNKNOWN_REGISTRATION, DECIDED_ALREADY."""
    return _decided(area, tx, _waiting(tx, id_).accepted(by, reason, now), now)


def reject(
    area: Area, tx: Connection, id_: RegistrationId, *, by: str, reason: str, now: datetime
) -> tuple[Review, Outgoing]:
    """Refused: UNKNOWN_REGISTRATION, DECIDED_ALREADY."""
    code = RefusalCode.REJECTED_BY_DESK
    return _decided(area, tx, _waiting(tx, id_).rejected(by, code, reason, now), now)


def explained(tx: Connection, person_id: PersonId, id_: SettlementId, sealer: Sealer) -> Explained:
    """What a person was granted and why; NEVER_GRANTED when there is no such grant of theirs."""
    grant = grants.of(tx, [id_]).get(id_)
    if grant is None or grant.person_id != person_id:
        raise Refused(RefusalCode.NEVER_GRANTED)
    lines = explain_steps(steps_from_json(grants.working_of(tx, id_)))
    return Explained(grant, _masked(tx, [person_id], sealer).get(person_id), lines)


def _waiting(tx: Connection, id_: RegistrationId) -> Review:
    found = reviews.lock(tx, [id_]).get(id_)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_REGISTRATION)
    return found


def _decided(area: Area, tx: Connection, one: Review, now: datetime) -> tuple[Review, Outgoing]:
    reviews.decide(tx, one)
    said = originate(
        decision_of(one),
        message_id=id_of_effect(one.registration_id, "decided at the desk"),
        topic=topics.HUB_REGISTRATIONS,
        key=one.person_id,
        sender=area.name,
        at=now,
    )
    return one, said


def _masked(tx: Connection, person_ids: list[PersonId], sealer: Sealer) -> dict[str, Masked]:
    return {
        id_: _masked_identity(sealer.open(card.sealed_identity))
        for id_, card in people.cards_of(tx, person_ids).items()
    }


def _masked_identity(identity: str) -> Masked:
    fields = json.loads(identity)
    return Masked(masked(fields["name"]), masked(fields["certificate_number"]))
