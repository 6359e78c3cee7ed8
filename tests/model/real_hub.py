"""The real hub, driven as its processes drive it: its worker, its jobs, real SQL, a clock by hand.

All of one run lies in one transaction that is rolled back: what the hub commits are savepoints.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.codes import AreaCode, InsuranceKind
from contracts.delivery import bulk
from contracts.delivery.codec import decode
from contracts.delivery.memory import MemoryLog
from contracts.delivery.processor import Processor
from contracts.message import Message, Outgoing
from contracts.messages.clearing import ClearingIssued
from contracts.messages.directory import AreaTermsPublished
from contracts.messages.reconciliation import TotalsRequested
from contracts.messages.registration import RegistrationReviewRequested, RegistrationTold
from contracts.messages.settlement import (
    CalculationRequested,
    ReleaseRequested,
    SettlementAnswered,
    SettlementConcluded,
    TrialAnswered,
    TrialCalculationRequested,
)
from contracts.messages.values import PARTS
from contracts.refusal import RefusalCode, Refused
from hub.domain.registration import Registration
from hub.jobs import Job
from hub.jobs import jobs as jobs_of
from hub.main import comparer, worker
from hub.running_jobs import run_once
from hub.services import balances, clearing, days, directory, participants
from hub.settings import Settings
from hub.store import clearing as runs
from hub.store import lines, registrations
from tests.model import world
from tests.model.saying import Said
from tests.support.hub import said

SAYS = {
    body.KIND: body
    for body in (
        CalculationRequested,
        ClearingIssued,
        RegistrationReviewRequested,
        RegistrationTold,
        ReleaseRequested,
        SettlementAnswered,
        SettlementConcluded,
        TotalsRequested,
        TrialAnswered,
        TrialCalculationRequested,
    )
}
SETTINGS = Settings(hub_wait_ms=1)
JOBS = {job.name: job for job in jobs_of(SETTINGS)}
_SETTLEMENTS = f"""
    SELECT settlement_id, state, concluded_at, settled_on, reversed_on, refusal_code,
        refusal_detail, late_answers, answer_by, deductible_fen, total_fen, {", ".join(PARTS)}
    FROM settlements
"""  # noqa: S608 - column names of ours
_LEDGER = """
    SELECT business_date, insured_area, treatment_area, insurance_kind, fund,
        sum(CASE WHEN from_area = insured_area THEN amount_fen ELSE -amount_fen END)::bigint
    FROM postings GROUP BY business_date, insured_area, treatment_area, insurance_kind, fund
"""
_NOTED = """
    SELECT (SELECT array_agg(kind) FROM anomalies), (SELECT count(*) FROM dead_letters),
        (SELECT array_agg(settlement_id::text) FROM releases_awaited),
        (SELECT array_agg(business_date ORDER BY business_date) FROM business_days
            WHERE state = 'closed')
"""


@dataclass(slots=True)
class Hand:
    """A clock that is moved by hand."""

    instant: datetime = world.BEGINS_AT

    def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True, slots=True)
class OneTransaction:
    """Stands for an engine: every transaction is a savepoint of the one that is rolled back."""

    tx: Connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self.tx.begin_nested():
            yield self.tx


def prepared(engine: Engine) -> Engine:
    """Connected areas, the terms of one of them, and the first open day: where every run begins."""
    with engine.begin() as tx:
        participants.connect(tx, [AreaCode(area) for area in sorted(world.CONNECTED)])
        days.open_first(tx, world.FIRST_DAY, world.BEGINS_AT)
        for area, months in world.LOCK_IN_MONTHS.items():
            terms = AreaTermsPublished(
                area=area,
                published_at=world.BEGINS_AT,
                holds_from=date(2026, 1, 1),
                need_registration=tuple(world.NEED_REGISTRATION[area]),
                lock_in_months=months,
            )
            directory.record_terms(tx, [said(terms, f"insured.{area}")], world.BEGINS_AT)
    return engine


@dataclass(slots=True)
class RealHub:
    """One hub with both readers of its worker, and its jobs."""

    tx: Connection
    clock: Hand = field(default_factory=Hand)
    log: MemoryLog = field(init=False)
    worker: Processor = field(init=False)
    comparer: Processor = field(init=False)
    jobs: dict[str, Job] = field(default_factory=lambda: JOBS)
    _heard: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.log = MemoryLog(partitions=1, clock=self.clock)
        engine = cast("Engine", OneTransaction(self.tx))
        self.worker = worker(engine, self.log, self.clock, SETTINGS)
        self.comparer = comparer(engine, self.log, self.clock, SETTINGS)
        self.worker.outbox.tend()
        self.comparer.outbox.tend()

    def post(self, topic: str, key: str, message: Message[Any]) -> None:
        """It lies on the topic, and nobody has read it."""
        self.log.post(Outgoing(topic, key, message))

    def work(self) -> None:
        """Read and handle all that lies there, a batch for each reader."""
        self.worker.run_once()
        self.comparer.run_once()

    def run(self, job: str) -> None:
        run_once(self.jobs[job], self.worker.outbox)

    def close_day(self) -> None:
        """By hand, whatever the calendar says."""
        with self.worker.outbox.transaction() as writing:
            days.close(writing.tx, writing.now)

    def clear(self, cycle: str) -> tuple[RefusalCode | None, UUID | None]:
        """An operator freezes and issues a month."""
        try:
            with self.worker.outbox.transaction() as writing:
                tx, now = writing.tx, writing.now
                run = clearing.open_run(tx, cycle, now=now)
                clearing.freeze(tx, run.run_id, by="operator", now=now)
                issued, outgoing = clearing.issue(tx, run.run_id, by="operator", now=now)
                writing.say(outgoing)
        except Refused as refused:
            return refused.code, None
        return None, issued.run_id

    def heard(self) -> list[Said]:
        """What the hub has said since the last time."""
        found = []
        for topic in sorted({topic for topic, _ in self.log._records if "hub." not in topic}):
            records = self.log.records(topic)
            for record in records[self._heard[topic] :]:
                letter = decode(record.value)
                body = SAYS[letter.head.kind].model_validate(letter.body)
                found.append(Said(topic, record.key.decode(), body))
            self._heard[topic] = len(records)
        return found

    # What the database holds

    def settlements(self) -> dict[UUID, tuple[Any, ...]]:
        return {row[0]: row[1:] for row in bulk.fetch(self.tx, _SETTLEMENTS)}

    def registrations(self, people: Sequence[str]) -> dict[UUID, Registration]:
        found = registrations.of_people(self.tx, people)
        return {one.registration_id: one for theirs in found.values() for one in theirs}

    def ledger(self) -> dict[tuple[Any, ...], int]:
        return {row[:5]: row[5] for row in bulk.fetch(self.tx, _LEDGER)}

    def balances(self, on: date) -> dict[tuple[str, str, InsuranceKind, str], int]:
        """Every account as the hub says that it stands: by its snapshots, where there are any."""
        return {
            (b.insured_area, b.treatment_area, b.insurance_kind, b.fund): b.balance_fen
            for b in balances.standing(self.tx, on)
        }

    def noted(self) -> tuple[list[str], int, list[str], list[date]]:
        """Anomalies, dead letters, releases without an answer, closed days."""
        ((odd, buried, awaited, closed),) = bulk.fetch(self.tx, _NOTED)
        return odd or [], buried, awaited or [], closed or []

    def lines(self, cycle: str) -> list[Any]:
        found = runs.find(self.tx, cycle)
        return [] if found is None else lines.of_run(self.tx, found.run_id, found.version)
