"""The benchmark reports only what it can prove; how fast it was is not a test's business."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from contracts.delivery import burial
from contracts.delivery.broker import Record
from contracts.messages.values import PARTS
from hub.store import db as hub_db
from hub.store.tables import settlements
from participants.insured.store import db as insured_db
from participants.insured.store.columns import ADDED
from participants.insured.store.tables import grants
from participants.treatment.store import db as treatment_db
from simulators.bench.statistics import latency_of, percentile
from simulators.bench.validity import Side, judge
from simulators.stack.servers import Servers
from tests.flow.leftovers import yidi
from tests.support.databases import Databases

NOW = datetime.now(UTC)
TODAY = date(2026, 11, 22)
OTHERS = ("deductible_fen", "beyond_bill_fen")


@pytest.fixture
def sides(databases: Databases) -> list[Side]:
    roles: dict[str, Callable[[str], None]] = {
        "hub": hub_db.migrate,
        "insured": insured_db.migrate,
        "treatment": treatment_db.migrate,
    }
    return [Side(role, databases.fresh(role, migrate)) for role, migrate in roles.items()]


def run(engine: Engine, statement: str, **values: object) -> None:
    with engine.begin() as tx:
        tx.execute(text(statement), values)


def test_an_empty_run_in_which_nothing_was_asked_is_valid(sides: list[Side]) -> None:
    assert judge(sides, asked=0).faults == ()


def test_a_settlement_that_came_nowhere_is_found(sides: list[Side]) -> None:
    faults = judge(sides, asked=1).faults
    assert [fault.split()[0] for fault in faults] == ["hub", "insured", "treatment"]


def test_a_message_that_never_arrived_is_found(sides: list[Side]) -> None:
    run(
        sides[0].engine,
        "INSERT INTO outbox (message_id, topic, key, value, queued_at)"
        " VALUES (:id, 'insured.340000.work', 'k', '{}', now())",
        id=uuid4(),
    )
    assert judge(sides, asked=0).faults == ("1 messages went out and 0 came in",)


def test_messages_left_unsent_or_buried_are_found(sides: list[Side]) -> None:
    run(
        sides[1].engine,
        "INSERT INTO outbox_unsent (message_id, queued_at) VALUES (:id, now())",
        id=uuid4(),
    )
    with sides[2].engine.begin() as tx:
        letter = Record("treatment.310000.answers", 0, 0, b"k", b"{}")
        burial.bury(tx, [(letter, burial.Fault.BUG, "KeyError")], datetime.now(UTC))
    assert judge(sides, asked=0).faults == (
        "insured: 1 unsent messages",
        "treatment: 1 dead letters",
    )


def store(hub: Engine, state: str, **more: object) -> UUID:
    """A settlement of 100 fen that stands in this state; its id."""
    id_ = uuid4()
    columns = {
        "settlement_id": id_,
        "person_id": "P",
        "insured_area": "340000",
        "insured_division": "340100",
        "treatment_area": "310000",
        "treatment_division": "310000",
        "insurance_kind": "310",
        "visit_kind": "inpatient",
        "hospital_code": "H",
        "hospital_level": 2,
        "admitted_on": TODAY,
        "discharged_on": TODAY,
        "use_account": False,
        "registration_id": id_,
        "registration_basis": "registered",
        "total_fen": 100,
        "fully_own_fen": 0,
        "over_ceiling_fen": 0,
        "first_self_pay_fen": 0,
        "in_scope_fen": 100,
        "state": state,
        "step_count": 2,
        "answer_by": NOW,
        "received_at": NOW,
        "concluded_at": NOW,
        **more,
    }
    with hub.begin() as tx:
        tx.execute(settlements.insert().values(columns))
    return id_


def test_a_settlement_without_its_postings_is_found(sides: list[Side]) -> None:
    hub = sides[0].engine
    run(
        hub,
        "INSERT INTO business_days (business_date, state, opened_at) VALUES (:d, 'open', now())",
        d=TODAY,
    )
    store(hub, "settled", settled_on=TODAY, pool_fen=60, cash_fen=40)
    assert "the postings are not what the settlements say" in judge(sides, asked=1).faults


def test_money_that_only_one_sides_books_have_is_found(sides: list[Side]) -> None:
    """Each side by itself is in order; the other two know of no such money."""
    grant = {
        "settlement_id": uuid4(),
        "person_id": "P",
        "state": "settled",
        "insurance_kind": "310",
        "visit_kind": "inpatient",
        "treatment_area": "310000",
        "year": 2026,
        "policy_id": "yizheng-employee-2010",
        "registration_basis": "registered",
        "registration_category": "long_term_resident",
        "total_fen": 100,
        "in_scope_fen": 100,
        "pool_fen": 60,
        "cash_fen": 40,
        "detail": "",
        "calculated_at": NOW,
        "settled_on": TODAY,
        "settled_at": NOW,
        "added_counters": {},
    }
    with sides[1].engine.begin() as tx:
        tx.execute(grants.insert().values(dict.fromkeys((*PARTS, *ADDED, *OTHERS), 0) | grant))
    verdict = judge(sides, asked=1)
    assert verdict.ledger_sum_fen == -60
    assert "the areas owe 60, the ledger has 0, they are owed 0 fen" in verdict.faults


def test_what_expired_is_not_asked_to_be_settled_where_settlements_may_expire(
    sides: list[Side],
) -> None:
    store(sides[0].engine, "expired")
    verdict = judge(sides, asked=1, may_expire=True)
    assert (verdict.undone, verdict.faults) == (1, ())
    assert judge(sides, asked=1).faults != ()


def test_a_release_that_nobody_answered_is_found(sides: list[Side]) -> None:
    run(
        sides[0].engine,
        "INSERT INTO releases_awaited (settlement_id, reason, asked_at, look_at)"
        " VALUES (:id, 'expired', now(), now())",
        id=store(sides[0].engine, "expired"),
    )
    faults = judge(sides, asked=1, may_expire=True).faults
    assert faults == ("hub: 1 releases without an answer",)


@pytest.mark.parametrize(
    ("percent", "expected"), [(1, 1), (50, 50), (95, 95), (99, 99), (100, 100)]
)
def test_percentiles_are_nearest_ranks(percent: int, expected: int) -> None:
    assert percentile(list(range(1, 101)), percent) == expected


def test_one_sample_is_all_percentiles() -> None:
    latency = latency_of([12_345])
    assert (latency.p50_ms, latency.p99_ms, latency.longest_ms) == (12.3, 12.3, 12.3)


@pytest.mark.slow
@pytest.mark.kafka
def test_a_short_run_on_given_servers_is_valid_says_what_it_ran_on_and_keeps_it(
    stack: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack.kafka is not None
    monkeypatch.setenv("YIDI_KAFKA", stack.kafka)
    monkeypatch.setenv("YIDI_DATABASE_URL", stack.database_url)
    kept = tmp_path / "kept"
    small = ("--seconds", "5", "--people", "100")
    ended = yidi("bench", *small, "--json", "--to", str(kept))
    assert ended.exit_code == 0, ended.stderr
    assert ended.left_running == ()
    figures = json.loads(ended.stdout)
    assert figures["valid"] is True
    assert figures["way"] == "desk"
    assert figures["messages_out"] == figures["messages_in"] > 0
    assert figures["ledger_sum_fen"] == 0
    assert figures["settlements_per_s"] > 0
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]
    assert 0 < figures["floor_ratio"] < 1
    assert figures["per_settlement"]["messages"] >= 5
    assert figures["per_settlement"]["wal_bytes"] > figures["per_settlement"]["message_bytes"] > 0
    assert "Apache Kafka" in figures["broker"]
    assert "PostgreSQL" in figures["database"]
    assert {file.name for file in kept.iterdir()} == {
        "README.md",
        "steady.json",
        "steady.parquet",
        "steady.png",
        "steady.svg",
    }
