"""The limit follows the answers: it grows while they are quick and shrinks when they are slow."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from participants.gateway.http.admission import Admission
from participants.gateway.http.fair_use import load_fair_use

TERMS = load_fair_use().admission


def interval(admission: Admission, at_s: float, waited_s: float, under_way: int) -> None:
    """One interval in which so many were under way and ten were answered after so long."""
    admission.admits(under_way)
    for _ in range(10):
        admission.concluded(waited_s, at_s)


def test_slow_answers_shrink_the_limit_by_a_share_and_never_below_the_least() -> None:
    admission = Admission(TERMS)
    limits = []
    for n in range(1, 60):
        interval(admission, n * TERMS.interval_s, TERMS.target_s * 2, 0)
        limits.append(admission.limit)
    assert limits[1] == int(TERMS.initial * TERMS.cut)
    assert limits == sorted(limits, reverse=True)
    assert limits[-1] == TERMS.least


def test_quick_answers_raise_the_limit_only_where_it_was_reached() -> None:
    idle, busy = Admission(TERMS), Admission(TERMS)
    for n in range(1, 12):
        interval(idle, n * TERMS.interval_s, 0.01, 1)
        interval(busy, n * TERMS.interval_s, 0.01, busy.limit)
    assert idle.limit == TERMS.initial
    assert busy.limit == TERMS.initial + 10 * TERMS.step


def test_it_never_lets_in_more_than_the_limit() -> None:
    admission = Admission(replace(TERMS, initial=TERMS.least))
    assert admission.admits(TERMS.least - 1)
    assert not admission.admits(TERMS.least)


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 3_000)), max_size=80))
def test_whatever_happens_the_limit_stays_between_its_bounds(
    intervals: list[tuple[float, int]],
) -> None:
    admission = Admission(TERMS)
    for n, (waited_s, under_way) in enumerate(intervals, start=1):
        interval(admission, n * TERMS.interval_s, waited_s, under_way)
        assert TERMS.least <= admission.limit <= TERMS.most


def test_it_finds_the_limit_of_whoever_does_the_work() -> None:
    """A server of 100 a second: what is under way settles where half wait about the target."""
    admission, per_second = Admission(TERMS), 100
    for n in range(1, 400):
        waited_s = admission.limit / per_second  # Little's law, always full.
        interval(admission, n * TERMS.interval_s, waited_s, admission.limit)
    assert 0.7 * TERMS.target_s <= admission.limit / per_second <= 1.2 * TERMS.target_s
