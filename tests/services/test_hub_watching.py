"""The always-on check: what is planted is found by its rows, and ends when it is mended."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from contracts.clock import SystemClock
from contracts.delivery.memory import MemoryLog
from contracts.delivery.outbox import Outbox
from hub import jobs, running_jobs
from hub.services import adjusting, balances, watching
from hub.settings import Settings
from hub.store import violations
from hub.store.checks import ROWS_MAX, Check, Scope
from hub.store.db import migrate
from hub.store.verification import CHECKS
from tests.services.test_hub_verification import AN_ADJUSTMENT, APPEND_ONLY
from tests.support.databases import Databases
from tests.support.hub_books import (
    NOON,
    Case,
    add_cases,
    add_days,
    add_participants,
    settlement_id,
)

FIRST, OPEN = date(2026, 3, 29), date(2026, 3, 31)
CASES = [Case(n, FIRST + timedelta(days=n % 3), total_fen=100_00 + n) for n in range(9)]
FOUND_WITHIN_S = 5
SETTINGS = Settings()


@pytest.fixture
def engine(databases: Databases) -> Engine:
    engine = databases.fresh("hub", migrate)
    with engine.begin() as tx:
        add_participants(tx)
        add_days(tx, FIRST, OPEN)
        add_cases(tx, CASES)
        balances.snapshot_closed(tx, NOON)
        adjusting.adjust(tx, AN_ADJUSTMENT, NOON)
        for table in APPEND_ONLY:  # so that a test may plant what the database would refuse
            tx.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
    return engine


def open_rows(engine: Engine) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    with engine.connect() as tx:
        for one in violations.listed(tx, gone_too=False, count_max=1_000):
            found.setdefault(one.check_name, []).append(one.row)
    return found


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as tx:
        tx.execute(text(statement))


@contextmanager
def standing_watch(engine: Engine) -> Iterator[None]:
    """The hub's own jobs, those that check, each in its thread and by the real clock."""
    log, clock, stop = MemoryLog(), SystemClock(), threading.Event()
    outbox = Outbox(engine, log.sender("hub.jobs"), clock)
    table = [job for job in jobs.jobs(SETTINGS) if job.name.startswith(("check", "keep"))]
    assert len(table) == 3
    thread = threading.Thread(
        target=running_jobs.run, args=(table, outbox, SETTINGS.limits(), stop), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        outbox.close()


def wait_until(engine: Engine, names: set[str]) -> dict[str, list[dict[str, object]]]:
    until = time.monotonic() + FOUND_WITHIN_S
    while time.monotonic() < until:
        if open_rows(engine).keys() == names:
            break
        time.sleep(0.02)
    return open_rows(engine)


# What somebody does to the books by hand, the promise it breaks, the row that is named, and how it
# is mended. The first settlement has 5000 fen of the pool on 2026-03-29.
ONE = str(settlement_id(0))
MISCOUNTED = "UPDATE settlements SET step_count = 1 WHERE settlement_id = '{one}'"
PLANTED: list[tuple[str, str, dict[str, object], str]] = [
    (
        "UPDATE postings SET amount_fen = amount_fen + 1 WHERE settlement_id = '{one}'",
        "postings_match_parts",
        {"settlement_id": ONE, "expected_fen": 5000, "posted_fen": 5001},
        "UPDATE postings SET amount_fen = amount_fen - 1 WHERE settlement_id = '{one}'",
    ),
    (
        MISCOUNTED,
        "steps_end_in_state",
        {"settlement_id": ONE, "step_count": 1, "steps": 2},
        "UPDATE settlements SET step_count = 2 WHERE settlement_id = '{one}'",
    ),
    (
        (
            "UPDATE outbox SET message_id = gen_random_uuid(), value = message_id::text"
            " WHERE key = '{one}' AND topic LIKE 'treatment%'"
        ),
        "final_states_are_told",
        {"settlement_id": ONE, "state": "settled", "untold": "settlement_answered"},
        "UPDATE outbox SET message_id = value::uuid WHERE key = '{one}' AND value <> ''",
    ),
    (
        (
            "UPDATE ledger_balances SET debit_fen = debit_fen + 2, balance_fen = balance_fen + 2"
            " WHERE business_date = '2026-03-29'"
        ),
        "balances_of_days_hold",
        {"business_date": "2026-03-29", "fund": "pool"},
        (
            "UPDATE ledger_balances SET debit_fen = debit_fen - 2, balance_fen = balance_fen - 2"
            " WHERE business_date = '2026-03-29'"
        ),
    ),
    (
        "UPDATE adjustments SET amount_fen = -200",
        "adjustments_are_posted",
        {"expected_fen": -200, "posted_fen": -100},
        "UPDATE adjustments SET amount_fen = -100",
    ),
]

FOLLOWS = {"snapshots_of_days_hold"}
"""Control totals of balances break with them."""


def test_what_is_planted_is_found_at_once_by_its_rows_and_ends_when_it_is_mended(
    engine: Engine,
) -> None:
    names = {name for _, name, _, _ in PLANTED}
    with standing_watch(engine):
        for plant, _, _, _ in PLANTED:
            run(engine, plant.format(one=ONE))
        found = wait_until(engine, names | FOLLOWS)
        assert found.keys() == names | FOLLOWS, f"not found within {FOUND_WITHIN_S} s"
        for _, name, row, mend in PLANTED:
            assert any(row.items() <= said.items() for said in found[name]), found[name]
            run(engine, mend.format(one=ONE))
        assert wait_until(engine, set()) == {}
    with engine.connect() as tx:
        kept = violations.listed(tx, gone_too=True, count_max=100)
    assert {one.check_name for one in kept} == names | FOLLOWS
    assert all(one.gone_at is not None and one.gone_at >= one.found_at for one in kept)


class Ticking:
    """A clock that runs on by a second whenever it is read."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        self.at_s += 1
        return self.at_s


def turn(engine: Engine, patrol: watching.Patrol, now: datetime = NOON) -> None:
    with engine.begin() as tx:
        assert patrol.turn(tx, now) == []


def by_name(name: str) -> Check:
    return next(check for check in CHECKS if check.name == name)


@pytest.fixture
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two settlements a portion, and no rest after a turn."""
    monkeypatch.setattr(watching, "SETTLEMENTS_AT_ONCE", 2)
    for rests in ("BUSY_RESTS", "QUIET_RESTS"):
        monkeypatch.setattr(watching, rests, 0)


@pytest.mark.usefixtures("restless")
def test_large_books_are_looked_through_portion_by_portion_and_nothing_is_left_out(
    engine: Engine,
) -> None:
    last = str(max(case.settlement_id for case in CASES))
    run(engine, MISCOUNTED.format(one=last))
    patrol = watching.Patrol(0.5, Ticking(), (by_name("steps_end_in_state"),))
    seen = []
    for _ in range(5):  # nine settlements, two at a time
        turn(engine, patrol)
        seen.append(len(open_rows(engine)))
    assert seen == [0, 0, 0, 0, 1]
    with engine.connect() as tx:
        looked = violations.rounds(tx)["steps_end_in_state"]
    assert looked.ended_at == NOON
    assert looked.next_key is None
    turn(
        engine, patrol, NOON + watching.ROUND_EVERY
    )  # the next round begins elsewhere, and ends nothing there
    assert len(open_rows(engine)) == 1


def test_a_turn_that_took_long_is_followed_by_a_rest(engine: Engine) -> None:
    ticking = Ticking()
    patrol = watching.Patrol(0.5, ticking, (by_name("nothing_overdue"),))
    turn(engine, patrol)
    turn(engine, patrol, NOON + watching.ROUND_EVERY)
    with engine.connect() as tx:
        assert violations.rounds(tx)["nothing_overdue"].looked_at == NOON
    ticking.at_s += 100
    later = NOON + 2 * watching.ROUND_EVERY
    turn(engine, patrol, later)
    with engine.connect() as tx:
        looked_at = violations.rounds(tx)["nothing_overdue"].looked_at
    assert looked_at == later


@pytest.mark.usefixtures("restless")
def test_a_turn_is_short_while_postings_are_made(engine: Engine) -> None:
    patrol = watching.Patrol(watching.BUSY_TURNS * 1.5, Ticking(), (by_name("steps_end_in_state"),))
    is_through = []
    for number in range(4):
        turn(engine, patrol, NOON + number * watching.ROUND_EVERY)
        with engine.connect() as tx:
            is_through.append(violations.rounds(tx)["steps_end_in_state"].next_key is None)
    # After the first turn it has seen new postings, after the second none, and goes on at length.
    assert is_through == [True, False, True, True]


def test_the_youngest_are_looked_at_without_any_round(engine: Engine) -> None:
    run(engine, MISCOUNTED.format(one=ONE))
    with engine.begin() as tx:
        watching.watch_new(tx, NOON)  # by its posting: it is among the newest
    assert [row["settlement_id"] for row in open_rows(engine)["steps_end_in_state"]] == [ONE]


def test_two_watchers_take_turns(engine: Engine) -> None:
    first, second = (watching.Patrol(9, time.monotonic) for _ in range(2))
    with engine.begin() as tx, engine.begin() as other:
        first.turn(tx, NOON)
        second.turn(other, NOON)
        assert violations.rounds(other) == {}
    with engine.connect() as tx:
        assert violations.rounds(tx).keys() == {check.name for check in CHECKS}


def test_what_a_check_found_that_is_no_more_is_gone_with_it(engine: Engine) -> None:
    with engine.begin() as tx:
        violations.add(tx, "of_yesterday", {"a=1": {"a": 1}}, NOON)
    turn(engine, watching.Patrol(9, time.monotonic))
    assert open_rows(engine) == {}


def test_more_rows_than_are_named_end_nothing(engine: Engine) -> None:
    many = Check("many", "很多", "many", f"SELECT generate_series(1, {ROWS_MAX}) AS number")
    with engine.begin() as tx:
        violations.add(tx, "many", {"number=0": {"number": 0}}, NOON)
    turn(engine, watching.Patrol(9, time.monotonic, (many,)))
    assert len(open_rows(engine)["many"]) == ROWS_MAX + 1


def test_every_promise_about_settlements_and_days_can_be_looked_at_in_portions() -> None:
    scopes = {check.name: check.scope for check in CHECKS}
    for name in (
        "postings_match_parts",
        "nothing_stuck_reversing",
        "steps_end_in_state",
        "days_exist",
        "final_states_are_told",
    ):
        assert scopes[name] is Scope.SETTLEMENTS, name
    for name in ("ledger_sums_to_zero", "daily_totals_hold", "balances_of_days_hold"):
        assert scopes[name] is Scope.DAYS, name
