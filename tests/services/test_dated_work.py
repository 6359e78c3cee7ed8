"""Work with dates on a real database: nothing missed after a stop, nothing twice, never by two."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from contracts.codes import Role
from contracts.message import Outgoing
from contracts.refusal import RefusalCode, Refused
from hub.domain.answers import Answer, Verdict, key_of
from hub.domain.clearing import RunState
from hub.domain.due import Occasion, WorkState
from hub.domain.payments import BankEntry
from hub.services import answers, clearing, dated, payments
from hub.services.clearing_dates import dated_jobs
from hub.services.dated import DatedJob, Outcome
from hub.store import job_runs
from hub.store import reconciliation as store
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub_books import NOON, Case, add_cases, add_days

FIRST, OPENED = date(2026, 1, 1), date(2026, 6, 1)
LATER = timedelta(minutes=2)
UNCONFIRMED = RefusalCode.NOT_ALL_CONFIRMED.told("尚有2项未确认或有异议")


def at(day: str) -> datetime:
    """Nine in the morning in China."""
    return datetime.fromisoformat(day).replace(hour=1, tzinfo=UTC)


@dataclass(slots=True)
class Monthly:
    """Work of the 21st of every month that writes down what it did, in the database."""

    refuses: set[date] = field(default_factory=set)
    waits: set[date] = field(default_factory=set)

    def job(self, *, in_order: bool = True) -> DatedJob:
        return DatedJob("a job", self.occasions, self.run, in_order=in_order)

    @staticmethod
    def occasions(first: date, today: date) -> list[Occasion]:
        months = [date(2026, number, 21) for number in range(1, 13)]
        return [Occasion(day) for day in months if first <= day <= today]

    def run(self, tx: Connection, occasion: Occasion, now: datetime) -> Outcome:
        tx.execute(text("INSERT INTO done VALUES (:day)"), {"day": occasion.due_on})
        if occasion.due_on in self.refuses:
            raise Refused(RefusalCode.DAY_NOT_CLOSED)
        return Outcome(waits_for="一件事" if occasion.due_on in self.waits else "")


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_days(tx, FIRST, OPENED)
        tx.execute(text("CREATE TABLE done (day date)"))
    return engine


def turn(engine: Engine, now: datetime, *jobs: DatedJob) -> Sequence[Outgoing]:
    with engine.begin() as tx:
        return dated.do_due(tx, now, table=jobs)


def done(engine: Engine) -> list[int]:
    """The months whose work took effect, in the order it did."""
    with engine.connect() as tx:
        return [row[0].month for row in tx.execute(text("SELECT day FROM done"))]


def rows_of(engine: Engine) -> dict[int, tuple[WorkState, int, str]]:
    with engine.connect() as tx:
        found = job_runs.latest(tx, 100)
    return {one.occasion.due_on.month: (one.state, one.tries, one.why) for one in found}


def test_what_fell_due_while_nothing_ran_is_done_in_its_order_and_once(engine: Engine) -> None:
    job = Monthly().job()
    for day in ("2026-01-20", "2026-04-30", "2026-04-30", "2026-05-21"):
        turn(engine, at(day), job)
    assert done(engine) == [1, 2, 3, 4, 5]
    assert set(rows_of(engine).values()) == {(WorkState.DONE, 1, "")}


def test_work_is_due_from_the_first_minute_of_its_day_in_china(engine: Engine) -> None:
    job = Monthly().job()
    midnight = datetime(2026, 1, 20, 16, 0, tzinfo=UTC)
    turn(engine, midnight - timedelta(seconds=1), job)
    assert done(engine) == []
    turn(engine, midnight, job)
    assert done(engine) == [1]


def test_what_is_refused_leaves_nothing_behind_and_is_tried_again(engine: Engine) -> None:
    monthly = Monthly(refuses={date(2026, 2, 21)})
    now = at("2026-04-01")
    turn(engine, now, monthly.job())
    assert done(engine) == [1]  # March waits behind February
    assert rows_of(engine)[2] == (WorkState.WAITING, 1, RefusalCode.DAY_NOT_CLOSED.told())
    turn(engine, now + timedelta(seconds=5), monthly.job())  # too soon
    assert rows_of(engine)[2][1] == 1
    monthly.refuses.clear()
    turn(engine, now + LATER, monthly.job())
    assert done(engine) == [1, 2, 3]
    assert rows_of(engine)[2] == (WorkState.DONE, 2, "")


def test_work_that_keeps_no_order_goes_on_behind_what_waits(engine: Engine) -> None:
    monthly = Monthly(waits={date(2026, 2, 21)})
    turn(engine, at("2026-04-01"), monthly.job(in_order=False))
    assert {month: state for month, (state, _, _) in rows_of(engine).items()} == {
        1: WorkState.DONE,
        2: WorkState.WAITING,
        3: WorkState.DONE,
    }


def test_a_crash_before_the_commit_leaves_the_work_to_be_done(engine: Engine) -> None:
    job = Monthly().job()
    with engine.connect() as tx:  # ends without a commit
        dated.do_due(tx, at("2026-02-01"), table=[job])
    assert (done(engine), rows_of(engine)) == ([], {})
    turn(engine, at("2026-02-01"), job)
    assert done(engine) == [1]


def test_two_processes_never_do_the_same_work(engine: Engine) -> None:
    job = Monthly().job()
    start = threading.Barrier(4)

    def process() -> None:
        start.wait()
        for _ in range(3):
            turn(engine, at("2026-05-30"), job)

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done(engine) == [1, 2, 3, 4, 5]


def test_before_the_hubs_first_day_nothing_is_due(databases: Databases) -> None:
    engine = databases.fresh("hub", migrate)
    assert turn(engine, at("2026-05-30"), Monthly().job()) == []
    assert rows_of(engine) == {}


def _begin(tx: Connection, first: date, last: date) -> None:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        store.begin(tx, day, NOON)
        store.freeze_totals(tx, day)
        store.open_sides(tx, day, asked_at=NOON, break_after=NOON)
    tx.execute(
        text(
            "UPDATE reconciliation_sides"
            " SET state = 'agreed', agreed_at = asked_at, reported_attempt = 1"
        )
    )


def test_clearing_issues_every_cycle_on_its_day_and_watches_what_the_areas_owe(
    engine: Engine,
) -> None:
    with engine.begin() as tx:
        add_cases(tx, [Case(1, date(2026, 1, 5)), Case(2, date(2026, 2, 5))])
        _begin(tx, FIRST, date(2026, 2, 10))
    jobs = dated_jobs()
    assert turn(engine, at("2026-02-20"), *jobs) == []
    said = turn(engine, at("2026-02-21"), *jobs)
    assert sorted(one.topic for one in said) == [
        "insured.430000.notices",
        "treatment.310000.notices",
    ]
    assert turn(engine, at("2026-02-21") + LATER, *jobs) == []
    # February waits for its days; January's areas have not confirmed by the 25th.
    turn(engine, at("2026-03-21"), *jobs)
    assert {name: row for name, row in _work(engine).items() if row[0] == "waiting"} == {
        ("issue clearing", "2026-02"): (
            "waiting",
            RefusalCode.DAY_NOT_RECONCILED.told("2026-02-11等18日尚未开始对账"),
        ),
        ("await answer", "2026-01"): ("waiting", "已过确认期限，清算明细尚未全部确认"),
        ("confirm clearing", "2026-01"): ("waiting", UNCONFIRMED),
    }
    with engine.begin() as tx:
        _begin(tx, date(2026, 2, 11), date(2026, 2, 28))
    assert len(turn(engine, at("2026-03-21") + LATER, *jobs)) == 2
    with engine.connect() as tx:
        for cycle in ("2026-01", "2026-02"):
            found = clearing.find(tx, cycle)
            assert found is not None
            assert found[0].state is RunState.ISSUED
    assert _work(engine)["issue clearing", "2026-02"] == ("done", "")


def _everybody_confirms(tx: Connection, run_id: UUID) -> None:
    for line in clearing.lines_of(tx, run_id, 1):
        for role in Role:
            one = Answer(key_of(line), role, Verdict.CONFIRMED, line.payable_fen)
            about = {"version": 1, "total_fen": line.payable_fen, "area": one.area}
            answers.answer(tx, run_id, [one], **about, by="agency", now=NOON)  # type: ignore[arg-type]  # named values


def test_a_run_is_confirmed_on_the_day_of_its_notices_and_closed_once_all_is_recorded(
    engine: Engine,
) -> None:
    with engine.begin() as tx:
        add_cases(tx, [Case(1, date(2026, 1, 5))])
        _begin(tx, FIRST, date(2026, 1, 31))
        run, _ = clearing.run(tx, "2026-01", NOON)
    turn(engine, at("2026-02-28"), *dated_jobs())
    assert _work(engine)["confirm clearing", "2026-01"] == ("waiting", UNCONFIRMED)
    with engine.begin() as tx:
        _everybody_confirms(tx, run.run_id)
    turn(engine, at("2026-02-28") + LATER * 10, *dated_jobs())
    assert _work(engine)["confirm clearing", "2026-01"] == ("done", "")
    with engine.begin() as tx:
        (owed,) = payments.obligations_of(tx, run.run_id)
    turn(engine, at("2026-04-04"), *dated_jobs())  # The receipts were due on 3 April.
    assert _work(engine)["close clearing", "2026-01"][0] == "waiting"
    slip = BankEntry("工商银行", "1", date(2026, 4, 4), owed.amount_fen)
    how = {"by": "agency", "now": at("2026-04-04")}
    with engine.begin() as tx:
        paid = payments.pay(tx, owed.obligation_id, slip, area=owed.from_area, **how)  # type: ignore[arg-type]  # who and when
        payments.receive(tx, paid.payment_id, slip, area=owed.to_area, **how)  # type: ignore[arg-type]  # the same
    turn(engine, at("2026-04-04") + LATER * 10, *dated_jobs())
    with engine.connect() as tx:
        assert clearing.find_run(tx, run.run_id).state is RunState.CLOSED
        steps = [(one.event.value, one.by) for one in clearing.history(tx, run.run_id)]
    assert [one for one in steps if one[0] in {"confirm", "close"}] == [
        ("confirm", "calendar"),
        ("close", "calendar"),
    ]


def test_a_cycle_that_an_operator_issued_is_not_issued_again(engine: Engine) -> None:
    with engine.begin() as tx:
        add_cases(tx, [Case(1, date(2026, 1, 5))])
        _begin(tx, FIRST, date(2026, 1, 31))
        clearing.run(tx, "2026-01", NOON)
    assert turn(engine, at("2026-02-21"), *dated_jobs()) == []
    assert _work(engine)["issue clearing", "2026-01"] == ("done", "")


def test_what_came_too_late_is_an_alarm_at_every_cycle_until_it_is_cleared(engine: Engine) -> None:
    with engine.begin() as tx:
        add_cases(tx, [Case(1, date(2026, 1, 5))])
        _begin(tx, FIRST, date(2026, 4, 30))
        tx.execute(
            text(
                "UPDATE reconciliation_sides SET state = 'waiting', agreed_at = NULL"
                " WHERE business_date = '2026-01-05'"
            )
        )
    turn(engine, at("2026-05-21"), *dated_jobs())
    waiting = {
        subject: why
        for (job, subject), (state, why) in _work(engine).items()
        if job == "watch for what came too late" and state == "waiting"
    }
    assert waiting == {"2026-04": "1个结算日结对已逾补报期限，须决定是否补报"}


def _work(engine: Engine) -> dict[tuple[str, str], tuple[str, str]]:
    with engine.connect() as tx:
        found = job_runs.latest(tx, 100)
    return {(one.job, one.occasion.subject): (one.state.value, one.why) for one in found}
