"""What the rows that differ in a bucket mean, beside what either party has elsewhere."""

from sqlalchemy import Connection

from contracts.control_totals import BucketKey
from hub.domain.reconciliation import RowsOfBucket, SideKey
from hub.store import breaks
from hub.store.compared_rows import Differing


def explained(
    tx: Connection, side: SideKey, bucket: BucketKey, differing: Differing
) -> RowsOfBucket:
    """The rows that differ, with what the hub and the side have elsewhere of what one lacks."""
    ours, theirs = differing.hub, differing.side
    here, there = ({(e.settlement_id, e.sign) for e in rows} for rows in (ours, theirs))
    lacked = {id_ for id_, sign in here - there if sign > 0}
    undone_here = {id_ for id_, sign in here - there if sign < 0} - lacked
    undone_there = {id_ for id_, sign in there - here if sign < 0}
    return RowsOfBucket(
        bucket=bucket,
        role=side[1],
        hub=ours,
        side=theirs,
        hub_elsewhere=breaks.hub_days(tx, side, there - here),
        side_elsewhere=breaks.side_days(tx, side, here - there),
        hub_settled=breaks.hub_settled(tx, side, undone_there),
        side_settled=breaks.side_settled(tx, side, undone_here),
    )
