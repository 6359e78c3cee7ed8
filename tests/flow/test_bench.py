"""The benchmark reports only what it can prove; how fast it was is not a test's business."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from contracts.delivery import burial
from contracts.delivery.broker import Record
from hub.store import db as hub_db
from participants.insured.store import db as insured_db
from participants.treatment.store import db as treatment_db
from simulators.bench.statistics import latency_of, percentile
from simulators.bench.validity import Side, judge
from tests.flow.leftovers import yidi
from tests.support.databases import Databases


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


def test_a_settlement_without_its_postings_is_found(sides: list[Side]) -> None:
    today = date(2026, 11, 22)
    run(
        sides[0].engine,
        "INSERT INTO business_days (business_date, state, opened_at) VALUES (:d, 'open', now())",
        d=today,
    )
    run(
        sides[0].engine,
        "INSERT INTO settlements (settlement_id, person_id, insured_area, insured_division,"
        " treatment_area, treatment_division, insurance_kind, visit_kind, hospital_code,"
        " hospital_level, admitted_on, discharged_on, use_account, registration_id,"
        " registration_basis, total_fen, fully_own_fen, over_ceiling_fen, first_self_pay_fen,"
        " in_scope_fen, state, step_count, answer_by, received_at, concluded_at, settled_on,"
        " pool_fen, cash_fen)"
        " VALUES (:id, 'P', '340000', '340100', '310000', '310000', '310', 'inpatient', 'H', 2,"
        " :d, :d, false, :id, 'registered', 100, 0, 0, 0, 100, 'settled', 2, now(), now(), now(),"
        " :d, 60, 40)",
        id=uuid4(),
        d=today,
    )
    assert "the postings are not what the settlements say" in judge(sides, asked=1).faults


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
@pytest.mark.parametrize("way", ["desk", "http"])
def test_a_short_run_on_real_servers_is_valid_and_says_what_it_ran_on(way: str) -> None:
    ended = yidi("bench", "--seconds", "20", "--json", *(["--http"] if way == "http" else []))
    assert ended.exit_code == 0, ended.stderr
    assert ended.left_running == ()
    figures = json.loads(ended.stdout)
    assert figures["valid"] is True
    assert figures["way"] == way
    assert figures["messages_out"] == figures["messages_in"] > 0
    assert figures["ledger_sum_fen"] == 0
    assert figures["settlements_per_s"] > 0
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]
    assert 0 < figures["floor_ratio"] < 1
    assert "Apache Kafka" in figures["broker"]
    assert "PostgreSQL" in figures["database"]
