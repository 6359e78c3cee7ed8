"""Runs `yidi` as a program that dies by its own hand at the very step that a file names.

A kill from outside hits whatever is going on; this one hits the step for certain. The programs
themselves know nothing of it. The file holds a step and a kind of message; it is gone once the
process is.
"""

import contextlib
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

from kafka.structs import OffsetAndMetadata, TopicPartition
from sqlalchemy import Connection

from contracts.delivery import inbox
from contracts.delivery.broker import Partition
from contracts.delivery.inbox import Claimed
from contracts.delivery.kafka import KafkaBroker
from contracts.delivery.outbox import Outbox, Writing
from contracts.delivery.relay import Queued, Relay
from contracts.message import Message, Outgoing

DIES_BY = "YIDI_TEST_DIES_BY"
"""The path of the file."""
BETWEEN = "\n"
PARTS = {
    "hub": "hub.main",
    "insured": "participants.insured.main",
    "treatment": "participants.treatment.main",
    "gateway": "participants.gateway.main",
}
SENT_WITHIN_S = 5.0


class Step(StrEnum):
    """Where in the life of a batch, database first and offsets second."""

    BEFORE_COMMIT = "before the commit"
    AFTER_COMMIT = "after the commit, before the sending"
    AFTER_SENDING = "after the sending, before the offsets"
    AFTER_OFFSETS = "after the offsets"


def sentence(file: Path, step: Step, kind: str) -> None:
    """Let the process of this file die at this step of its next batch with this kind of message."""
    file.write_text(f"{step}{BETWEEN}{kind}", "utf-8")


class _Batch(threading.local):
    """The kinds of message that this thread's transaction has heard and said."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()


_batch = _Batch()


def _is_due(step: Step) -> bool:
    try:
        named, _, kind = Path(os.environ[DIES_BY]).read_text("utf-8").partition(BETWEEN)
    except FileNotFoundError:
        return False
    return named == step and kind in _batch.kinds


def _die() -> NoReturn:
    with contextlib.suppress(FileNotFoundError):
        Path(os.environ[DIES_BY]).unlink()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed process goes on")


def _transaction(
    original: Callable[[Outbox], AbstractContextManager[Writing]],
) -> Callable[[Outbox], AbstractContextManager[Writing]]:
    @contextmanager
    def transaction(self: Outbox) -> Iterator[Writing]:
        _batch.kinds = set()
        with original(self) as writing:
            yield writing
            if _is_due(Step.BEFORE_COMMIT):
                _die()

    return transaction


def _say(
    original: Callable[[Writing, Iterable[Outgoing]], None],
) -> Callable[[Writing, Iterable[Outgoing]], None]:
    def say(self: Writing, outgoing: Iterable[Outgoing]) -> None:
        said = list(outgoing)
        _batch.kinds |= {one.message.head.kind for one in said}
        original(self, said)

    return say


def _claim(
    original: Callable[[Connection, Sequence[Message[Any]], datetime], Claimed],
) -> Callable[[Connection, Sequence[Message[Any]], datetime], Claimed]:
    def claim(tx: Connection, batch: Sequence[Message[Any]], now: datetime) -> Claimed:
        _batch.kinds |= {message.head.kind for message in batch}
        return original(tx, batch, now)

    return claim


def _send(
    original: Callable[[Relay, Sequence[Queued], datetime], None],
) -> Callable[[Relay, Sequence[Queued], datetime], None]:
    def send(self: Relay, queued: Sequence[Queued], now: datetime) -> None:
        if _is_due(Step.AFTER_COMMIT):
            _die()
        original(self, queued, now)
        if _is_due(Step.AFTER_SENDING):
            self._sender.flush(SENT_WITHIN_S)
            _die()

    return send


def _commit(
    original: Callable[[KafkaBroker, Mapping[Partition, int]], None],
) -> Callable[[KafkaBroker, Mapping[Partition, int]], None]:
    def commit(self: KafkaBroker, next_offsets: Mapping[Partition, int]) -> None:
        if _is_due(Step.AFTER_OFFSETS):
            places = {
                TopicPartition(self._prefix + topic, number): OffsetAndMetadata(offset, "", -1)
                for (topic, number), offset in next_offsets.items()
            }
            self._consumer.commit(places)
            _die()
        original(self, next_offsets)

    return commit


def _become_mortal() -> None:
    replaced: tuple[tuple[Any, str, Callable[[Any], Any]], ...] = (
        (Outbox, "transaction", _transaction),
        (Writing, "say", _say),
        (inbox, "claim", _claim),
        (Relay, "send", _send),
        (KafkaBroker, "commit", _commit),
    )
    for owner, name, around in replaced:
        setattr(owner, name, around(getattr(owner, name)))


def main() -> None:
    """As `yidi`, of which only the part that is asked for is imported: it is started often."""
    part, *arguments = sys.argv[1:]
    app = importlib.import_module(PARTS[part]).app
    _become_mortal()
    app(arguments, prog_name=f"yidi {part}")


if __name__ == "__main__":
    main()
