"""Reports a business day to the hub: control totals first, a bucket's rows when they differ."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import control_sums, topics
from contracts.codes import Role
from contracts.ids import id_of_effect
from contracts.message import Body, Head, Message, Outgoing, effect_of
from contracts.messages.clearing import ClearingIssued
from contracts.messages.reconciliation import (
    PiecesReported,
    PiecesRequested,
    Row,
    RowsReported,
    RowsRequested,
    TotalsReported,
    TotalsRequested,
)
from participants.insured.domain.area import Area
from participants.insured.services.anomalies import from_the_hub
from participants.insured.store import booked, reports

ROWS_PER_MESSAGE_MAX = 500


def totals(
    area: Area, tx: Connection, batch: Sequence[Message[TotalsRequested]], now: datetime
) -> list[Outgoing]:
    """Every bucket of the asked day that is not empty, in the order of its key."""
    return [
        effect_of(
            message,
            _totals(area, tx, message.body),
            topic=topics.HUB_RECONCILIATION,
            key=area.code,
            sender=area.name,
            at=now,
        )
        for message in from_the_hub(tx, batch, now)
    ]


def rows(
    area: Area, tx: Connection, batch: Sequence[Message[RowsRequested]], now: datetime
) -> list[Outgoing]:
    """The rows of the asked bucket, in as many messages as they need; an empty one is one too."""
    return [
        _part_of(message, body, area, now)
        for message in from_the_hub(tx, batch, now)
        for body in _rows(area, tx, message.body)
    ]


def pieces(
    area: Area, tx: Connection, batch: Sequence[Message[PiecesRequested]], now: datetime
) -> list[Outgoing]:
    """The marks of the pieces of the asked bucket, so that only rows that differ travel."""
    return [
        _part_of(message, _marks(area, tx, message.body), area, now)
        for message in from_the_hub(tx, batch, now)
    ]


def keep_statement(
    _area: Area, tx: Connection, batch: Sequence[Message[ClearingIssued]], now: datetime
) -> list[Outgoing]:
    """Keep each clearing statement once."""
    for message in from_the_hub(tx, batch, now):
        reports.add_statement(tx, message.body, now)
    return []


def _totals(area: Area, tx: Connection, asked: TotalsRequested) -> TotalsReported:
    day = asked.business_date
    return TotalsReported(
        area=area.code,
        role=Role.INSURED,
        business_date=day,
        attempt=asked.attempt,
        buckets=control_sums.buckets_of(tx, *booked.of_day(day), day),
    )


def _marks(area: Area, tx: Connection, asked: PiecesRequested) -> PiecesReported:
    bucket = (asked.counterpart, asked.insurance_kind, asked.visit_kind)
    rows = booked.of_day(asked.business_date)
    marks = control_sums.marks_of(tx, *rows, bucket, asked.pieces)
    said = dict(asked) | {"area": area.code, "role": Role.INSURED, "marks": marks}
    del said["pieces"]
    return PiecesReported(**said)


def _rows(area: Area, tx: Connection, asked: RowsRequested) -> Iterator[RowsReported]:
    found = _found(tx, asked)
    starts = range(0, max(len(found), 1), ROWS_PER_MESSAGE_MAX)
    for part, start in enumerate(starts, start=1):
        yield RowsReported(
            area=area.code,
            role=Role.INSURED,
            business_date=asked.business_date,
            attempt=asked.attempt,
            counterpart=asked.counterpart,
            insurance_kind=asked.insurance_kind,
            visit_kind=asked.visit_kind,
            part=part,
            parts=len(starts),
            rows=tuple(found[start : start + ROWS_PER_MESSAGE_MAX]),
            since=asked.since,
            until=asked.until,
        )


def _found(tx: Connection, asked: RowsRequested) -> list[Row]:
    bucket = (asked.counterpart, asked.insurance_kind, asked.visit_kind)
    if asked.since is not None and asked.until is not None:
        rows = booked.of_slice(asked.since, asked.until, asked.business_date)
        return control_sums.rows_of(tx, *rows, bucket)
    rows = booked.of_day(asked.business_date)
    return control_sums.rows_of(tx, *rows, bucket, asked.pieces, asked.among)


def _part_of(
    cause: Message[RowsRequested] | Message[PiecesRequested],
    body: RowsReported | PiecesReported,
    area: Area,
    now: datetime,
) -> Outgoing:
    # Several messages to one topic follow from one cause, so the part belongs into the id.
    part = body.part if isinstance(body, RowsReported) else 1
    effect = f"{body.KIND} {part} to {topics.HUB_RECONCILIATION}"
    head = Head(
        message_id=id_of_effect(cause.head.message_id, effect),
        cause_id=cause.head.message_id,
        kind=body.KIND,
        sender=area.name,
        sent_at=now,
    )
    said: Message[Body] = Message(head, body)
    return Outgoing(topics.HUB_RECONCILIATION, area.code, said)
