"""How far each reader is in each partition: judged purely, kept where every process can see it.

Whoever watches a worker writes a row a partition into the worker's own database, and /health of
another process reads it there: no API needs a broker, and a worker that hangs or is gone cannot
answer for itself. A row that nobody renews is a worker that nobody watches.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.delivery.broker import Partition

STALLED_AFTER_S = 30.0
"""Longer than partitions are dealt out anew, and than a batch is tried again."""

_COLUMNS = "reader, topic, partition, next_offset, end_offset, oldest_at, moved_at, looked_at"
_OF = f"SELECT {_COLUMNS} FROM progress WHERE reader = %s"  # noqa: S608 - ours
_ALL = f"SELECT {_COLUMNS} FROM progress ORDER BY reader, topic, partition"  # noqa: S608 - ours
_PUT = f"""
    INSERT INTO progress ({_COLUMNS}) VALUES %s
    ON CONFLICT (reader, topic, partition) DO UPDATE SET next_offset = excluded.next_offset,
        end_offset = excluded.end_offset, oldest_at = excluded.oldest_at,
        moved_at = excluded.moved_at, looked_at = excluded.looked_at
    WHERE progress.looked_at <= excluded.looked_at
"""  # noqa: S608 - ours
_FORGET = "DELETE FROM progress WHERE reader = %s AND looked_at < %s"
_UNSENT = "SELECT min(queued_at) FROM outbox_unsent"


@dataclass(frozen=True, slots=True)
class Standing:
    """One reader in one partition. `moved_at`: it last got on, or had nothing to do.

    `oldest_at`: when the oldest record that waits was written; None when nothing waits, or what
    waits was not there at the last look.
    """

    reader: str
    partition: Partition
    next_offset: int
    end_offset: int
    oldest_at: datetime | None
    moved_at: datetime
    looked_at: datetime

    @property
    def lag(self) -> int:
        return max(0, self.end_offset - self.next_offset)

    def is_stuck(self, now: datetime, after: timedelta) -> bool:
        """Work waits, and nothing has moved for so long."""
        return self.lag > 0 and now - self.moved_at > after

    def is_stalled(self, now: datetime, after: timedelta) -> bool:
        """Stuck, or unwatched for as long: then nobody can say that nothing waits."""
        return self.is_stuck(now, after) or now - self.looked_at > after


def followed(
    before: Standing | None, reader: str, partition: Partition, ends: tuple[int, int], now: datetime
) -> Standing:
    """How it stands now; `ends`: what to read next, and the end of the log.

    Any other place than before is progress: a log that was set up anew counts from zero.
    """
    next_offset, end_offset = ends
    waits = next_offset < end_offset
    # Where nothing waited at the last look, what waits now has come since.
    if before is None or not before.lag or not waits or before.next_offset != next_offset:
        return Standing(reader, partition, next_offset, end_offset, None, now, now)
    moved_at, oldest_at = before.moved_at, before.oldest_at
    return Standing(reader, partition, next_offset, end_offset, oldest_at, moved_at, now)


def of(tx: Connection, reader: str) -> dict[Partition, Standing]:
    found = (_standing(row) for row in bulk.fetch(tx, _OF, (reader,)))
    return {one.partition: one for one in found}


def everybody(tx: Connection) -> list[Standing]:
    """Every reader of this database, in the order of its topics and partitions."""
    return [_standing(row) for row in bulk.fetch(tx, _ALL)]


def keep(tx: Connection, reader: str, standings: Sequence[Standing], forget: datetime) -> None:
    """Write these; partitions that nobody has looked at since `forget` are gone."""
    rows = [
        (
            *(one.reader, *one.partition, one.next_offset, one.end_offset),
            *(one.oldest_at, one.moved_at, one.looked_at),
        )
        for one in standings
    ]
    template = "(%s, %s, %s, %s, %s, %s::timestamptz, %s::timestamptz, %s::timestamptz)"
    bulk.write_rows(tx, _PUT, template, rows)
    bulk.run(tx, _FORGET, (reader, forget))


def unsent_since(tx: Connection) -> datetime | None:
    """When the oldest message was queued that the broker does not have; None when it has all."""
    found: datetime | None = bulk.fetch(tx, _UNSENT)[0][0]
    return found


def stuck(standings: Iterable[Standing], now: datetime, after: timedelta) -> set[Partition]:
    return {one.partition for one in standings if one.is_stuck(now, after)}


def _standing(row: tuple[object, ...]) -> Standing:
    reader, topic, number, *rest = row
    return Standing(reader, (topic, number), *rest)  # type: ignore[arg-type]  # the row's own types
