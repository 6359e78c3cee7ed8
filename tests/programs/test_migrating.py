"""Migrations of every participant: once or twice, one after the other or both at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import inspect

from contracts.delivery.engine import opened
from hub.store import db as hub
from participants.insured.store import db as insured
from participants.treatment.store import db as treatment
from tests.support.databases import Databases, Migrate

EVERYBODY = {"hub": hub.migrate, "insured": insured.migrate, "treatment": treatment.migrate}
MACHINERY = {"inbox", "outbox", "outbox_unsent", "dead_letters", "access_tokens", "alembic_version"}


@pytest.mark.parametrize("migrate", EVERYBODY.values(), ids=EVERYBODY)
def test_two_that_start_at_once_take_turns_and_a_third_finds_nothing_to_do(
    databases: Databases, migrate: Migrate
) -> None:
    url = databases.fresh("empty", lambda _url: None).url.render_as_string(hide_password=False)
    together = Barrier(2)

    def start(_number: int) -> None:
        together.wait()
        migrate(url)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(start, range(2)))
    migrate(url)
    with opened(url, name="test") as engine:
        assert set(inspect(engine).get_table_names()) >= MACHINERY
