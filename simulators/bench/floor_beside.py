"""The floor of a run: the run's own messages and rows, timed right before its load and right after.

The speed of a machine changes by half within minutes, so two rates of different minutes divided
say more of the machine than of what runs on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine, text

from contracts.clock import SystemClock
from contracts.delivery.trust import sign
from simulators.bench.floor import Floor, Said, copy_rows, pass_messages
from simulators.bench.stage import Bench, rows_of

SETTLEMENTS_MAX = 10_000
SAMPLE = 2_000
"""Of the load's own messages, which the floor passes over and over."""


@dataclass(frozen=True, slots=True)
class Share:
    """What so many settlements of a run say and write, to be passed and copied again."""

    settlements: int
    messages: int
    said: Sequence[Said]
    rows: Sequence[tuple[Engine, Mapping[str, int]]]
    """Of each side's tables."""


def share_of(bench: Bench, settled: int) -> Share:
    """Of the first up to SETTLEMENTS_MAX of these; nothing else was settled on the stage so far."""
    count = min(settled, SETTLEMENTS_MAX)
    written = [
        {table: n - before.get(table, 0) for table, n in rows_of(side.engine).items()}
        for side, before in zip(bench.sides, bench.before, strict=True)
    ]
    messages = [tables["outbox"] for tables in written]
    return Share(
        settlements=count,
        messages=count * sum(messages) // settled,
        said=_said(bench, messages),
        # What waits to be sent comes and goes: after the load there may be fewer of those.
        rows=[
            (side.engine, {table: max(n, 0) * count // settled for table, n in tables.items()})
            for side, tables in zip(bench.sides, written, strict=True)
        ],
    )


def timed(bench: Bench, share: Share) -> Floor:
    """As fast as the libraries are now."""
    kafka_s = pass_messages(bench.kafka, share.said, share.messages)
    rows, copy_s = 0, 0.0
    for engine, wanted in share.rows:
        copied, taken_s = copy_rows(engine, wanted)
        rows, copy_s = rows + copied, copy_s + taken_s
    size = sum(one.size for one in share.said) // len(share.said)
    return Floor(share.settlements, share.messages, size, rows, kafka_s, copy_s)


def between(before: Floor, after: Floor) -> Floor:
    """Of the same share at two moments: the mean of their seconds."""
    return replace(
        before,
        kafka_s=(before.kafka_s + after.kafka_s) / 2,
        copy_s=(before.copy_s + after.copy_s) / 2,
    )


def _said(bench: Bench, messages: Sequence[int]) -> list[Said]:
    """The last messages of every side, as many of each as it has of all; signed as they were."""
    keys, now = bench.deployment.keys(), SystemClock().now()
    found = []
    for side, count in zip(bench.sides, messages, strict=True):
        share = max(1, SAMPLE * count // sum(messages))
        with side.engine.connect() as connection:
            rows = connection.execute(_LAST_SAID, {"count": share}).all()
        for topic, key_text, value_text in rows:
            key, value = key_text.encode(), value_text.encode()
            found.append(Said(key, value, sign(keys, topic, key, value, now)))
    return found


_LAST_SAID = text("SELECT topic, key, value FROM outbox ORDER BY queued_at DESC LIMIT :count")
