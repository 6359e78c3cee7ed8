"""The hub ends every settlement by itself: it reminds, answers again, relies on no order."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from contracts.clock import SystemClock
from contracts.delivery.memory import MemoryLog
from contracts.delivery.processor import Limits
from contracts.ids import MessageId, SettlementId, new_id
from contracts.message import Message, Outgoing
from contracts.messages.settlement import ReleaseRequested, SettlementRequested, StatusAsked
from hub import jobs, running_jobs
from hub.domain.reminding import Reminding
from hub.domain.settlement import Event, State
from hub.main import outbox_of
from hub.services import calculations, releases, reminding, settlements, status, undoing
from hub.settings import Settings
from hub.store.db import migrate
from tests.services.test_hub_settlements import (
    DEEDS,
    INTO,
    accept,
    accepted,
    calculated,
    cancellation,
    expire,
    kept,
    released,
    settled,
    told,
    withdrawal,
)
from tests.support.databases import Databases
from tests.support.hub import (
    FROM_INSURED,
    FROM_TREATMENT,
    NOW,
    TREATMENT,
    Hub,
    a_bill,
    a_care,
    a_registration,
    an_open_hub,
    person,
    said,
)

log = logging.getLogger(__name__)

SECOND = timedelta(seconds=1)
PATIENCE = Reminding(first=5 * SECOND, longest=60 * SECOND, alarm_after=30 * SECOND)


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def remind(hub: Hub, seconds: float, most: int = 100) -> list[Outgoing]:
    """The job, so many seconds after everything began."""
    with hub.engine.begin() as tx:
        at = NOW + timedelta(seconds=seconds)
        return reminding.ask_again(tx, at, reminding=PATIENCE, count_max=most)


def asked(settlement_id: SettlementId, cancellation_id: MessageId | None = None) -> Message[Any]:
    body = StatusAsked(
        settlement_id=settlement_id, treatment_area=TREATMENT, cancellation_id=cancellation_id
    )
    return said(body, FROM_TREATMENT)


# When a release without an answer is asked again, by how long ago it was asked first.
PAUSES = (5, 15, 35, 75, 135, 195)


def test_a_release_is_asked_again_with_growing_pauses_until_it_is_answered(hub: Hub) -> None:
    settlement_id = settled(hub)
    hub.hear(undoing.cancel, cancellation(settlement_id))
    times = [second for second in range(200) if remind(hub, second)]
    assert tuple(times) == PAUSES
    hub.hear(releases.record, released(settlement_id))
    assert remind(hub, 10_000) == []
    assert hub.rows("SELECT * FROM releases_awaited") == []


def test_every_reminder_is_a_message_of_its_own_and_says_the_same(hub: Hub) -> None:
    settlement_id = settled(hub)
    [first] = hub.hear(undoing.cancel, cancellation(settlement_id))
    again = [one for second in PAUSES for one in remind(hub, second)]
    assert {one.message.body for one in again} == {first.message.body}
    assert len({one.message.head.message_id for one in [first, *again]}) == 1 + len(PAUSES)
    assert {(one.topic, one.key) for one in again} == {(first.topic, first.key)}


def test_an_operator_hears_once_of_a_release_that_is_overdue(hub: Hub) -> None:
    settlement_id = settled(hub)
    hub.hear(undoing.cancel, cancellation(settlement_id))
    alarms = []
    for second in range(200):
        remind(hub, second)
        alarms.append(len(hub.anomalies()))
    assert hub.anomalies() == ["release_overdue"]
    assert alarms.index(1) == 35  # The first reminder after half a minute.


AWAITED = [
    ("expired", (expire,)),
    ("withdrawn", (lambda hub, id_: hub.hear(undoing.withdraw, withdrawal(id_)),)),
    ("cancelled", INTO[State.REVERSING]),
    ("late", (DEEDS[Event.REFUSE], DEEDS[Event.SETTLE])),
]


@pytest.mark.parametrize(("reason", "deeds"), AWAITED, ids=[row[0] for row in AWAITED])
def test_whatever_was_asked_back_is_asked_until_it_is_answered(
    hub: Hub, reason: str, deeds: tuple[Callable[[Hub, SettlementId], object], ...]
) -> None:
    settlement_id = accepted(hub)
    for deed in deeds:
        deed(hub, settlement_id)
    [again] = remind(hub, 60)
    assert isinstance(again.message.body, ReleaseRequested)
    assert again.message.body.reason == reason
    hub.hear(releases.record, released(settlement_id))
    assert remind(hub, 600) == []


def test_a_no_ends_the_asking_wherever_the_settlement_stands(hub: Hub) -> None:
    for deeds in (INTO[State.REVERSING], INTO[State.EXPIRED], INTO[State.WITHDRAWN]):
        settlement_id = accepted(hub)
        for deed in deeds:
            deed(hub, settlement_id)
        hub.hear(releases.refuse, kept(settlement_id))
    assert remind(hub, 600) == []


def test_answers_to_a_release_that_was_asked_twice_are_absorbed(hub: Hub) -> None:
    one, other = settled(hub), settled(hub)
    for settlement_id, answer, handler in (
        (one, released, releases.record),
        (other, kept, releases.refuse),
    ):
        hub.hear(undoing.cancel, cancellation(settlement_id))
        hub.hear(handler, answer(settlement_id))
        assert hub.hear(handler, answer(settlement_id)) == []
    assert (hub.state_of(one), hub.state_of(other)) == ("reversed", "settled")
    assert hub.anomalies() == []
    assert hub.rows("SELECT count(*) FROM postings WHERE kind = 'reversal'") == [(3,)]


def test_the_job_takes_no_more_at_once_than_it_is_told(hub: Hub) -> None:
    for _ in range(5):
        expire(hub, accepted(hub))
    assert [len(remind(hub, 60, most=2)) for _ in range(4)] == [2, 2, 1, 0]


# What the hub answers to a question where a settlement stands.
STANDS = {
    State.ROUTED: [],
    State.REVERSING: [],
    State.SETTLED: ["settled"],
    State.REJECTED: ["refused 4012"],
    State.EXPIRED: ["expired 2006"],
    State.WITHDRAWN: ["withdrawn"],
    State.REVERSED: ["reversed"],
}


@pytest.mark.parametrize("state", STANDS)
def test_a_question_is_answered_as_often_as_it_is_asked_and_moves_nothing(
    hub: Hub, state: State
) -> None:
    settlement_id = accepted(hub)
    for deed in INTO[state]:
        deed(hub, settlement_id)
    before = hub.rows("SELECT count(*) FROM settlement_steps")
    for cancellation_id in (None, None):
        outgoing = hub.hear(status.tell, asked(settlement_id, cancellation_id))
        said_ = [line.removeprefix(f"treatment.{TREATMENT}.answers ") for line in told(outgoing)]
        assert said_ == [f"settlement_answered {one}" for one in STANDS[state]]
    assert hub.rows("SELECT count(*) FROM settlement_steps") == before
    assert hub.state_of(settlement_id) == state
    assert hub.anomalies() == []


def test_a_cancellation_that_was_lost_begins_when_its_area_asks_for_the_answer(hub: Hub) -> None:
    settlement_id, lost = settled(hub), MessageId(new_id())
    for _ in range(2):  # Asked again it is under way, and begins no second time.
        hub.hear(status.tell, asked(settlement_id, lost))
        assert hub.state_of(settlement_id) == "reversing"
    hub.hear(releases.refuse, kept(settlement_id))
    # Now it was heard, and refused: it does not begin again.
    outgoing = hub.hear(status.tell, asked(settlement_id, lost))
    assert told(outgoing) == [f"treatment.{TREATMENT}.answers settlement_answered kept 5001"]
    assert hub.state_of(settlement_id) == "settled"


def test_a_cancellation_that_comes_after_the_question_about_it_is_not_begun_again(hub: Hub) -> None:
    settlement_id = settled(hub)
    late = cancellation(settlement_id)
    hub.hear(status.tell, asked(settlement_id, late.head.message_id))
    hub.hear(releases.refuse, kept(settlement_id))
    outgoing = hub.hear(undoing.cancel, late)
    assert told(outgoing) == [f"treatment.{TREATMENT}.answers settlement_answered kept 5001"]
    assert hub.state_of(settlement_id) == "settled"
    assert hub.rows("SELECT * FROM releases_awaited") == []


def test_a_cancellation_that_was_heard_is_answered_and_not_begun_again(hub: Hub) -> None:
    settlement_id = settled(hub)
    message = cancellation(settlement_id)
    hub.hear(undoing.cancel, message)
    hub.hear(releases.refuse, kept(settlement_id))
    outgoing = hub.hear(status.tell, asked(settlement_id, message.head.message_id))
    assert told(outgoing) == [f"treatment.{TREATMENT}.answers settlement_answered kept 5001"]


def test_nobody_asks_about_anothers_settlement(hub: Hub) -> None:
    settlement_id = settled(hub)
    body = StatusAsked(settlement_id=settlement_id, treatment_area="320000")
    assert hub.hear(status.tell, said(body, "treatment.320000")) == []
    assert hub.hear(status.tell, said(asked(settlement_id).body, FROM_INSURED)) == []
    assert hub.hear(status.tell, asked(SettlementId(new_id()))) == []
    assert hub.anomalies() == ["wrong_sender"] * 2


def a_request(number: int = 0) -> SettlementRequested:
    who: dict[str, Any] = {"person_id": person(number)} if number else {}
    id_ = SettlementId(new_id())
    return SettlementRequested(settlement_id=id_, care=a_care(**who), bill=a_bill())


@pytest.mark.parametrize("first", ["the request", "the withdrawal"])
def test_a_request_and_its_withdrawal_come_to_nothing_in_either_order(hub: Hub, first: str) -> None:
    request = a_request()
    both: list[Callable[[], Any]] = [
        lambda: hub.hear(accept, said(request, FROM_TREATMENT)),
        lambda: hub.hear(undoing.withdraw, withdrawal(request.settlement_id)),
    ]
    for deed in both if first == "the request" else reversed(both):
        deed()
    assert hub.state_of(request.settlement_id) in {"withdrawn", "rejected"}


def test_a_request_waits_for_the_withdrawal_that_is_being_written_and_the_other_way_round(
    hub: Hub,
) -> None:
    """Two processes have one each, and the first has not committed when the second begins."""
    for slow, quick in (("accept", "withdraw"), ("withdraw", "accept")):
        request = a_request()
        deeds: dict[str, Callable[[Any], Any]] = {
            "accept": partial(_accept, request),
            "withdraw": partial(_withdraw, request),
        }
        with ThreadPoolExecutor(1) as other, hub.engine.connect() as mine:
            with mine.begin():
                deeds[slow](mine)
                waiting = other.submit(_in_a_transaction, hub, deeds[quick])
                _until_somebody_waits(hub)
                assert not waiting.done()
            waiting.result(timeout=30)
        assert hub.state_of(request.settlement_id) in {"withdrawn", "rejected"}, slow


def test_requests_and_withdrawals_on_two_threads_leave_nothing_standing(hub: Hub) -> None:
    requests = [a_request() for _ in range(60)]
    barrier = threading.Barrier(2)

    def run(deed: Callable[..., Any]) -> None:
        for n in range(0, len(requests), 5):
            barrier.wait(timeout=30)
            with hub.engine.begin() as tx:
                deed(tx, requests[n : n + 5])

    def asks(tx: Any, some: list[SettlementRequested]) -> None:
        accept(tx, [said(one, FROM_TREATMENT) for one in some], NOW)

    def undoes(tx: Any, some: list[SettlementRequested]) -> None:
        undoing.withdraw(tx, [withdrawal(one.settlement_id) for one in reversed(some)], NOW)

    with ThreadPoolExecutor(2) as both:
        list(both.map(run, (asks, undoes)))
    states = hub.rows("SELECT state, count(*) FROM settlements GROUP BY 1")
    assert {state for state, _ in states} <= {"withdrawn", "rejected"}
    assert sum(count for _, count in states) == len(requests)


def _accept(request: SettlementRequested, tx: Any) -> None:
    accept(tx, [said(request, FROM_TREATMENT)], NOW)


def _withdraw(request: SettlementRequested, tx: Any) -> None:
    undoing.withdraw(tx, [withdrawal(request.settlement_id)], NOW)


def _in_a_transaction(hub: Hub, deed: Callable[[Any], Any]) -> None:
    with hub.engine.begin() as tx:
        deed(tx)


def _until_somebody_waits(hub: Hub) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    _until(lambda: hub.rows(waiting) != [(0,)])


MANY = 300
STILL_OPEN = "SELECT count(*) FROM settlements WHERE state = 'routed'"
LATENESS = """
    SELECT count(*), min(late_ms) >= 0,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY late_ms),
        percentile_cont(0.99) WITHIN GROUP (ORDER BY late_ms),
        max(late_ms), count(DISTINCT refusal_code), min(refusal_code), count(DISTINCT concluded_at)
    FROM (SELECT *, extract(epoch FROM concluded_at - answer_by)::float8 * 1000 AS late_ms
          FROM settlements WHERE state = 'expired') AS expired
