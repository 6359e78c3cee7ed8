"""Answers the hub's questions about a closed business day, from this area's own rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import control_sums, topics
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect
from contracts.message import Head, Message, Outgoing, effect_of
from contracts.messages.reconciliation import (
    PiecesReported,
    PiecesRequested,
    Row,
    RowsReported,
    RowsRequested,
    TotalsReported,
    TotalsRequested,
)
from participants.treatment.store import booked

ROWS_PER_MESSAGE = 500


def totals(
    tx: Connection, area: AreaCode, batch: Sequence[Message[TotalsRequested]], now: datetime
) -> list[Outgoing]:
    """Control totals of each day asked for: settled that day adds, reversed that day subtracts.

    Only the hub is answered, here and below.
    """
    asked = [message for message in batch if message.head.sender == topics.HUB]
    return [_totals(tx, area, message, now) for message in asked]


def rows(
    tx: Connection, area: AreaCode, batch: Sequence[Message[RowsRequested]], now: datetime
) -> list[Outgoing]:
    """The rows of each bucket asked for, in messages of at most ROWS_PER_MESSAGE rows."""
    asked = [message for message in batch if message.head.sender == topics.HUB]
    return [page for message in asked for page in _rows(tx, area, message, now)]


def pieces(
    tx: Connection, area: AreaCode, batch: Sequence[Message[PiecesRequested]], now: datetime
) -> list[Outgoing]:
    """The marks of the pieces of each bucket asked for, so that only rows that differ travel."""
    asked = [message for message in batch if message.head.sender == topics.HUB]
    return [_said(message, area, _marks(tx, area, message.body), 1, now) for message in asked]


def _totals(
    tx: Connection, area: AreaCode, message: Message[TotalsRequested], now: datetime
) -> Outgoing:
    day = message.body.business_date
    body = TotalsReported(
        area=area,
        role=Role.TREATMENT,
        business_date=day,
        attempt=message.body.attempt,
        buckets=control_sums.buckets_of(tx, *booked.of_day(day), day),
    )
    return effect_of(
        message,
        body,
        topic=topics.HUB_RECONCILIATION,
        key=area,
        sender=topics.participant(Role.TREATMENT, area),
        at=now,
    )


def _marks(tx: Connection, area: AreaCode, asked: PiecesRequested) -> PiecesReported:
    bucket = (asked.counterpart, asked.insurance_kind, asked.visit_kind)
    rows = booked.of_day(asked.business_date)
    marks = control_sums.marks_of(tx, *rows, bucket, asked.pieces)
    said = dict(asked) | {"area": area, "role": Role.TREATMENT, "marks": marks}
    del said["pieces"]
    return PiecesReported(**said)


def _rows(
    tx: Connection, area: AreaCode, message: Message[RowsRequested], now: datetime
) -> list[Outgoing]:
    found = _found(tx, message.body)
    starts = range(0, max(len(found), 1), ROWS_PER_MESSAGE)
    pages = [tuple(found[start : start + ROWS_PER_MESSAGE]) for start in starts]
    return [
        _said(message, area, _page(message.body, area, (part, len(pages)), page), part, now)
        for part, page in enumerate(pages, 1)
    ]


def _found(tx: Connection, asked: RowsRequested) -> list[Row]:
    bucket = (asked.counterpart, asked.insurance_kind, asked.visit_kind)
    if asked.since is not None and asked.until is not None:
        rows = booked.of_slice(asked.since, asked.until, asked.business_date)
        return control_sums.rows_of(tx, *rows, bucket)
    rows = booked.of_day(asked.business_date)
    return control_sums.rows_of(tx, *rows, bucket, asked.pieces, asked.among)


def _page(
    asked: RowsRequested, area: AreaCode, part_of: tuple[int, int], page: tuple[Row, ...]
) -> RowsReported:
    return RowsReported(
        area=area,
        role=Role.TREATMENT,
        business_date=asked.business_date,
        attempt=asked.attempt,
        counterpart=asked.counterpart,
        insurance_kind=asked.insurance_kind,
        visit_kind=asked.visit_kind,
        part=part_of[0],
        parts=part_of[1],
        rows=page,
        since=asked.since,
        until=asked.until,
    )


def _said(
    cause: Message[RowsRequested] | Message[PiecesRequested],
    area: AreaCode,
    body: RowsReported | PiecesReported,
    part: int,
    now: datetime,
) -> Outgoing:
    # One question has several answers of one kind: the part makes their ids different.
    effect = f"{body.KIND} {part} to {topics.HUB_RECONCILIATION}"
    head = Head(
        message_id=id_of_effect(cause.head.message_id, effect),
        cause_id=cause.head.message_id,
        kind=body.KIND,
        sender=topics.participant(Role.TREATMENT, area),
        sent_at=now,
    )
    return Outgoing(topics.HUB_RECONCILIATION, area, Message(head, body))
