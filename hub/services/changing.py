"""Changes of registrations that stand: supplemented, suspended, resumed, cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.clock import shanghai_date_of
from contracts.codes import areas
from contracts.ids import MessageId, PersonId
from contracts.message import Message, Outgoing
from contracts.messages.registration import RegistrationChangeRequested
from contracts.refusal import RefusalCode, Refused
from hub.domain.anomaly import Anomaly, AnomalyKind
from hub.domain.changing import MADE, Asked, Wish, is_party, refusal
from hub.domain.registration import Registration, Taken
from hub.services import telling_registrations as telling
from hub.services.decided import speakers
from hub.store import anomalies, known_areas, registration_history, registrations
from hub.store.known_areas import KnownAreas
from hub.store.registration_history import RegistrationStep

Requested = Message[RegistrationChangeRequested]
# How a wish that was refused looks among the anomalies; the others are ordinary refusals.
_ODD: Mapping[RefusalCode, AnomalyKind] = {
    RefusalCode.NOT_ALLOWED: AnomalyKind.WRONG_SENDER,
    RefusalCode.OUT_OF_STEP: AnomalyKind.OUT_OF_STEP,
    RefusalCode.CONFLICTING_REPLAY: AnomalyKind.REPEATED_ID,
}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The facts of a batch of wishes; everybody's registrations are locked."""

    people: Mapping[PersonId, Sequence[Registration]]
    granted: Mapping[MessageId, RegistrationStep]
    areas: KnownAreas

    def meant(self, wish: Wish) -> Registration | None:
        theirs = self.people.get(wish.person_id, ())
        return next((r for r in theirs if r.registration_id == wish.registration_id), None)


def change(tx: Connection, wish: Wish, now: datetime) -> tuple[Registration, list[Outgoing]]:
    """Grant one wish; a wish that was granted before is a replay, and changes nothing more.

    Refused: UNKNOWN_REGISTRATION, CONFLICTING_REPLAY (the id was another wish's), NOT_ALLOWED,
    OUT_OF_STEP, FIELD_MISSING, FIELD_TOO_LONG, LOCKED_IN. A refused wish leaves no trace, and the
    same id is judged afresh.
    """
    loaded = _load(tx, [wish], now)
    one = loaded.meant(wish)
    if one is None:
        raise Refused(RefusalCode.UNKNOWN_REGISTRATION)
    if not is_party(wish, one):
        raise Refused(RefusalCode.NOT_ALLOWED)
    if _is_replay(wish, loaded):
        return one, []
    code = _refusal(wish, one, loaded, now)
    if code is not None:
        raise Refused(code)
    step = _step(wish, one, now)
    registrations.move(tx, [step])
    return step.after, telling.taken(step, None)


def receive(tx: Connection, batch: Sequence[Requested], now: datetime) -> list[Outgoing]:
    """As `change` for a batch; who asked hears the code of a refusal, unless it is no party to it.

    Seven statements at most, whatever the batch.
    """
    wishes = [(message, _wish(message)) for message in batch]
    loaded = _load(tx, [wish for _, wish in wishes], now)
    parties = speakers(loaded.areas.participants)
    steps: list[Taken] = []
    odd: list[Anomaly] = []
    said: list[Outgoing] = []
    for message, wish in wishes:
        one = loaded.meant(wish)
        if one is None or wish.party not in parties or not is_party(wish, one):
            kind = AnomalyKind.UNKNOWN_SUBJECT if one is None else AnomalyKind.WRONG_SENDER
            odd.append(telling.odd(kind, message, wish.registration_id, now))
        elif _is_replay(wish, loaded):
            said += telling.again(_taken(loaded.granted[wish.change_id], one), message)
        elif code := _refusal(wish, one, loaded, now):
            odd += _oddities(code, message, now)
            said += telling.refused(one, message, code, now, wish.change_id)
        else:
            steps.append(_step(wish, one, now))
            said += telling.taken(steps[-1], message)
    registrations.move(tx, steps)
    anomalies.add(tx, odd)
    return said


def _load(tx: Connection, wishes: Sequence[Wish], now: datetime) -> _Loaded:
    people = registrations.lock_people(tx, {wish.person_id for wish in wishes})
    # After the lock, so that a wish that was granted meanwhile is seen.
    granted = registration_history.granted(tx, [wish.change_id for wish in wishes])
    return _Loaded(people, granted, known_areas.on(tx, shanghai_date_of(now), areas()))


def _wish(message: Requested) -> Wish:
    said = message.body
    return Wish(
        change_id=said.change_id,
        registration_id=said.registration_id,
        person_id=PersonId(said.person_id),
        change=said.change,
        materials=said.materials,
        reason=said.reason,
        by=said.by,
        party=message.head.sender,
    )


def _is_replay(wish: Wish, loaded: _Loaded) -> bool:
    """Whether this very wish was granted before."""
    step = loaded.granted.get(wish.change_id)
    return step is not None and _content(wish) == (
        step.registration_id,
        step.event,
        step.materials,
        step.why,
    )


def _content(wish: Wish) -> tuple[object, ...]:
    return wish.registration_id, MADE[wish.change][0], wish.materials, wish.reason


def _refusal(wish: Wish, one: Registration, loaded: _Loaded, now: datetime) -> RefusalCode | None:
    if wish.change_id in loaded.granted:
        return RefusalCode.CONFLICTING_REPLAY
    terms = loaded.areas.terms.get(one.insured_area)
    months = terms.lock_in_months if terms is not None else 0
    return refusal(Asked(wish, one, months, shanghai_date_of(now)))


def _step(wish: Wish, one: Registration, now: datetime) -> Taken:
    event, make = MADE[wish.change]
    after = make(one, wish.materials, shanghai_date_of(now))
    return Taken(
        one, event, after, now, wish.by, wish.reason, wish.change_id, materials=wish.materials
    )


def _taken(step: RegistrationStep, one: Registration) -> Taken:
    """A step of the past, with the registration as it stands now."""
    return Taken(one, step.event, one, step.at, step.by, step.why, step.change_id)


def _oddities(code: RefusalCode, message: Requested, now: datetime) -> list[Anomaly]:
    if code not in _ODD:
        return []
    return [telling.odd(_ODD[code], message, message.body.registration_id, now)]
