"""The hub's schema: as declared, as migrated, and refusing what the services would never write."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from contracts.delivery import bulk
from contracts.messages.settlement import SettlementCalculated
from contracts.refusal import RefusalCode
from hub.domain.registration import REGISTRATION
from hub.domain.settlement import SETTLEMENT
from hub.services import calculations
from hub.store import (
    tables_advance,  # noqa: F401  # as well
    tables_cases,  # noqa: F401  # as well
    tables_comparison,  # noqa: F401  # as well
    tables_cycles,  # noqa: F401  # as well
    tables_directory,  # noqa: F401  # declares its tables in the metadata
    tables_ledger,  # noqa: F401  # as well
    tables_money,  # noqa: F401  # as well
    tables_papers,  # noqa: F401  # as well
    tables_protocol,  # noqa: F401  # as well
    tables_registrations,  # noqa: F401  # as well
    tables_repairs,  # noqa: F401  # as well
    tables_routes,  # noqa: F401  # as well
    tables_runs,  # noqa: F401  # as well
    tables_second_person,  # noqa: F401  # as well
)
from hub.store.db import migrate
from hub.store.tables import metadata
from tests.services.test_hub_settlements import accepted, settled
from tests.support.databases import Databases
from tests.support.hub import FROM_INSURED, SHARES, Hub, a_registration, an_open_hub, said

CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    AND conrelid::regclass::text <> 'alembic_version' ORDER BY 1, 2
"""
INDEXES = """
    SELECT indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1
"""


@pytest.fixture
def hub(databases: Databases) -> Hub:
    return an_open_hub(databases.fresh("hub", migrate))


def _all_of(engine: Engine, statement: str) -> list[tuple[object, ...]]:
    with engine.begin() as tx:
        return bulk.fetch(tx, statement)


def test_the_migrations_make_what_the_tables_declare(databases: Databases) -> None:
    migrated = databases.fresh("hub", migrate)
    with migrated.begin() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []
    # Alembic does not look at checks and exclusions, so we do.
    declared = databases.fresh("declared_hub", lambda _url: None)
    metadata.create_all(declared)
    for statement in (CONSTRAINTS, INDEXES):
        assert _all_of(migrated, statement) == _all_of(declared, statement)


def test_the_database_knows_the_same_steps_as_the_state_table(hub: Hub) -> None:
    known = hub.rows("SELECT from_state, event, to_state FROM settlement_legal_steps")
    assert set(known) == {(step.source, step.event, step.target) for step in SETTLEMENT.steps}
    known = hub.rows("SELECT from_state, event, to_state FROM registration_legal_steps")
    assert set(known) == {(step.source, step.event, step.target) for step in REGISTRATION.steps}


def test_two_processes_that_migrate_at_once_take_turns(databases: Databases) -> None:
    engine = databases.fresh("unmigrated_hub", lambda _url: None)
    url = engine.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(2) as both:
        list(both.map(migrate, [url, url]))
    with engine.begin() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []


VOID = (
    "UPDATE settlements SET settled_on = NULL, pool_fen = 0, large_sum_fen = 0, account_fen = 0,"
    " cash_fen = 0"
)


def a_step(position: int, step: str) -> str:
    """Another step of the settled settlement."""
    values = f"settlement_id, {position}, 'settled', {step}, now()"
    return f"INSERT INTO settlement_steps SELECT {values} FROM settlements"  # noqa: S608


def a_posting(fund: str, amount_fen: str, kind: str) -> str:
    """Another posting like the first of the settled settlement."""
    columns = (
        "settlement_id, business_date, insured_area, treatment_area, insurance_kind,"
        " from_area, to_area, posted_at"
    )
    values = f"{columns}, {fund}, {amount_fen}, {kind} FROM postings ORDER BY fund DESC LIMIT 1"
    return f"INSERT INTO postings ({columns}, fund, amount_fen, kind) SELECT {values}"


