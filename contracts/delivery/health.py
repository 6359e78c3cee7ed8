"""What /health says of a database's readers: the same words and the same judgement everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from contracts.delivery import progress
from contracts.delivery.progress import Standing

UNSENT_FOR_MAX = timedelta(seconds=30)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Pulse:
    """Whether work moves on in one database: what waits to be read there, and to be sent."""

    standings: Sequence[Standing]
    unsent_since: datetime | None

    def is_moving(self, now: datetime, stalled_after: timedelta) -> bool:
        """Nothing waits for too long. Where no worker has ever run there is nothing to judge."""
        lies = self.unsent_since is not None and now - self.unsent_since > UNSENT_FOR_MAX
        return not lies and not any(one.is_stalled(now, stalled_after) for one in self.standings)

    def told(self, now: datetime, stalled_after: timedelta) -> list[dict[str, Any]]:
        """A row a subscription; times in UTC, ages in milliseconds. Nothing of anybody."""
        return [
            {
                "reader": one.reader,
                "topic": one.partition[0],
                "partition": one.partition[1],
                "lag": one.lag,
                "oldest_ms": _age_ms(one.oldest_at, now),
                "last_success_at": one.moved_at.isoformat(),
                "looked_at": one.looked_at.isoformat(),
                "moving": not one.is_stalled(now, stalled_after),
            }
            for one in self.standings
        ]


def pulse(tx: Connection) -> Pulse:
    return Pulse(progress.everybody(tx), progress.unsent_since(tx))


def _age_ms(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else max(0, (now - since) // _MS)
