"""A clock that is put forward never goes back, and stands while it is told to."""

from datetime import timedelta

from simulators.running.moved_clock import MovedClock

A_DAY = timedelta(days=1)


def test_it_goes_forward_and_never_back() -> None:
    clock = MovedClock()
    began = clock.now()
    clock.move_to(began + A_DAY)
    assert clock.now() >= began + A_DAY
    clock.move_to(began)
    assert clock.now() >= began + A_DAY


def test_it_stands_and_goes_on_from_there() -> None:
    clock = MovedClock()
    clock.move_to(clock.now() + A_DAY)
    with clock.standing():
        stood = clock.now()
        assert clock.now() == stood
    assert stood <= clock.now() < stood + A_DAY
    clock.move_to(stood + A_DAY)
    assert clock.now() >= stood + A_DAY
