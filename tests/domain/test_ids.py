"""Ids: what follows from a cause has the id that RFC 9562 gives it, and new ones sort by age."""

from uuid import RFC_4122, UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import id_of_effect, ids_from, new_id


@given(st.uuids(), st.text())
def test_the_id_of_an_effect_is_the_name_based_one(cause: UUID, effect: str) -> None:
    assert id_of_effect(cause, effect) == uuid5(cause, effect)


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**80 - 1))
def test_a_new_id_keeps_its_milliseconds_and_says_what_it_is(unix_ms: int, random: int) -> None:
    with ids_from(lambda: (unix_ms, random)):
        id_ = new_id()
    assert (id_.version, id_.variant, id_.int >> 80) == (7, RFC_4122, unix_ms)
    kept = (1 << 80) - 1 & ~(0xF << 76 | 0x3 << 62)
    assert id_.int & kept == random & kept
