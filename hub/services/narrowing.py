"""Which rows travel: those of a small bucket that differs, or of the pieces of a large one."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.control_sums import pieces_for
from contracts.control_totals import BucketKey
from contracts.ids import id_of_effect
from contracts.message import Body, Head, Message, Outgoing
from contracts.messages.reconciliation import (
    Bucket,
    PiecesReported,
    PiecesRequested,
    RowsRequested,
    TotalsReported,
)
from hub.domain.reconciliation import Break, Side, SideKey, SideState, key_of
from hub.store import compared_rows
from hub.store import reconciliation as store

log = logging.getLogger(__name__)

Heard = Message[TotalsReported] | Message[PiecesReported]


def asking_for_rows(
    cause: Message[TotalsReported],
    side: Side,
    found: Iterable[Break],
    hub: Sequence[Bucket],
    now: datetime,
) -> list[Outgoing]:
    """For each bucket that differs: its rows, or first the marks of its pieces where it is large.

    A bucket that only one party has is not narrowed: all of it differs.
    """
    ours = {key_of(bucket): bucket.count for bucket in hub}
    theirs = {key_of(bucket): bucket.count for bucket in cause.body.buckets}
    asked = []
    for one in found:
        assert one.bucket is not None, "totals differ bucket by bucket"
        pieces = pieces_for(min(ours.get(one.bucket, 0), theirs.get(one.bucket, 0)))
        asked.append(_wanted(cause, side, one.bucket, pieces, now))
    return asked


def record_pieces(
    tx: Connection, batch: Sequence[Message[PiecesReported]], now: datetime
) -> list[Outgoing]:
    """Compare the marks of pieces with the hub's, and ask for the rows of those that differ."""
    heard = [(key, m) for m in batch if (key := _said_by(m)) is not None]
    sides = store.lock_sides(tx, {key for key, _ in heard})
    return [
        _rows_wanted(tx, sides[key], message, now)
        for key, message in heard
        if key in sides and _is_expected(sides[key], message.body)
    ]


def _rows_wanted(
    tx: Connection, side: Side, message: Message[PiecesReported], now: datetime
) -> Outgoing:
    body = message.body
    bucket = (body.counterpart, InsuranceKind(body.insurance_kind), VisitKind(body.visit_kind))
    pieces = len(body.marks)
    ours = compared_rows.marks(tx, side.key, bucket, pieces)
    among = [n for n, mark in enumerate(body.marks) if ours.get(n, "") != mark]
    compared_rows.narrow(tx, side.key, bucket, pieces, among)
    wanted = _request(side, bucket).model_copy(update={"pieces": pieces, "among": tuple(among)})
    return _to(side, message, wanted, f"{body.KIND} {bucket}", now)


def _is_expected(side: Side, body: PiecesReported) -> bool:
    awaited = side.state is not SideState.AGREED and body.attempt == side.reported_attempt
    sound = awaited and len(body.marks) > 0
    if not sound:
        log.warning("pieces of %s.%s were not asked for", side.role, side.area)
    return sound


def _said_by(message: Message[PiecesReported]) -> SideKey | None:
    body = message.body
    role, area = Role(body.role), AreaCode(body.area)
    if message.head.sender != topics.participant(role, area):
        log.warning("%s does not come from %s.%s", message.head.message_id, role, area)
        return None
    return body.business_date, role, area


def _wanted(
    cause: Message[TotalsReported], side: Side, bucket: BucketKey, pieces: int, now: datetime
) -> Outgoing:
    if not pieces:
        return _to(side, cause, _request(side, bucket), f"{bucket}", now)
    asked = PiecesRequested(
        business_date=side.business_date,
        attempt=side.reported_attempt,
        counterpart=bucket[0],
        insurance_kind=bucket[1],
        visit_kind=bucket[2],
        pieces=pieces,
    )
    return _to(side, cause, asked, f"{bucket}", now)


def _request(side: Side, bucket: BucketKey) -> RowsRequested:
    return RowsRequested(
        business_date=side.business_date,
        attempt=side.reported_attempt,
        counterpart=bucket[0],
        insurance_kind=bucket[1],
        visit_kind=bucket[2],
    )


def _to(side: Side, cause: Heard, body: Body, about: str, now: datetime) -> Outgoing:
    """One cause asks for several buckets, so the bucket is a part of the effect's id."""
    topic = topics.notices(side.role, side.area)
    head = Head(
        message_id=id_of_effect(cause.head.message_id, f"{body.KIND} to {topic}: {about}"),
        cause_id=cause.head.message_id,
        kind=body.KIND,
        sender=topics.HUB,
        sent_at=now,
    )
    return Outgoing(topic, side.area, Message(head, body))
