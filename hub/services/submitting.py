"""Filing registrations 备案: judged by the hub's rules, then put before the insured area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.clock import shanghai_date_of
from contracts.codes import TEMPORARY, areas
from contracts.ids import PersonId, RegistrationId
from contracts.message import Message, Outgoing
from contracts.messages.registration import RegistrationSubmitted, Wanted
from contracts.refusal import RefusalCode, Refused
from hub.domain import stepping
from hub.domain.anomaly import AnomalyKind
from hub.domain.materials import joined
from hub.domain.participant import area_code_of
from hub.domain.registration import (
    Registration,
    RegistrationEvent,
    RegistrationState,
    Taken,
    whole_place_of,
)
from hub.domain.rules import shortest_end
from hub.domain.submission import Submission, refusal
from hub.services import telling_registrations as telling
from hub.services.decided import speakers
from hub.store import anomalies, known_areas, registrations
from hub.store.known_areas import KnownAreas

Submitted = Message[RegistrationSubmitted]


@dataclass(frozen=True, slots=True)
class Filing:
    """What is filed, by whom, and for which participant ('treatment.310000') or 'person'."""

    wanted: Wanted
    by: str
    party: str
    by_message: bool = False


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The facts of a batch of filings."""

    areas: KnownAreas
    people: Mapping[PersonId, Sequence[Registration]]


def submit(tx: Connection, filing: Filing, now: datetime) -> tuple[Registration, list[Outgoing]]:
    """File one registration and ask the insured area to decide.

    The same id with the same content is a replay: the registration as it stands, and nothing to
    say. Refused with the code of the first rule against it, or CONFLICTING_REPLAY.
    """
    before = registrations.find(tx, filing.wanted.registration_id)
    if before is None:
        filed = _filed(filing, now)
        loaded = _load(tx, [filed], known_areas.on(tx, shanghai_date_of(now), areas()))
        code, one = _judged(filed, loaded, now)
        if code is not None:
            raise Refused(code)
        if registrations.add(tx, [one]):
            return one, [telling.review(one, None, now)]
        before = registrations.find(tx, one.registration_id)  # Filed by another just now.
        assert before is not None, "registrations are never deleted"
    return _replayed(before, filing, now), []


def receive(tx: Connection, batch: Sequence[Submitted], now: datetime) -> list[Outgoing]:
    """As `submit` for a batch, for whichever areas speak; what a rule refuses is kept as rejected.

    Who filed it hears at once that it has arrived, or why not; a replay hears where it stands.
    Six statements at most, whatever the batch.
    """
    everyone = known_areas.on(tx, shanghai_date_of(now), areas())
    parties = speakers(everyone.participants)
    heard = [message for message in batch if message.head.sender in parties]
    filed = [_filed(_filing(message), now) for message in heard]
    loaded = _load(tx, filed, everyone)
    judged = [_judged(one, loaded, now)[1] for one in filed]
    new = registrations.add(tx, judged)
    known = registrations.known(tx, [r.registration_id for r in judged])
    odd = [
        telling.odd(AnomalyKind.WRONG_SENDER, message, message.body.wanted.registration_id, now)
        for message in batch
        if message.head.sender not in parties
    ]
    said: list[Outgoing] = []
    steps: list[Taken] = []
    for message, before, one in zip(heard, filed, judged, strict=True):
        stands = known[one.registration_id]
        if not stands.says_the_same_as(one):
            odd.append(telling.odd(AnomalyKind.REPEATED_ID, message, one.registration_id, now))
            continue
        said += telling.to_the_filer(stands, message, now)
        if one.registration_id in new and one.refusal is None:
            said.append(telling.review(stands, message, now))
        elif one.registration_id in new:
            steps.append(_rejection(before, one, now))
    registrations.add_steps(tx, steps)
    anomalies.add(tx, odd)
    return said


def _filing(message: Submitted) -> Filing:
    return Filing(message.body.wanted, message.body.by, message.head.sender, by_message=True)


def _filed(filing: Filing, now: datetime) -> Registration:
    """As it is judged and kept: at a whole unit where the Rules say so, with the shortest end."""
    wanted = filing.wanted
    ends_on = wanted.ends_on
    if ends_on is None and wanted.category in TEMPORARY:
        ends_on = shortest_end(wanted.begins_on)
    materials = joined((), wanted.materials)
    return Registration(
        registration_id=RegistrationId(wanted.registration_id),
        person_id=PersonId(wanted.person_id),
        insured_area=area_code_of(wanted.insured_division),
        insured_division=wanted.insured_division,
        insurance_kind=wanted.insurance_kind,
        category=wanted.category,
        place=None if wanted.place is None else whole_place_of(wanted.place),
        disease_code=wanted.disease_code,
        begins_on=wanted.begins_on,
        ends_on=ends_on,
        channel=wanted.channel,
        state=RegistrationState.SUBMITTED,
        submitted_by=filing.party,
        by=filing.by,
        filed_by_message=filing.by_message,
        submitted_at=now,
        replaces=wanted.replaces,
        materials=materials,
        materials_filed=len(materials),
    )


def _load(tx: Connection, filed: Sequence[Registration], everyone: KnownAreas) -> _Loaded:
    return _Loaded(everyone, registrations.of_people(tx, {one.person_id for one in filed}))


def _judged(
    one: Registration, loaded: _Loaded, now: datetime
) -> tuple[RefusalCode | None, Registration]:
    """The first rule against it, and the registration as it is kept: rejected, or a version."""
    known = loaded.people.get(one.person_id, ())
    terms = loaded.areas.terms.get(one.insured_area)
    submission = Submission(
        registration=one,
        participants=loaded.areas.participants,
        others=[other for other in known if other.registration_id != one.registration_id],
        lock_in_months=terms.lock_in_months if terms is not None else 0,
        today=shanghai_date_of(now),
    )
    code, old = refusal(submission), submission.replaced()
    if code is not None:
        return code, stepping.decided(one, code, now, topics.HUB)
    return None, one if old is None else one.following(old)


def _rejection(before: Registration, one: Registration, now: datetime) -> Taken:
    assert one.refusal is not None, "only what was refused is rejected"
    why = one.refusal.told()
    return Taken(before, RegistrationEvent.REJECT, one, now, topics.HUB, why)


def _replayed(before: Registration, filing: Filing, now: datetime) -> Registration:
    if not before.says_the_same_as(_filed(filing, now)):
        raise Refused(RefusalCode.CONFLICTING_REPLAY)
    return before
