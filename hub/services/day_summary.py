"""Where a business day's comparison stands: side by side, with its breaks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role
from contracts.messages.reconciliation import Bucket
from hub.domain.reconciliation import Side, SideState
from hub.store import breaks
from hub.store import reconciliation as store
from hub.store.breaks import StoredBreak

__all__ = ["DaySummary", "SideSummary", "StoredBreak", "summary"]


@dataclass(frozen=True, slots=True)
class SideSummary:
    """A side of a day beside the hub: rows, and signed fen of bills; None before its report."""

    side: Side
    hub_count: int
    hub_fen: int
    open_breaks: int


@dataclass(frozen=True, slots=True)
class DaySummary:
    """A day's comparison; `begun_at` None when it has not begun."""

    business_date: date
    begun_at: datetime | None
    sides: tuple[SideSummary, ...]
    breaks: tuple[StoredBreak, ...]

    @property
    def agreed(self) -> bool:
        """Whether the three parties say the same about this day."""
        states = {one.side.state for one in self.sides}
        return self.begun_at is not None and states <= {SideState.AGREED}


def summary(
    tx: Connection,
    business_date: date,
    *,
    area: AreaCode | None = None,
    roles: Collection[Role] = tuple(Role),
    breaks_max: int = 10_000,
) -> DaySummary:
    """Where a day's comparison stands: side by side, with its breaks, open and resolved.

    With `area` the breaks are those of its own sides in `roles`; the sides are always all.
    """
    sides = store.sides_of(tx, business_date)
    hub = store.totals_of(tx, [side.key for side in sides])
    open_counts = breaks.open_counts(tx, business_date)
    return DaySummary(
        business_date=business_date,
        begun_at=store.begun_at(tx, business_date),
        sides=tuple(_beside(s, hub[s.key], open_counts.get(s.key, 0)) for s in sides),
        breaks=tuple(breaks.of_day(tx, business_date, breaks_max, area=area, roles=roles)),
    )


def _beside(side: Side, hub: Sequence[Bucket], open_breaks: int) -> SideSummary:
    count, fen = sum(b.count for b in hub), sum(b.total_fen for b in hub)
    return SideSummary(side, count, fen, open_breaks)