"""


def test_hundreds_expire_in_batches_after_their_deadline_and_with_one_code(
    databases: Databases,
) -> None:
    """The real job on the real clock. How late is measured in the database, and only reported."""
    people = [a_registration(person_id=person(number)) for number in range(1, MANY + 1)]
    hub = an_open_hub(databases.fresh("hub", migrate), *people)
    with _expiring(hub, Settings(settle_within_ms=300)) as clock:
        for first in range(1, MANY + 1, MANY // 10):  # Spread over a while, as in life.
            numbers = range(first, first + MANY // 10)
            requests = [said(a_request(number), FROM_TREATMENT) for number in numbers]
            with hub.engine.begin() as tx:
                settlements.accept(tx, requests, clock.now(), answer_within=timedelta(seconds=0.3))
            _until(lambda: True)
        _until(lambda: hub.rows(STILL_OPEN) == [(0,)])
    [(count, none_early, p50, p99, most, codes, code, transactions)] = hub.rows(LATENESS)
    log.info("expired late by p50 %.0f ms, p99 %.0f ms, at most %.0f ms", p50, p99, most)
    assert (count, none_early, codes, code) == (MANY, True, 1, "2006")
    assert transactions <= 30, "one transaction a batch, not one a settlement"
    assert hub.rows("SELECT count(*) FROM releases_awaited") == [(MANY,)]


@contextmanager
def _expiring(hub: Hub, settings: Settings) -> Iterator[SystemClock]:
    """The job as the program runs it, for the length of the block."""
    clock, stop = SystemClock(), threading.Event()
    [job] = [one for one in jobs.jobs(settings) if one.name == "expire settlements"]
    outbox = outbox_of("test", hub.engine, MemoryLog(), clock, settings)
    running = threading.Thread(target=running_jobs.run, args=([job], outbox, Limits(), stop))
    running.start()
    try:
        yield clock
    finally:
        stop.set()
        running.join()
        outbox.close()


def _until(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(600):
        pause.wait(0.05)
        if is_so():
            return
    raise AssertionError("it does not come about")


def test_a_late_answer_is_released_and_never_shown(hub: Hub) -> None:
    settlement_id = accepted(hub)
    expire(hub, settlement_id)
    outgoing = hub.hear(calculations.record, calculated(settlement_id))
    assert told(outgoing) == ["insured.340000.work release_requested late"]
    [again] = hub.hear(status.tell, asked(settlement_id))
    assert told([again]) == [f"treatment.{TREATMENT}.answers settlement_answered expired 2006"]


def test_nothing_is_late_before_the_first_pause_is_over(hub: Hub) -> None:
    expire(hub, accepted(hub))
    just_before: datetime = NOW + timedelta(seconds=5 + 4.999)  # It expired at five seconds.
    with hub.engine.begin() as tx:
        assert reminding.ask_again(tx, just_before, reminding=PATIENCE, count_max=9) == []
