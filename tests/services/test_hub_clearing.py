"""A month is cleared once, from what was agreed, and proved by the ledger; on a real database."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from contracts.codes import VisitKind
from contracts.messages.clearing import ClearingIssued
from contracts.refusal import RefusalCode, Refused
from hub.domain.clearing import Difference, RunState
from hub.services import clearing, reconciliation
from hub.store.db import migrate
from tests.support.databases import Databases
from tests.support.hub_books import (
    ANHUI,
    HUNAN,
    NOON,
    SHANGHAI,
    Case,
    add_cases,
    add_days,
)

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)
APRIL = date(2026, 4, 1)
CASES = (
    Case(1, FIRST, total_fen=100_00, account_fen=1_00),
    Case(2, LAST, total_fen=70_00, visit_kind=VisitKind.PHARMACY),
    Case(3, LAST, insured=ANHUI, total_fen=30_00, reversed_on=LAST),
    Case(4, FIRST - timedelta(days=1), total_fen=60_00, reversed_on=FIRST),
    Case(5, FIRST - timedelta(days=1), insured=SHANGHAI, treatment=HUNAN, total_fen=9_00),
    Case(6, LAST, insured=SHANGHAI, treatment=HUNAN, total_fen=10_00, reversed_on=APRIL),
)


def _books(tx: Connection, cases: Sequence[Case] = CASES, opened: date = APRIL) -> None:
    """Days from February's last to `opened`, all compared and agreed."""
    add_days(tx, FIRST - timedelta(days=1), opened)
    add_cases(tx, [case for case in cases if case.settled_on < opened or case.settled_on == opened])
    _agree(tx)


def _agree(tx: Connection) -> None:
    for _ in range(4):
        reconciliation.begin_due(tx, NOON)
    tx.execute(text("UPDATE reconciliation_sides SET state = 'agreed', agreed_at = now()"))


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        _books(tx)
    return engine


def test_a_month_is_cleared_by_pair_and_kind_and_both_computations_agree(engine: Engine) -> None:
    with engine.begin() as tx:
        clearing.run(tx, "2026-02", NOON)
        run, outgoing = clearing.run(tx, "2026-03", NOON)
        found = clearing.find(tx, "2026-03")
    assert found is not None
    assert found[0] == run
    assert run.state is RunState.ISSUED
    # 51.00 + 35.00 + 5.00 - 30.00 for the reversal of February's settlement, 0 for the undone one.
    assert run.payable_fen == run.receivable_fen == 61_00
    lines = [
        (n.insured_area, n.treatment_area, n.visit_kind.value, n.count, n.total_fen, n.payable_fen)
        for n in found[1]
    ]
    assert lines == [
        (SHANGHAI, HUNAN, "inpatient", 1, 10_00, 5_00),
        (ANHUI, SHANGHAI, "inpatient", 0, 0, 0),
        (HUNAN, SHANGHAI, "inpatient", 0, 40_00, 21_00),
        (HUNAN, SHANGHAI, "pharmacy", 1, 70_00, 35_00),
    ]
    told = {said.topic: said.message.body for said in outgoing}
    amounts = {
        topic: (body.payable_fen, body.receivable_fen, len(body.lines))
        for topic, body in told.items()
        if isinstance(body, ClearingIssued)
    }
    assert amounts == {
        "insured.310000.notices": (5_00, 0, 1),
        "insured.340000.notices": (0, 0, 1),
        "insured.430000.notices": (56_00, 0, 2),
        "treatment.310000.notices": (0, 56_00, 3),
        "treatment.430000.notices": (0, 5_00, 1),
    }


def test_a_reversal_after_clearing_is_a_negative_row_of_the_next_run(engine: Engine) -> None:
    with engine.begin() as tx:
        clearing.run(tx, "2026-02", NOON)
        clearing.run(tx, "2026-03", NOON)
        tx.execute(text("UPDATE business_days SET state = 'closed', closed_at = now()"))
        add_days(tx, date(2026, 4, 30), date(2026, 5, 1))
        _agree(tx)
        run, _ = clearing.run(tx, "2026-04", NOON)
        found = clearing.find(tx, "2026-04")
    assert found is not None
    assert (run.state, run.payable_fen) == (RunState.ISSUED, -5_00)
    assert [(n.insured_area, n.count, n.payable_fen) for n in found[1]] == [(SHANGHAI, -1, -5_00)]


