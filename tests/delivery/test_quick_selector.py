"""The client's selector answers as the standard one does, without a description of the socket."""

import selectors
import socket
from collections.abc import Iterator

import pytest

from contracts.delivery.kafka import QuickSelector


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


@pytest.mark.parametrize("kind", [selectors.DefaultSelector, QuickSelector])
def test_it_knows_what_is_registered(
    ends: tuple[socket.socket, socket.socket], kind: type[selectors.DefaultSelector]
) -> None:
    one, other = ends
    with kind() as selector:
        key = selector.register(one, selectors.EVENT_READ, "data")
        assert selector.get_key(one) == key
        with pytest.raises(KeyError):
            selector.get_key(other)
        selector.unregister(one)
        with pytest.raises(KeyError):
            selector.get_key(one)


@pytest.mark.parametrize("kind", [selectors.DefaultSelector, QuickSelector])
def test_one_that_was_closed_while_registered_is_found_and_can_be_removed(
    ends: tuple[socket.socket, socket.socket], kind: type[selectors.DefaultSelector]
) -> None:
    one, other = ends
    with kind() as selector:
        key = selector.register(one, selectors.EVENT_READ)
        one.close()
        assert selector.get_key(one) == key
        selector.unregister(one)
        other.close()
        with pytest.raises(ValueError, match="Invalid file descriptor"):
            selector.get_key(other)
