"""Looking things up for those they concern; whose eyes may see it is the edge's question."""

from sqlalchemy import Connection

from contracts.ids import PersonId, RegistrationId, SettlementId
from contracts.refusal import RefusalCode, Refused
from hub.domain.day import BusinessDay
from hub.domain.participant import Participant
from hub.domain.registration import Registration
from hub.domain.settlement import Settlement
from hub.store import days, look_ups, participants, registrations, settlements
from hub.store.look_ups import Pulse, StepTaken

__all__ = ["Pulse", "StepTaken"]


def registration(tx: Connection, registration_id: RegistrationId) -> Registration:
    """Refused: UNKNOWN_REGISTRATION."""
    found = registrations.find(tx, registration_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_REGISTRATION)
    return found


def registrations_of(tx: Connection, person_id: PersonId) -> list[Registration]:
    """A person's registrations, newest first."""
    found = registrations.of_people(tx, [person_id]).get(person_id, [])
    return sorted(found, key=lambda one: (one.submitted_at, one.registration_id), reverse=True)


def settlement(tx: Connection, settlement_id: SettlementId) -> Settlement:
    """Refused: UNKNOWN_SETTLEMENT."""
    found = settlements.find(tx, settlement_id)
    if found is None:
        raise Refused(RefusalCode.UNKNOWN_SETTLEMENT)
    return found


def steps_of(tx: Connection, settlement_id: SettlementId) -> list[StepTaken]:
    return look_ups.steps_of(tx, settlement_id)


def business_days(tx: Connection, count_max: int) -> list[BusinessDay]:
    """The last days, newest first."""
    return days.latest(tx, count_max)


def everyone(tx: Connection) -> list[Participant]:
    return list(participants.everyone(tx).values())


def pulse(tx: Connection) -> Pulse:
    return look_ups.pulse(tx)
