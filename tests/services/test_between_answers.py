"""What crosses on its way to a treatment area: answers, and the lines that a void bill frees."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from contracts.delivery import bulk
from contracts.ids import SettlementId, new_id
from contracts.messages.clearing import ClearingIssued
from contracts.messages.reconciliation import TotalsRequested
from contracts.messages.settlement import Outcome
from contracts.messages.values import Shares
from participants.treatment.domain.results import Requested
from participants.treatment.domain.settlement import State, WithdrawRequest
from participants.treatment.services import reports, settlements, statements
from participants.treatment.store import booked, visits
from tests.support.databases import Databases
from tests.support.treatment import (
    AREA,
    HOSPITAL,
    NOW,
    SHARES,
    TERMS,
    TODAY,
    a_bill,
    a_visit,
    an_answer,
    answered,
    claimed,
    opened,
    read,
    requested,
    says,
    treatment_database,
)

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


def _withdrawn(tx: Connection) -> SettlementId:
    """A bill that the hospital withdrew before it heard of it."""
    id_ = requested(tx, a_bill("M1")).settlement_id
    undo = WithdrawRequest("W1", HOSPITAL, "M1", "2207")
    [result], [_said] = settlements.withdraw(tx, [undo], NOW, TERMS)
    assert isinstance(result, Requested)
    return id_


def _signs(tx: Connection) -> list[int]:
    """Of the rows that the area reports of both days."""
    return [row[5] for day in (TODAY, TOMORROW) for row in bulk.fetch(tx, *booked.of_day(day))]


@pytest.mark.parametrize(
    "order",
    [(Outcome.SETTLED, Outcome.REVERSED), (Outcome.REVERSED, Outcome.SETTLED)],
    ids=["in order", "crossed"],
)
def test_settled_and_reversed_end_alike_in_either_order(
    engine: Engine, order: tuple[Outcome, Outcome]
) -> None:
    """Two processes of the hub answer, and the one that settled may be the slower to speak."""
    on = {Outcome.SETTLED: TODAY, Outcome.REVERSED: TOMORROW}
    with engine.begin() as tx:
        id_ = _withdrawn(tx)
        answered(tx, [an_answer(id_, outcome, on=on[outcome]) for outcome in order])
        found = read(tx, id_)
        assert (found.state, found.shares) == (State.REVERSED, SHARES)
        assert (found.business_date, found.reversed_on) == (TODAY, TOMORROW)
        assert found.deductible_fen == 20_00
        assert _signs(tx) == [1, -1]
        assert tx.execute(text("SELECT count(*) FROM anomalies")).scalar_one() == 0


def test_the_day_that_came_first_stays(engine: Engine) -> None:
    with engine.begin() as tx:
        id_ = _withdrawn(tx)
        answered(tx, [an_answer(id_, Outcome.REVERSED, on=TOMORROW)])
        assert read(tx, id_).business_date is None
        for day in (TODAY, TOMORROW):
            answered(tx, [an_answer(id_, Outcome.SETTLED, on=day)])
        assert read(tx, id_).business_date == TODAY


def test_a_reversal_that_came_first_must_have_the_parts_of_the_bill(engine: Engine) -> None:
    with engine.begin() as tx:
        id_ = _withdrawn(tx)
        answered(tx, [an_answer(id_, Outcome.REVERSED, shares=Shares(pool_fen=1))])
        assert read(tx, id_).state is State.WITHDRAWING
        assert tx.execute(text("SELECT kind FROM anomalies")).scalar_one() == "unsound"


def test_lines_come_free_only_when_nobody_is_adding_the_visit_up(engine: Engine) -> None:
    """Else a bill could take lines that it does not count."""
    with engine.begin() as tx:
        visit_id = opened(tx, a_visit("V1"))
        _line(tx, visit_id, "1")
        first = requested(tx, a_bill("M1", visit_id=visit_id, mid_stay=True)).settlement_id
        _line(tx, visit_id, "2")

    def refuse() -> None:
        with engine.begin() as tx:
            answered(tx, [an_answer(first, Outcome.REFUSED)])

    refusing = threading.Thread(target=refuse)
    with engine.begin() as tx:
        visits.lock(tx, [visit_id])  # As every bill of a visit begins.
        refusing.start()
        _somebody_waits(engine)
        bill = a_bill("M2", visit_id=visit_id, mid_stay=True)
        [second], _ = settlements.request(tx, claimed(tx, bill), NOW, TERMS)
        assert isinstance(second, Requested)
    refusing.join()
    taken = "SELECT line_no, settlement_id FROM fee_lines ORDER BY line_no"
    with engine.begin() as tx:
        assert bulk.fetch(tx, taken) == [("1", None), ("2", second.settlement_id)]


def _line(tx: Connection, visit_id: object, line_no: str) -> None:
    """100.00 yuan, all in scope."""
    statement = text("""
        INSERT INTO fee_lines (visit_id, line_no, charge_batch, item_code, fee_date, count_e4,
            price_e6, total_fen, fully_own_fen, over_ceiling_fen, first_self_pay_fen, in_scope_fen,
            approval, reason, uploaded_at)
        VALUES (:visit, :line, 'B', 'C', :day, 10000, 100000000, 10000, 0, 0, 0, 10000,
            '1', 'listed', :now)
    """)
    tx.execute(statement, {"visit": visit_id, "line": line_no, "day": TODAY, "now": NOW})


def _somebody_waits(engine: Engine) -> None:
    waiting = text("""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
    """)
    for _ in range(1_000):
        with engine.begin() as tx:
            if tx.execute(waiting).scalar_one() == 1:
                return
        time.sleep(0.005)
    raise AssertionError("nobody waits for a lock")


def test_only_the_hub_asks_for_a_day_and_issues_statements(engine: Engine) -> None:
    issued = ClearingIssued(
        run_id=new_id(), month="2024-05", issued_at=NOW, lines=(), payable_fen=0, receivable_fen=0
    )
    asked = TotalsRequested(business_date=TODAY, attempt=1)
    with engine.begin() as tx:
        forged = [says(asked, "insured.340000")]
        assert reports.totals(tx, AREA, forged, NOW) == []  # type: ignore[arg-type]  # its body
        statements.receive(tx, [says(issued, "insured.340000")], NOW)  # type: ignore[list-item]  # its body
        assert tx.execute(text("SELECT count(*) FROM statements_received")).scalar_one() == 0
