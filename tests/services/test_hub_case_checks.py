"""The promises of cases: they hold after a decision, and each planted fault is named."""

from datetime import UTC, datetime

import pytest

from hub.domain.case_states import CaseType
from hub.domain.cases import Reply
from hub.services.verification import verify
from hub.store.checks_cases import CASE_CHECKS
from tests.support.databases import Databases
from tests.support.hub_cases import OF_TREATMENT, Desk, a_desk, item

MONDAY = datetime(2026, 4, 13, 2, 0, tzinfo=UTC)
UNGUARDED = "ALTER TABLE {0} DISABLE TRIGGER {0}_append_only"
# What is done behind the services' back, and the promises that it breaks.
PLANTED = (
    ("adjustments", "UPDATE adjustments SET amount_fen = -1", {"cases_money_is_posted"}),
    ("case_decisions", "UPDATE case_decisions SET amount_fen = -1", {"cases_money_is_posted"}),
    # Somebody else than the second person who approved it, or nobody, stands for the money.
    (
        "case_decisions",
        "UPDATE case_decisions SET second_by = 'nobody' WHERE amount_fen <> 0",
        {"cases_money_is_posted"},
    ),
    ("case_items", "DELETE FROM case_items WHERE stage = 'decided'", {"cases_money_is_posted"}),
    (
        "case_steps",
        "DELETE FROM case_steps WHERE position = 2 AND event = 'answer'",
        {"cases_steps_end_in_state"},
    ),
    (
        "case_decisions",
        "DELETE FROM case_decisions WHERE amount_fen <> 0",
        {"cases_money_is_posted", "cases_steps_end_in_state"},
    ),
    (
        "case_steps",
        "UPDATE cases SET due_at = '2026-04-13' WHERE state = 'open'",
        {"cases_not_overdue"},
    ),
)


@pytest.fixture
def desk(databases: Databases) -> Desk:
    """One case that moved money, and one that is open."""
    desk = a_desk(databases, MONDAY)
    case = desk.open(CaseType.DISPUTE, item(900))
    desk.answer(case, Reply.ADMITS, item(900))
    desk.job()
    desk.second(case, approve=True)
    desk.open(CaseType.COORDINATION, bills=[], respondents=(OF_TREATMENT,))
    return desk


def _broken(desk: Desk) -> set[str]:
    with desk.engine.connect() as tx:
        found = verify(tx, desk.now)
    return {one.name for one in found} & {check.name for check in CASE_CHECKS}


@pytest.mark.parametrize("number", range(len(PLANTED)))
def test_a_planted_fault_is_named(desk: Desk, number: int) -> None:
    table, statement, named = PLANTED[number]
    assert _broken(desk) == set()
    desk.rows(UNGUARDED.format(table) + f"; {statement} RETURNING 1")
    assert _broken(desk) == named
