"""Row by row in a slice of the open day: what differs is provisional until the agreed time."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import control_sums, topics
from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.control_totals import BucketKey, Entry
from contracts.message import Message, Outgoing
from contracts.messages.reconciliation import RowsReported
from hub.domain.reconciliation import RowsOfBucket, breaks_of
from hub.domain.slices import SliceKey
from hub.services.explaining import explained
from hub.store import open_slices, provisional_breaks
from hub.store.compared_rows import Differing

log = logging.getLogger(__name__)


def record_slice_rows(
    tx: Connection, batch: Sequence[Message[RowsReported]], now: datetime
) -> list[Outgoing]:
    """Keep the parts of a slice's rows; when all of a bucket are there, compare them."""
    for message in batch:
        body = message.body
        assert body.since is not None, "rows of a slice"
        assert body.until is not None, "a slice has an end"
        key = (Role(body.role), AreaCode(body.area), body.since, body.until)
        if _is_expected(tx, key, message):
            provisional_breaks.add_part(tx, key, body)
            _compare(tx, key, body, now)
    return []


def _is_expected(tx: Connection, key: SliceKey, message: Message[RowsReported]) -> bool:
    is_sound = message.head.sender == topics.participant(key[0], key[1])
    if is_sound and open_slices.find(tx, key) is not None:
        return all(row.sign for row in message.body.rows)
    log.info("rows of a slice of %s.%s are not expected (any more)", key[0], key[1])
    return False


def _compare(tx: Connection, key: SliceKey, body: RowsReported, now: datetime) -> None:
    bucket = (body.counterpart, InsuranceKind(body.insurance_kind), VisitKind(body.visit_kind))
    theirs = provisional_breaks.reported(tx, key, body.business_date, bucket, body.attempt)
    if theirs is None:
        return
    rows = _beside(tx, key, body, bucket, theirs)
    provisional_breaks.replace(tx, key, body.business_date, bucket, breaks_of(rows), now)


def _beside(
    tx: Connection, key: SliceKey, body: RowsReported, bucket: BucketKey, theirs: list[Entry]
) -> RowsOfBucket:
    """The hub's rows of the slice, and those of the side's that it has at another instant.

    Instants only cut the day into slices: they never make a difference.
    """
    day, (role, area, since, until) = body.business_date, key
    query, parameters = open_slices.rows_of(role, area, since, until)
    of_day = f"SELECT * FROM ({query}) AS of_slice WHERE business_date = %(day)s"  # noqa: S608 - constant
    found = control_sums.rows_of(tx, of_day, {**parameters, "day": day}, bucket)
    ours = [Entry(row.settlement_id, row.sign, row.total_fen, row.parts_fen) for row in found]
    here = {(one.settlement_id, one.sign) for one in ours}
    others = {(one.settlement_id, one.sign) for one in theirs} - here
    ours += provisional_breaks.hub_has(tx, day, area, others)
    return explained(tx, (day, role, area), bucket, Differing(ours, theirs))
