"""The hub that the machine drives, and how deep: `pytest tests/model --hypothesis-profile=deep`."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from hub.domain.clearing_terms import shipped_terms, terms_in_use
from hub.store.db import migrate
from tests.model import world
from tests.model.depths import DEEP
from tests.model.real_hub import prepared
from tests.support.databases import Databases, given_back

settings.register_profile("deep", DEEP)


@pytest.fixture(scope="module")
def engine(database_server: Databases) -> Iterator[Engine]:
    """A prepared hub under 清算期 of five days; every run is rolled back."""
    by_five_days = tuple(replace(one, length=world.CYCLE_DAYS) for one in shipped_terms())
    with given_back(database_server) as databases, terms_in_use(by_five_days):
        yield prepared(databases.fresh("hub", migrate))
