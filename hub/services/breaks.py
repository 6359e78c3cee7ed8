"""Row by row: what a differing bucket's rows say, and how breaks come and go."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.control_totals import BucketKey
from contracts.message import Message, Outgoing
from contracts.messages.reconciliation import RowsReported, TotalsReported
from hub.domain.reconciliation import Break, Side, SideKey, SideState, after_rows
from hub.services.explaining import explained
from hub.services.slice_rows import record_slice_rows
from hub.services.telling_breaks import changed
from hub.store import breaks, compared_rows
from hub.store import reconciliation as store

log = logging.getLogger(__name__)

PARTS_MAX = 10_000  # messages in which a side may send the rows of one bucket


def record_rows(
    tx: Connection, batch: Sequence[Message[RowsReported]], now: datetime
) -> list[Outgoing]:
    """Keep the parts of a bucket's rows; when all are there, compare row by row."""
    said = [(key, m.body) for m in batch if m.body.since is None and (key := said_by(m))]
    sides = store.lock_sides(tx, {key for key, _ in said})
    touched: dict[tuple[SideKey, BucketKey], None] = {}
    for key, body in said:
        if key in sides and _is_expected(sides[key], body):
            breaks.add_part(tx, body)
            touched[key, _bucket_of(body)] = None
    compared = [_compare_rows(tx, sides[key], bucket, now) for key, bucket in touched]
    slices = [message for message in batch if message.body.since is not None]
    return [*(one for some in compared for one in some), *record_slice_rows(tx, slices, now)]


def said_by(message: Message[TotalsReported] | Message[RowsReported]) -> SideKey | None:
    """Which side speaks, or None when the sender is somebody else."""
    body = message.body
    role, area = Role(body.role), AreaCode(body.area)
    if message.head.sender != topics.participant(role, area):
        log.warning("%s does not come from %s.%s", message.head.message_id, role, area)
        return None
    return body.business_date, role, area


def replace_open(
    tx: Connection, side: Side, before: Mapping[Break, int], after: set[Break], now: datetime
) -> list[Outgoing]:
    """Breaks that are no more: forgotten while provisional, else resolved and kept.

    What treatment areas are told of it.
    """
    gone = [break_id for one, break_id in before.items() if one not in after]
    if now < side.break_after:
        breaks.forget(tx, gone)
    else:
        breaks.resolve(tx, gone, now)
    new = sorted(after - before.keys(), key=lambda one: (one.bucket or (), one.row or ()))
    breaks.add(tx, [(side.key, one) for one in new], now)
    return changed(side, before, after, now)


def _is_expected(side: Side, body: RowsReported) -> bool:
    sound = 1 <= body.part <= body.parts <= PARTS_MAX and all(row.sign for row in body.rows)
    awaited = side.state is not SideState.AGREED and body.attempt == side.reported_attempt
    if not (sound and awaited):
        log.warning("rows of %s.%s were not asked for", side.role, side.area)
    return sound and awaited


def _compare_rows(tx: Connection, side: Side, bucket: BucketKey, now: datetime) -> list[Outgoing]:
    if not breaks.all_arrived(tx, side.key, bucket):
        return []
    compared_rows.keep(tx, side.business_date, now)
    rows = explained(tx, side.key, bucket, compared_rows.differing(tx, side.key, bucket))
    before = breaks.open_of(tx, [side.key])[side.key]
    return replace_open(tx, side, before, after_rows(before.keys(), rows), now)


def _bucket_of(body: RowsReported) -> BucketKey:
    return body.counterpart, InsuranceKind(body.insurance_kind), VisitKind(body.visit_kind)
