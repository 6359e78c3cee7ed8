"""The treatment area's schema: migrations make what the tables say, and constraints hold."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError

from contracts.delivery import bulk
from contracts.messages.settlement import Outcome
from participants.treatment.store.db import migrate
from participants.treatment.store.tables import metadata
from tests.support.databases import Databases
from tests.support.tables import rows
from tests.support.treatment import a_bill, an_answer, answered, requested, treatment_database

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


def _difference(engine: Engine) -> list[Any]:
    with engine.connect() as tx:
        return list(compare_metadata(MigrationContext.configure(tx), metadata))


def test_the_migrations_make_the_tables(databases: Databases) -> None:
    assert _difference(databases.fresh("treatment", migrate)) == []


@pytest.mark.parametrize("question", [CONSTRAINTS, INDEXES, OPTIONS])
def test_the_migrations_make_every_constraint_index_and_option(
    databases: Databases, question: str
) -> None:
    migrated = databases.fresh("treatment", migrate)
    created = databases.fresh("treatment_tables", create_all)
    with migrated.connect() as by_migration, created.connect() as by_tables:
        assert bulk.fetch(by_migration, question) == bulk.fetch(by_tables, question)


def test_migrating_twice_changes_nothing(databases: Databases) -> None:
    engine = databases.fresh("treatment", migrate)
    migrate(engine.url.render_as_string(hide_password=False))
    assert _difference(engine) == []


KEPT_OUT = """
    constraint                 change
    settlements_bill_adds_up   in_scope_fen=in_scope_fen+1
    settlements_bill_adds_up   total_fen=total_fen+1
    settlements_parts_add_up   pool_fen=pool_fen+1
    settlements_amounts        pool_fen=-1
    settlements_state          state='lost',business_date=NULL
    settlements_business_date  business_date=NULL
    settlements_business_date  state='requested'
    settlements_reversed_on    reversed_on='2024-05-07'
    settlements_reversed_on    state='reversed'
    settlements_dates          discharged_on='2024-01-01'
    settlements_visit_kind     visit_kind='dental'
    settlements_insurance_kind insurance_kind='320'
"""


@pytest.mark.parametrize("case", rows(KEPT_OUT), ids=lambda case: case["change"])
def test_the_database_keeps_out_what_cannot_be(databases: Databases, case: dict[str, str]) -> None:
    engine = treatment_database(databases)
    with engine.begin() as tx:
        id_ = requested(tx, a_bill("M1")).settlement_id
        answered(tx, [an_answer(id_, Outcome.SETTLED)])
    with pytest.raises(IntegrityError, match=case["constraint"]), engine.begin() as tx:
        tx.execute(text(f"UPDATE settlements SET {case['change']}"))  # noqa: S608 - a test's own


def test_a_message_id_makes_one_settlement(databases: Databases) -> None:
    engine = treatment_database(databases)
    with engine.begin() as tx:
        requested(tx, a_bill("M1"))
        requested(tx, a_bill("M2"))
    with pytest.raises(IntegrityError, match="settlements_message"), engine.begin() as tx:
        tx.execute(text("UPDATE settlements SET msgid = 'M1'"))
