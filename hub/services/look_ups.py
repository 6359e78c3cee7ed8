"""Looking things up for those they concern; whose eyes may see it is the edge's question."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import health
from contracts.ids import PersonId, SettlementId
from contracts.refusal import RefusalCode, Refused
from hub.domain.adjustment import Booked
from hub.domain.day import BusinessDay
from hub.domain.directory import ListedInstitution, Office, Pooled
from hub.domain.participant import Participant
from hub.domain.settlement import Settlement
from hub.store import adjustments as store_of_adjustments
from hub.store import costs as store_of_costs
from hub.store import days, listings, look_ups, participants, settlements
from hub.store import violations as store_of_violations
from hub.store.costs import Cost, Eyes, YearTotal
from hub.store.listings import InstitutionsWanted, OfficesWanted, PooledWanted
from hub.store.look_ups import Pulse, StepTaken
from hub.store.violations import Round, Violation

__all__ = [
    "Cost",
    "Eyes",
    "InstitutionsWanted",
    "OfficesWanted",
    "PooledWanted",
    "Pulse",
    "Round",
    "StepTaken",
    "Violation",
    "YearTotal",
]


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


def adjustments(
    tx: Connection, first: date, last: date, area: AreaCode | None, count_max: int
) -> list[Booked]:
    """Those of these business days, of everybody or of one party."""
    return store_of_adjustments.listed(tx, first, last, area, count_max)


def violations(tx: Connection) -> dict[str, int]:
    """Promises that do not hold, with how many rows; empty when all is well."""
    return store_of_violations.open_counts(tx)


def violations_found(tx: Connection, *, gone_too: bool, count_max: int) -> list[Violation]:
    """What the always-on check found, the newest first."""
    return store_of_violations.listed(tx, gone_too=gone_too, count_max=count_max)


def rounds(tx: Connection) -> list[Round]:
    """How far the always-on check is, check by check."""
    return sorted(store_of_violations.rounds(tx).values(), key=lambda one: one.check_name)


def delivery_pulse(tx: Connection) -> health.Pulse:
    """How far the hub's readers are, as those who watch them say."""
    return health.pulse(tx)


def institutions(tx: Connection, wanted: InstitutionsWanted, count: int) -> list[ListedInstitution]:
    """Institutions of an area, by code."""
    return listings.institutions(tx, wanted, count)


def offices(tx: Connection, wanted: OfficesWanted, count: int) -> list[Office]:
    """Agencies, by area, role and the area's own order."""
    return listings.offices(tx, wanted, count)


def pooled(tx: Connection, wanted: PooledWanted, count: int) -> list[Pooled]:
    """Pooling areas, by area, role and division."""
    return listings.pooled(tx, wanted, count)


def costs(
    tx: Connection,
    person_id: PersonId,
    eyes: Eyes,
    *,
    year: int | None,
    after: tuple[datetime, UUID] | None,
    count: int,
) -> list[Cost]:
    """A person's settled bills that these eyes see, the newest first."""
    return store_of_costs.of_person(tx, person_id, eyes, year=year, after=after, count=count)


def cost_totals(tx: Connection, person_id: PersonId, eyes: Eyes) -> list[YearTotal]:
    """The same bills by year, the newest first."""
    return store_of_costs.totals_of(tx, person_id, eyes)
