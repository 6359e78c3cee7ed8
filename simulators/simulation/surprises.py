"""What the programs complained of that no fault around them explains: a bug that they survived.

A batch that fails for a reason of ours is tried one by one, and a hospital is told to come again
later. All of that is as it should be, and would hide the bug for ever.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

NAME = "nothing fails for a reason of ours"
SURPRISES = ("a batch of %d failed", "a batch failed", "one request failed")
"""How the complaints begin; what is passing, and poison, is told in other words."""


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith(SURPRISES):
            self.heard.append(f"{record.name}: {record.getMessage()}")


@contextmanager
def surprises() -> Iterator[list[str]]:
    """What is heard during the block, as it comes. Nothing is written to anybody's screen."""
    ear, root = _Ear(), logging.getLogger()
    before, root.handlers = root.handlers, [ear]
    try:
        yield ear.heard
    finally:
        root.handlers = before
