"""Where the comparison of the open day stands."""

from collections.abc import Collection

from sqlalchemy import Connection

from contracts.codes import AreaCode, Role
from hub.domain.slices import Slice
from hub.store import open_slices, provisional_breaks
from hub.store.provisional_breaks import Provisional


def open_now(
    tx: Connection,
    count_max: int,
    *,
    area: AreaCode | None = None,
    roles: Collection[Role] = tuple(Role),
) -> tuple[list[Slice], list[Provisional]]:
    """Slices that are not agreed, and the differences found in them; oldest first.

    Of every area, or of one's sides in `roles`.
    """
    return (
        open_slices.not_agreed(tx, count_max, area=area, roles=roles),
        provisional_breaks.all_of(tx, count_max, area=area, roles=roles),
    )
