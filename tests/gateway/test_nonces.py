"""Nonces are known again for as long as their timestamps would be believed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from participants.gateway.security.nonces import Nonces

START = datetime(2026, 1, 1, tzinfo=UTC)
APART_S = (60, 300, 1_800)


@given(
    calls=st.lists(
        st.tuples(
            st.integers(0, 900),  # seconds since the call before
            st.sampled_from(APART_S),
            st.integers(0, 5),  # which nonce
        ),
        max_size=60,
    )
)
def test_a_nonce_is_new_once_while_its_stamp_could_live(calls: list[tuple[int, int, int]]) -> None:
    nonces, now, seen = Nonces(), START, dict[tuple[int, int], datetime]()
    for wait_s, apart_s, number in calls:
        now += timedelta(seconds=wait_s)
        apart = timedelta(seconds=apart_s)
        is_new = nonces.is_new(f"key{apart_s}", str(number), apart, now)
        last = seen.get((apart_s, number))
        if last is None:
            assert is_new
        elif now < last + 2 * apart:
            assert not is_new
        if is_new:
            seen[apart_s, number] = now


def test_keys_do_not_share_nonces_and_memory_is_given_back() -> None:
    nonces, apart = Nonces(), timedelta(seconds=60)
    assert nonces.is_new("a", "1", apart, START)
    assert nonces.is_new("b", "1", apart, START)
    assert not nonces.is_new("a", "1", apart, START)
    for turn in range(1, 4):
        assert nonces.is_new("c", str(turn), apart, START + turn * 2 * apart)
    assert len(nonces._young) + len(nonces._old) == 2
