"""The insured area's schema: migrations make what the tables say, and constraints hold."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg2.errors import CheckViolation
from sqlalchemy import Engine, create_engine

from contracts.delivery import bulk
from participants.insured.store.db import migrate
from participants.insured.store.tables import metadata
from tests.support.databases import Databases
from tests.support.insured import InsuredArea, request

CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
      AND conrelid::regclass::text <> 'alembic_version' ORDER BY 1, 2
"""
INDEXES = """
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    ORDER BY 1
"""
OPTIONS = """
    SELECT relname, reloptions::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
    ORDER BY 1
"""


def create_all(url: str) -> None:
    engine = create_engine(url)
    metadata.create_all(engine)
    engine.dispose()


@pytest.fixture
def migrated(databases: Databases) -> Engine:
    return databases.fresh("insured", migrate)


@pytest.fixture
def area(migrated: Engine) -> InsuredArea:
    found = InsuredArea(migrated)
    found.insure()
    return found


def test_the_migrations_make_the_tables(migrated: Engine) -> None:
    with migrated.connect() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []


@pytest.mark.parametrize("question", [CONSTRAINTS, INDEXES, OPTIONS])
def test_the_migrations_make_every_constraint_and_index(
    databases: Databases, migrated: Engine, question: str
) -> None:
    created = databases.fresh("insured_tables", create_all)
    with migrated.connect() as by_migration, created.connect() as by_tables:
        assert bulk.fetch(by_migration, question) == bulk.fetch(by_tables, question)


def test_migrating_twice_changes_nothing(migrated: Engine) -> None:
    migrate(migrated.url.render_as_string(hide_password=False))
    with migrated.connect() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("grants_parts_add_up", "total_fen = total_fen + 1"),
        ("grants_state_is_known", "state = 'lost'"),
        ("grants_days_fit_the_state", "settled_on = '2026-03-10'"),
        ("grants_days_fit_the_state", "state = 'settled'"),
        ("grants_amounts_never_negative", "added_pool_fen = -1"),
        ("grants_amounts_never_negative", "pool_fen = -1, cash_fen = cash_fen + pool_fen + 1"),
        ("grants_released_has_its_time", "state = 'released'"),
        ("grants_refused_has_its_code", "code = '4010'"),
        ("grants_tombstone_never_calculated", "calculated_at = NULL"),
        ("grants_benefit_says_what_for", "policy_id = NULL"),
        ("grants_nothing_moved_without_benefit", "state = 'refused', code = '4010'"),
    ],
)
def test_the_database_refuses_a_grant_that_cannot_be(
    area: InsuredArea, constraint: str, change: str
) -> None:
    area.hear(request(1))
    _refused(area.engine, constraint, f"UPDATE grants SET {change}")  # noqa: S608


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("person_years_never_negative", "UPDATE person_years SET stays = -1"),
        ("person_years_never_negative", "UPDATE person_years SET chronic_pool_fen = -1"),
        ("insurances_account_never_negative", "UPDATE insurances SET account_balance_fen = -1"),
        ("insurances_kind_is_known", "UPDATE insurances SET insurance_kind = '999'"),
        ("insurances_end_after_beginning", "UPDATE insurances SET in_force_until = '2000-01-01'"),
        ("people_gender_is_known_code", "UPDATE people SET gender = 'm'"),
    ],
)
def test_the_database_refuses_a_person_that_cannot_be(
    area: InsuredArea, constraint: str, statement: str
) -> None:
    area.hear(request(1))
    _refused(area.engine, constraint, statement)


def _refused(engine: Engine, constraint: str, statement: str) -> None:
    with pytest.raises(CheckViolation) as refused, engine.begin() as tx:
        bulk.run(tx, statement)
    diagnosis: Any = refused.value.diag
    assert diagnosis.constraint_name == constraint