# What is done to the one settled settlement (parts 700 + 100 + 50 + 150 of 1000, as of 2026-03-02)
# or beside it, and the constraint that refuses it.
WRONG = [
    ("UPDATE settlements SET pool_fen = 701", "settlements_parts_add_up"),
    ("UPDATE settlements SET total_fen = 1001, pool_fen = 701", "settlements_bill_adds_up"),
    ("UPDATE settlements SET pool_fen = -50, cash_fen = 900", "settlements_no_negative_amount"),
    ("UPDATE settlements SET settled_on = NULL", "settlements_settled_has_a_day"),
    ("UPDATE settlements SET settled_on = '2026-03-03'", "settlements_settled_on_fkey"),
    ("UPDATE settlements SET reversed_on = '2026-03-02'", "settlements_reversed_has_a_day"),
    ("UPDATE settlements SET state = 'reversed'", "settlements_reversed_has_a_day"),
    ("UPDATE settlements SET state = 'expired'", "settlements_parts_add_up"),
    (f"{VOID}, state = 'received'", "settlements_state_is_known"),
    (f"{VOID}, state = 'routed', concluded_at = NULL, answer_by = NULL", "has_a_deadline"),
    ("UPDATE settlements SET concluded_at = NULL", "settlements_concluded_has_an_instant"),
    (a_step(3, "'expire', 'expired'"), "settlement_steps_are_legal"),
    (a_step(2, "'cancel', 'reversing'"), "settlement_steps_pkey"),
    (a_posting("fund", "amount_fen", "'settlement'"), "postings_once"),
    (a_posting("'other'", "0", "'settlement'"), "postings_amount_is_positive"),
    (a_posting("'cash'", "1", "'settlement'"), "postings_fund_is_known"),
    (a_posting("fund", "amount_fen", "'reversal'"), "postings_kind_gives_the_direction"),
    ("UPDATE postings SET amount_fen = 1", "postings is append-only"),
    ("DELETE FROM postings", "postings is append-only"),
    ("TRUNCATE postings", "postings is append-only"),
    ("DELETE FROM settlement_steps", "settlement_steps is append-only"),
    ("UPDATE settlement_legal_steps SET to_state = 'settled'", "is append-only"),
    ("DELETE FROM business_days", "fkey"),
    (
        "INSERT INTO business_days VALUES ('2026-03-03', 'open', now())",
        "business_days_one_open",
    ),
    ("UPDATE business_days SET state = 'closed'", "business_days_closed_has_an_instant"),
    ("UPDATE registrations SET ends_on = '2025-12-31'", "registrations_ends_after_it_begins"),
    ("UPDATE registrations SET place = NULL", "registrations_place_or_disease"),
    ("UPDATE registrations SET disease_code = 'M03900'", "registrations_place_or_disease"),
    ("UPDATE registrations SET decided_at = NULL", "registrations_decided_has_an_instant"),
    ("UPDATE registrations SET state = 'expired'", "registrations_ended_has_a_last_day"),
    ("UPDATE registrations SET ended_on = '2026-03-01'", "registrations_ended_has_a_last_day"),
    ("UPDATE registrations SET replaces = registration_id", "registrations_version_follows"),
    ("UPDATE registrations SET state = 'lost'", "registrations_state_is_known"),
    ("UPDATE settlements SET registration_basis = NULL", "settlements_taken_on_has_a_basis"),
    ("UPDATE settlements SET registration_id = NULL", "registered_names_its_registration"),
    ("UPDATE settlements SET registration_basis = 'x'", "registration_basis_is_known"),
    ("DELETE FROM registration_legal_steps", "registration_legal_steps is append-only"),
]


@pytest.mark.parametrize(("statement", "constraint"), WRONG, ids=lambda value: value[:60])
def test_the_database_refuses_what_must_not_be(hub: Hub, statement: str, constraint: str) -> None:
    settled(hub)
    with pytest.raises(psycopg2.IntegrityError, match=constraint):
        hub.rows(statement)


def test_the_database_refuses_a_second_registration_in_force_on_one_day(hub: Hub) -> None:
    overlapping = a_registration(begins_on=date(2027, 1, 1), ends_on=date(2027, 1, 1))
    with pytest.raises(psycopg2.errors.ExclusionViolation, match="one_in_force"):
        an_open_hub(hub.engine, overlapping)


def test_an_unsound_answer_never_reaches_the_constraint(hub: Hub) -> None:
    settlement_id = accepted(hub)
    body = SettlementCalculated(
        settlement_id=settlement_id,
        shares=SHARES.model_copy(update={"cash_fen": 149}),
        deductible_fen=0,
    )
    hub.hear(calculations.record, said(body, FROM_INSURED))
    code = hub.rows("SELECT state, refusal_code FROM settlements")
    assert code == [("rejected", RefusalCode.PARTS_DO_NOT_ADD_UP)]
