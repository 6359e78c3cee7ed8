"""A street of its own for every test, and one that a module shares where it only asks."""

from collections.abc import Iterator

import pytest

from tests.gateway.street import Street, opened
from tests.support.databases import Databases


@pytest.fixture
def street(databases: Databases) -> Iterator[Street]:
    with opened(databases) as street:
        yield street
