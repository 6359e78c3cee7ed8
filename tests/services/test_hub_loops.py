"""The hub's loops, whole: worker and jobs over a broker in memory and a real database."""

import threading
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from contracts import topics
from contracts.clock import SystemClock
from contracts.delivery.codec import decode
from contracts.delivery.memory import Faults, MemoryLog
from contracts.delivery.outbox import Outbox
from contracts.delivery.processor import Processor
from contracts.message import Message, Outgoing
from contracts.messages.registration import Change
from contracts.messages.settlement import SettlementCalculated
from hub import jobs, running_jobs
from hub.main import run_jobs, worker
from hub.processors import COMPARISONS, subscriptions, topics_read
from hub.services import calculations, changing, deciding, settlements, submitting
from hub.settings import Settings
from hub.store.db import migrate
from tests.services.test_hub_settlements import (
    a_request,
    accept,
    calculated,
    cancellation,
    released,
)
from tests.support.databases import Databases
from tests.support.hub import (
    FROM_TREATMENT,
    NOW,
    SHARES,
    TODAY,
    Hub,
    a_registration,
    an_open_hub,
    person,
    said,
)
from tests.support.registrations import decision, submission, wanted, wish
from tests.support.statements import heard

BATCH = 500
SETTINGS = Settings(hub_wait_ms=1, hub_expire_every_ms=10)


