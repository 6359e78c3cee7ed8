"""The insured area's schema: migrations make what the tables say, and constraints hold."""

from datetime import date
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg2.errors import CheckViolation
from sqlalchemy import Engine, create_engine

from contracts.delivery import bulk
from participants.insured.services import calculations
from participants.insured.store.db import migrate
from participants.insured.store.tables import metadata
from participants.policy.loader import library
from tests.support.databases import Databases
from tests.support.insured import NOON, InsuredArea, care, request, review
from tests.support.insured_books import area_with, from_the_hub

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
COUNTED = "UPDATE person_years SET counters ="
ENTITLE = "UPDATE chronic_eligibilities SET valid_to ="


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
        ("grants_amounts_never_negative", "beyond_bill_fen = -1"),
        ("grants_counters_never_negative", """added_counters = '{"aid.x": -1}'"""),
        ("grants_released_has_its_time", "state = 'released'"),
        ("grants_refused_has_its_code", "code = '4010'"),
        ("grants_tombstone_never_calculated", "calculated_at = NULL"),
        ("grants_benefit_says_what_for", "policy_id = NULL"),
        ("grants_nothing_moved_without_benefit", "state = 'refused', code = '4010'"),
        ("grants_have_their_basis", "registration_basis = NULL"),
        ("grants_basis_is_known", "registration_basis = 'hearsay'"),
        ("grants_category_only_missing_where_not_needed", "registration_category = NULL"),
        ("grants_paid_as_is_known", "paid_as = 'tourist'"),
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
        ("person_years_counters_never_negative", f'{COUNTED} \'{{"aid.x": 5, "aid.y": -1}}\''),
        ("person_years_counters_never_negative", f'{COUNTED} \'{{"aid.x": "5"}}\''),
        ("person_years_counters_never_negative", f"{COUNTED} '{{\"aid.x\": 0.5}}'"),
        ("person_years_counters_never_negative", f"{COUNTED} '[1]'"),
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


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("reviews_told_at_a_time", "UPDATE registration_reviews SET standing = 'active'"),
        ("reviews_decided_by_somebody", "UPDATE registration_reviews SET state = 'withdrawn'"),
        ("reviews_no_has_a_code", "UPDATE registration_reviews SET code = '4020'"),
        ("reviews_channel_is_known", "UPDATE registration_reviews SET channel = 'pigeon'"),
        ("history_wish_says_what", "UPDATE registration_history SET step = 'change_asked'"),
        ("eligibilities_end_after_beginning", f"{ENTITLE} '2019-12-31'"),
        ("eligibilities_say_which_registration", f"{ENTITLE} NULL, source = 'registration'"),
    ],
)
def test_the_database_refuses_a_registration_that_cannot_be(
    area: InsuredArea, constraint: str, statement: str
) -> None:
    area.hear(review())
    area.recognise("M01600")
    _refused(area.engine, constraint, statement)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("grant_years_amounts_never_negative", "added_stays = -1"),
        ("grant_years_counters_never_negative", """added_counters = '{"aid.x": -1}'"""),
    ],
)
def test_the_database_refuses_a_year_before_that_cannot_be(
    area: InsuredArea, constraint: str, change: str
) -> None:
    over = care(admitted_on=date(2025, 12, 20), discharged_on=date(2026, 1, 5))
    rules = area_with(library()["henan-employee-2001"])
    with area.engine.begin() as tx:
        calculations.calculate(rules, tx, [from_the_hub(request(1, over))], NOON)
    _refused(area.engine, constraint, f"UPDATE grant_years SET {change}")  # noqa: S608


def _refused(engine: Engine, constraint: str, statement: str) -> None:
    with pytest.raises(CheckViolation) as refused, engine.begin() as tx:
        bulk.run(tx, statement)
    diagnosis: Any = refused.value.diag
    assert diagnosis.constraint_name == constraint
