"""The tiny participant on a real PostgreSQL."""

import pytest

from tests.delivery.notebook import Notebook, migrate
from tests.support.databases import Databases


@pytest.fixture
def notebook(databases: Databases) -> Notebook:
    return Notebook(databases.fresh("notebook", migrate))
