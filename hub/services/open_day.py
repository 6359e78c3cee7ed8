"""Where the comparison of the open day stands."""

from sqlalchemy import Connection

from hub.domain.slices import Slice
from hub.store import open_slices, provisional_breaks
from hub.store.provisional_breaks import Provisional


def open_now(tx: Connection, count_max: int) -> tuple[list[Slice], list[Provisional]]:
    """Slices that are not agreed, and the differences found in them; oldest first."""
    return open_slices.not_agreed(tx, count_max), provisional_breaks.all_of(tx, count_max)