def test_a_month_without_settlements_is_cleared_to_nothing(databases: Databases) -> None:
    with databases.fresh("hub", migrate).begin() as tx:
        _books(tx, ())
        run, outgoing = clearing.run(tx, "2026-03", NOON)
        assert (run.state, run.payable_fen, outgoing) == (RunState.ISSUED, 0, [])


def _refusal(tx: Connection, month: str) -> RefusalCode:
    with pytest.raises(Refused) as refused:
        clearing.run(tx, month, NOON)
    return refused.value.code


def test_a_month_is_cleared_once(engine: Engine) -> None:
    with engine.begin() as tx:
        clearing.run(tx, "2026-03", NOON)
        assert _refusal(tx, "2026-03") is RefusalCode.MONTH_CLEARED_ALREADY


@pytest.mark.parametrize("month", ["2026-04", "2026-05"])
def test_a_month_that_is_not_over_is_refused(engine: Engine, month: str) -> None:
    with engine.begin() as tx:
        assert _refusal(tx, month) is RefusalCode.DAY_NOT_CLOSED


def test_what_is_not_a_month_is_refused_as_a_field(engine: Engine) -> None:
    with engine.begin() as tx:
        assert _refusal(tx, "2026-13") is RefusalCode.FIELD_INVALID


def test_a_month_with_a_side_that_has_not_agreed_is_refused_with_their_number(
    engine: Engine,
) -> None:
    with engine.begin() as tx:
        tx.execute(
            text(
                "UPDATE reconciliation_sides SET state = 'waiting', agreed_at = NULL"
                " WHERE business_date = '2026-03-31' AND area = '430000'"
            )
        )
        with pytest.raises(Refused, match="尚有2方未对平") as refused:
            clearing.run(tx, "2026-03", NOON)
    assert refused.value.code is RefusalCode.DAY_NOT_RECONCILED


def test_a_closed_day_whose_comparison_never_began_is_refused(databases: Databases) -> None:
    with databases.fresh("hub", migrate).begin() as tx:
        add_days(tx, LAST, APRIL)
        assert _refusal(tx, "2026-03") is RefusalCode.DAY_NOT_RECONCILED


def test_a_ledger_that_says_otherwise_breaks_the_run_and_nothing_is_issued(engine: Engine) -> None:
    with engine.begin() as tx:
        clearing.run(tx, "2026-02", NOON)
        tx.execute(text("ALTER TABLE postings DISABLE TRIGGER postings_append_only"))
        tx.execute(
            text("UPDATE postings SET amount_fen = amount_fen + 1 WHERE business_date = :day"),
            {"day": LAST},
        )
        run, outgoing = clearing.run(tx, "2026-03", NOON)
    assert run.state is RunState.BROKEN
    assert outgoing == []
    assert run.differences == (
        Difference(SHANGHAI, HUNAN, 5_00, 5_01),
        Difference(HUNAN, SHANGHAI, 56_00, 56_01),
    )
    with engine.begin() as tx:  # Once the ledger is right again the same month can be run.
        tx.execute(
            text("UPDATE postings SET amount_fen = amount_fen - 1 WHERE business_date = :day"),
            {"day": LAST},
        )
        assert clearing.run(tx, "2026-03", NOON)[0].state is RunState.ISSUED


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE clearing_runs SET payable_fen = 1, receivable_fen = 1",
        "DELETE FROM clearing_runs",
        "UPDATE clearing_lines SET count = 1",
        "DELETE FROM clearing_lines",
        "INSERT INTO clearing_pair_days SELECT '2026-03-03', '', '', run_id, true FROM clearing_runs",  # noqa: E501 - one statement
        "DELETE FROM clearing_pair_days",
        "TRUNCATE clearing_lines CASCADE",
        "UPDATE daily_totals SET count = 1",
    ],
)
def test_what_was_issued_never_changes(engine: Engine, change: str) -> None:
    with engine.begin() as tx:
        clearing.run(tx, "2026-03", NOON)
    with pytest.raises(DBAPIError, match="refused"), engine.begin() as tx:
        tx.execute(text(change))


def test_a_pair_day_belongs_to_one_run(engine: Engine) -> None:
    with engine.begin() as tx:
        clearing.run(tx, "2026-02", NOON)
        clearing.run(tx, "2026-03", NOON)
        days = tx.execute(text("SELECT count(*), count(DISTINCT run_id) FROM clearing_pair_days"))
        assert days.one() == (6, 2)
