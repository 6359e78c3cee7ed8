"""What the loops beside an area's worker say is sent at once: nobody else has to sweep it up."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from contracts.ids import MessageId, new_id
from contracts.message import Outgoing, originate
from contracts.messages.reconciliation import SliceReported
from participants.insured import jobs as insured_jobs
from participants.insured.store.db import migrate as migrate_insured
from participants.treatment import jobs as treatment_jobs
from tests.services.test_treatment_loops import eventually, running
from tests.support.databases import Databases
from tests.support.treatment import treatment_database

AREA = AreaCode("340000")
NOW = datetime(2026, 4, 13, 2, 0, tzinfo=UTC)
LOOPS = {Role.INSURED: insured_jobs.run, Role.TREATMENT: treatment_jobs.run}
OFTEN = timedelta(milliseconds=10)


class Standing:
    """A clock that stands: to a sweeper nothing ever grows old enough."""

    def now(self) -> datetime:
        return NOW


def saying_once(role: Role) -> Callable[[Connection, datetime], Sequence[Outgoing]]:
    """A job with one thing to say."""
    left = [role]

    def job(_: Connection, now: datetime) -> list[Outgoing]:
        return [_a_slice(left.pop(), now)] if left else []

    return job


def _a_slice(role: Role, now: datetime) -> Outgoing:
    body = SliceReported(area=AREA, role=role, since=now - timedelta(seconds=9), until=now, days=())
    return originate(
        body,
        message_id=MessageId(new_id()),
        topic=topics.HUB_RECONCILIATION,
        key=AREA,
        sender=topics.participant(role, AREA),
        at=now,
    )


def _engine(databases: Databases, role: Role) -> Engine:
    if role is Role.TREATMENT:
        return treatment_database(databases)
    return databases.fresh("insured", migrate_insured)


@pytest.mark.parametrize("role", list(Role))
def test_a_slice_of_the_open_day_is_sent_when_it_is_said(databases: Databases, role: Role) -> None:
    log = MemoryLog()
    outbox = Outbox(_engine(databases, role), log.sender("slices"), Standing())
    with running(LOOPS[role], saying_once(role), outbox, OFTEN) as stop:
        assert eventually(lambda: len(log.records(topics.HUB_RECONCILIATION)) == 1, stop)