@dataclass(slots=True)
class Standing:
    """A clock that moves when it is told to."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def hub(databases: Databases) -> Hub:
    people = [a_registration(person_id=person(number)) for number in range(BATCH)]
    return an_open_hub(databases.fresh("hub", migrate), a_registration(), *people)


def put(log: MemoryLog, topic: str, message: Message[Any]) -> None:
    log.post(Outgoing(topic, str(message.body.settlement_id), message))


def run_dry(processor: Processor) -> None:
    while processor.run_once():
        pass


def spoken(log: MemoryLog, topic: str) -> list[Any]:
    return [decode(record.value).body for record in log.records(topic)]


def test_a_batch_costs_the_same_few_statements_whatever_its_size(hub: Hub) -> None:
    requests = [a_request(person_id=person(number)) for number in range(BATCH)]
    bills = [said(request, FROM_TREATMENT) for request in requests]
    answers = [calculated(request.settlement_id) for request in requests]
    filings = [
        wanted(person_id=person(number), place="320500", begins_on=date(2025, 1, 1))
        for number in range(BATCH)
    ]
    pieces: tuple[tuple[Any, list[Message[Any]], int], ...] = (
        (accept, bills, 5),
        (calculations.record, answers, 4),
        (submitting.receive, [submission(one) for one in filings], 6),
        (deciding.decide, [decision(one) for one in filings], 5),
        (changing.receive, [wish(one, Change.SUPPLEMENT) for one in filings], 6),
        (changing.receive, [wish(one, Change.CANCEL) for one in filings], 6),
    )
    for handler, batch, most in pieces:
        with hub.engine.begin() as tx, heard(tx) as statements:
            handler(tx, batch, NOW)
        assert len(statements) <= most, statements
    assert hub.rows("SELECT state, count(*) FROM settlements GROUP BY 1") == [("settled", BATCH)]
    cancelled = hub.rows("SELECT count(*) FROM registrations WHERE state = 'cancelled'")
    assert cancelled == [(BATCH,)]


def test_duplicates_and_shuffled_partitions_settle_everything_once(hub: Hub) -> None:
    log = MemoryLog(faults=Faults(Random(7), duplicate_percent=30, shuffle_partitions=True))
    processor = worker(hub.engine, log, Standing(), SETTINGS)
    requests = [a_request(person_id=person(number)) for number in range(40)]
    for request in requests:
        put(log, topics.HUB_SETTLEMENTS, said(request, FROM_TREATMENT))
    run_dry(processor)
    for request in requests:
        put(log, topics.HUB_CALCULATIONS, calculated(request.settlement_id))
        put(log, topics.HUB_SETTLEMENTS, cancellation(request.settlement_id))
    run_dry(processor)
    for request in requests:
        put(log, topics.HUB_CALCULATIONS, released(request.settlement_id))
    run_dry(processor)
    outcomes = [body["outcome"] for body in spoken(log, "treatment.310000.answers")]
    reversed_ones = hub.rows("SELECT count(*) FROM settlements WHERE state = 'reversed'")[0][0]
    assert outcomes.count("reversed") == reversed_ones
    assert outcomes.count("settled") == len(requests)
    # A cancellation that overtook the answer was refused, and its settlement stands.
    assert outcomes.count("kept") == len(requests) - reversed_ones
    assert hub.rows("SELECT count(*) FROM dead_letters") == [(0,)]
    processor.outbox.close()
    assert hub.rows("SELECT count(*) FROM outbox_unsent") == [(0,)]


def test_a_crash_before_the_offsets_changes_nothing(hub: Hub) -> None:
    log, request = MemoryLog(), a_request()
    put(log, topics.HUB_SETTLEMENTS, said(request, FROM_TREATMENT))
    for _ in range(2):
        run_dry(worker(hub.engine, log, Standing(), SETTINGS))
        log._committed.clear()  # The next worker reads everything again.
    assert hub.rows("SELECT count(*) FROM settlements") == [(1,)]
    # What the first had not struck was sent again, as the same message: its reader knows it.
    sent = [decode(record.value).head for record in log.records("insured.340000.work")]
    assert len({head.message_id for head in sent}) == 1
    assert hub.anomalies() == []


def test_one_body_that_is_no_message_does_not_hold_up_the_others(hub: Hub) -> None:
    log, request = MemoryLog(), a_request()
    log.append(topics.HUB_SETTLEMENTS, b"x", b"{}")
    log.append(topics.HUB_SETTLEMENTS, b"y", b"\xff\x00")
    put(log, topics.HUB_SETTLEMENTS, said(request, FROM_TREATMENT))
    run_dry(worker(hub.engine, log, Standing(), SETTINGS))
    assert hub.state_of(request.settlement_id) == "routed"
    assert hub.rows("SELECT count(*) FROM dead_letters") == [(2,)]


def test_every_topic_of_the_hub_but_clearing_is_read_by_one_of_its_readers() -> None:
    waited_for = topics_read(subscriptions(timedelta(seconds=5)))
    compared = topics_read(COMPARISONS)
    assert set(waited_for).isdisjoint(compared)
    assert {*waited_for, *compared} == {row.name for row in topics.OF_THE_HUB} - {
        topics.HUB_CLEARING
    }


def test_expiry_drains_whatever_is_overdue_and_says_so(hub: Hub) -> None:
    requests = [a_request(person_id=person(number)) for number in range(25)]
    hub.hear(accept, *[said(request, FROM_TREATMENT) for request in requests])
    log, clock = MemoryLog(), Standing(NOW + timedelta(seconds=5))
    outbox = Outbox(hub.engine, log.sender("jobs"), clock)
    outbox.tend()  # As the loop does: what a predecessor left goes first.
    few_at_once = SETTINGS.model_copy(update={"hub_expire_at_once_max": 10})
    expiry = next(job for job in jobs.jobs(few_at_once) if job.name == "expire settlements")
    assert running_jobs.run_once(expiry, outbox) == 50
    assert hub.rows("SELECT DISTINCT state FROM settlements") == [("expired",)]
    assert {body["outcome"] for body in spoken(log, "treatment.310000.answers")} == {"expired"}
    assert {body["reason"] for body in spoken(log, "insured.340000.work")} == {"expired"}


def test_the_jobs_expire_close_the_day_and_stop_when_told(hub: Hub) -> None:
    request = a_request()
    hub.hear(accept, said(request, FROM_TREATMENT))
    log, stop, clock = MemoryLog(), threading.Event(), Standing(NOW + timedelta(days=1))
    ended: list[int] = []
    running = threading.Thread(
        target=lambda: ended.append(run_jobs(hub.engine, log, clock, SETTINGS, stop=stop))
    )
    running.start()
    try:
        _until(lambda: hub.state_of(request.settlement_id) == "expired")
        _until(lambda: len(hub.rows("SELECT 1 FROM business_days WHERE state = 'closed'")) == 1)
        clock.at += timedelta(seconds=2)  # What was said before the first sweep waits for the next.
        _until(lambda: hub.rows("SELECT count(*) FROM outbox_unsent") == [(0,)])
    finally:
        stop.set()
        running.join()
    assert ended == [running_jobs.STOPPED]
    (open_now,) = hub.rows("SELECT business_date FROM business_days WHERE state = 'open'")
    assert open_now == (TODAY + timedelta(days=1),)
    assert hub.rows("SELECT count(*) FROM outbox_unsent") == [(0,)]


def test_a_job_with_a_bug_ends_all_of_them(hub: Hub) -> None:
    def fail(_tx: object, _now: datetime) -> tuple[()]:
        raise ZeroDivisionError

    table = (*jobs.jobs(SETTINGS), jobs.Job("broken", timedelta(seconds=1), fail))
    outbox = Outbox(hub.engine, MemoryLog().sender("jobs"), SystemClock())
    ended = running_jobs.run(table, outbox, SETTINGS.limits(), threading.Event())
    assert ended == running_jobs.DIED


def test_expiry_and_a_late_answer_that_meet_agree(hub: Hub) -> None:
    """Whoever locks the settlement first wins; the other absorbs."""
    request = a_request()
    hub.hear(accept, said(request, FROM_TREATMENT))
    late = NOW + timedelta(seconds=6)
    with hub.engine.begin() as answering:
        body = SettlementCalculated(
            settlement_id=request.settlement_id, shares=SHARES, deductible_fen=0
        )
        calculations.record(answering, [said(body, "insured.340000")], late)
        with hub.engine.begin() as expiring:
            assert settlements.expire(expiring, late, 10) == []
    assert hub.state_of(request.settlement_id) == "settled"


def _until(holds: Any) -> None:
    for _ in range(2_000):
        if holds():
            return
        time.sleep(0.005)
    raise AssertionError("it never came about")
