"""A program that has settled still finds its garbage, and leaves alone what it was made of."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from contracts.programs import memory


class Ring:
    """Refers to itself: its count never comes to nothing."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def as_before() -> Iterator[None]:
    limits = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*limits)


@pytest.mark.usefixtures("as_before")
def test_what_stands_is_frozen_and_new_garbage_is_found() -> None:
    gc.collect()
    gone = weakref.ref(Ring())
    memory.settled()
    assert gone() is None, "the garbage of the start is not kept for ever"
    assert gc.get_freeze_count() > 0
    later = weakref.ref(Ring())
    kept = [[] for _ in range(memory.YOUNG_MAX + 1)]  # type: ignore[var-annotated]
    assert later() is None, f"found by itself, after {len(kept)} objects"
