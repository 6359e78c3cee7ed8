"""What screens and health checks read: nothing here locks or writes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.ids import SettlementId
from hub.domain.settlement import Event, State

_STEPS = """
    SELECT position, from_state, event, to_state, at FROM settlement_steps
    WHERE settlement_id = %s ORDER BY position
"""
_PULSE = """
    SELECT (SELECT business_date FROM business_days WHERE state = 'open'),
        (SELECT min(queued_at) FROM outbox_unsent),
        (SELECT min(answer_by) FROM settlements WHERE state = 'routed'),
        (SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL)
"""
UNSENT_FOR_MAX = timedelta(seconds=30)
OVERDUE_FOR_MAX = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step of a settlement, as it was written."""

    position: int
    source: State
    event: Event
    target: State
    at: datetime


@dataclass(frozen=True, slots=True)
class Pulse:
    """Whether work moves on: the oldest unsent message, the earliest deadline not judged."""

    open_date: date | None
    unsent_since: datetime | None
    next_deadline: datetime | None
    open_dead_letters: int

    def is_moving(self, now: datetime) -> bool:
        """A connection alone is not health: a day is open, and nothing lies for too long."""
        unsent = self.unsent_since is not None and now - self.unsent_since > UNSENT_FOR_MAX
        overdue = self.next_deadline is not None and now - self.next_deadline > OVERDUE_FOR_MAX
        return self.open_date is not None and not unsent and not overdue


def steps_of(tx: Connection, settlement_id: SettlementId) -> list[StepTaken]:
    return [
        StepTaken(position, State(source), Event(event), State(target), at)
        for position, source, event, target, at in bulk.fetch(tx, _STEPS, (settlement_id,))
    ]


def pulse(tx: Connection) -> Pulse:
    return Pulse(*bulk.fetch(tx, _PULSE)[0])
