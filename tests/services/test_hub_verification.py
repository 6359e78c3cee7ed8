"""Each promise is checked, and each check can fail: a planted violation is found by its name."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, event, text

from contracts.codes import Fund, InsuranceKind, VisitKind
from hub.domain.adjustment import Adjustment, AdjustmentReason
from hub.services import adjusting, balances, clearing, reconciliation, verification
from hub.services.verification import verify
from hub.store.checks import SOME_DAYS, SOME_SETTLEMENTS
from hub.store.checks_advance import ADVANCE_CHECKS
from hub.store.checks_cases import CASE_CHECKS
from hub.store.db import migrate
from hub.store.verification import CHECKS
from tests.support.databases import Databases
from tests.support.hub_books import (
    HUNAN,
    NOON,
    SHANGHAI,
    Case,
    add_cases,
    add_days,
    add_participants,
    add_routed,
)

FIRST, LAST, OPEN = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)
CASES = (
    Case(1, FIRST, account_fen=3_00),
    Case(2, LAST, reversed_on=LAST),
    Case(3, LAST, insured=SHANGHAI, treatment=HUNAN),
)
APPEND_ONLY = (
    "postings",
    "settlement_steps",
    "adjustments",
    "ledger_balances",
    "ledger_snapshots",
)
AN_ADJUSTMENT = Adjustment(
    adjustment_id=UUID(int=7),
    insured_area=HUNAN,
    treatment_area=SHANGHAI,
    insurance_kind=InsuranceKind.EMPLOYEE,
    visit_kind=VisitKind.INPATIENT,
    fund=Fund.POOL,
    amount_fen=-1_00,
    reason=AdjustmentReason.AUDIT,
    cause="超范围收费",
    by="ann",
    second="ben",
)
_STUCK = (
    "UPDATE settlements SET state = 'reversing', step_count = 3 WHERE total_fen = 777",
    (
        "INSERT INTO settlement_steps SELECT settlement_id, 3, 'settled', 'cancel', 'reversing',"
        " '2026-01-01' FROM settlements WHERE total_fen = 777"
    ),
    "UPDATE settlement_steps SET at = '2026-01-01'",
)
PLANTED: dict[str, tuple[str, ...]] = {
    "ledger_sums_to_zero": ("DELETE FROM participants WHERE area = '430000'",),
    "postings_match_parts": (
        (
            "DELETE FROM postings WHERE posting_id ="
            " (SELECT max(posting_id) FROM postings WHERE kind = 'settlement')"
        ),
    ),
    "nothing_overdue": (),
    "nothing_stuck_reversing": _STUCK,
    "outbox_is_sent": (
        "INSERT INTO outbox VALUES (gen_random_uuid(), 't', 'k', '', '2026-01-01')",
        (
            "INSERT INTO outbox_unsent (message_id, queued_at)"
            " SELECT message_id, queued_at FROM outbox"
        ),
    ),
    "no_open_dead_letters": (
        (
            'INSERT INTO dead_letters (topic, partition, "offset", value_sha256, key, value, fault,'
            " detail, buried_at) VALUES ('t', 0, 0, sha256(''), '', '', 'bug', '', now())"
        ),
    ),
    "steps_end_in_state": (
        "DELETE FROM settlement_steps WHERE position = 2 AND to_state = 'settled'",
    ),
    "days_exist": (
        "UPDATE business_days SET state = 'closed', closed_at = now()",
        (
            "UPDATE business_days SET state = 'open', closed_at = NULL"
            " WHERE business_date = '2026-03-30'"
        ),
    ),
    "daily_totals_hold": (
        (
            "UPDATE settlements SET total_fen = total_fen + 1, in_scope_fen = in_scope_fen + 1,"
            " cash_fen = cash_fen + 1 WHERE settled_on = '2026-03-01'"
        ),
    ),
    "issued_runs_hold": (
        (
            "UPDATE ledger_balances SET debit_fen = debit_fen + 1"
            " WHERE business_date = '2026-03-01' AND fund = 'pool'"
        ),
    ),
    "adjustments_are_posted": ("UPDATE adjustments SET amount_fen = amount_fen - 1",),
    "balances_of_days_hold": (
        (
            "UPDATE ledger_balances SET balance_fen = balance_fen + 1"
            " WHERE business_date = '2026-03-01' AND fund = 'pool'"
        ),
    ),
    "snapshots_of_days_hold": (
        "UPDATE ledger_snapshots SET count = count + 1 WHERE business_date = '2026-03-31'",
    ),
    "final_states_are_told": (
        (
            "DELETE FROM outbox WHERE topic = 'insured.430000.work' AND key ="
            " (SELECT settlement_id::text FROM settlements WHERE total_fen = 777)"
        ),
    ),
}


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_participants(tx)
        add_days(tx, FIRST, OPEN)
        add_cases(tx, [*CASES, Case(4, OPEN, total_fen=7_77)])
        for _ in range(4):
            reconciliation.begin_due(tx, NOON)
        tx.execute(text("UPDATE reconciliation_sides SET state = 'agreed', agreed_at = now()"))
        clearing.run(tx, "2026-03", NOON)
        balances.snapshot_closed(tx, NOON)
        adjusting.adjust(tx, AN_ADJUSTMENT, NOON)
        add_routed(tx, 9, answer_by=NOON + timedelta(days=1))
    return engine


def _violate(tx: Connection, name: str) -> None:
    for table in APPEND_ONLY:
        tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
    if name == "nothing_overdue":
        add_routed(tx, 10, answer_by=NOON - timedelta(seconds=3))
    for statement in PLANTED[name]:
        tx.execute(text(statement))


def test_sound_books_break_no_promise(engine: Engine) -> None:
    with engine.connect() as tx:
        assert verify(tx, NOON) == []


def test_every_check_has_a_planted_violation() -> None:
    planted_elsewhere = {check.name for check in (*ADVANCE_CHECKS, *CASE_CHECKS)}
    assert [c.name for c in CHECKS if c.name not in planted_elsewhere] == list(PLANTED)


@pytest.mark.parametrize("name", PLANTED)
def test_a_violation_is_found_by_its_name(engine: Engine, name: str) -> None:
    with engine.begin() as tx:
        _violate(tx, name)
        found = {finding.name: finding for finding in verify(tx, NOON)}
    assert name in found
    assert found[name].rows
    # A posting that went missing breaks what was made of it too; so does a balance.
    made_of = {"postings_match_parts", "balances_of_days_hold", "snapshots_of_days_hold"}
    assert found.keys() - {name} <= made_of


def test_no_look_grows_with_the_books(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement over years of settlements would end at the timeout, and prove nothing."""
    monkeypatch.setattr(verification, "SETTLEMENTS_AT_ONCE", 2)
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *about: said.append(about[2]))
    with engine.begin() as tx:
        assert verify(tx, NOON) == []
    everything = [one for one in said if SOME_SETTLEMENTS in one or SOME_DAYS in one]
    assert (len(said) > len(CHECKS), everything) == (True, [])


def test_a_finding_names_the_settlement(engine: Engine) -> None:
    with engine.begin() as tx:
        _violate(tx, "nothing_overdue")
        (finding,) = verify(tx, NOON)
    assert finding.rows[0]["state"] == "routed"
    assert isinstance(finding.rows[0]["settlement_id"], UUID)
    assert finding.zh == "没有超过应答期限仍未了结的结算"
