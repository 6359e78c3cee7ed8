"""Reports a business day to the hub: control totals first, a bucket's rows when they differ."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import Role
from contracts.control_totals import Entry, bucket_of
from contracts.ids import id_of_effect
from contracts.message import Body, Head, Message, Outgoing, effect_of
from contracts.messages.clearing import ClearingIssued
from contracts.messages.reconciliation import (
    Row,
    RowsReported,
    RowsRequested,
    TotalsReported,
    TotalsRequested,
)
from participants.insured.domain.area import Area
from participants.insured.services.anomalies import from_the_hub
from participants.insured.store import reports

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


def keep_statement(
    _area: Area, tx: Connection, batch: Sequence[Message[ClearingIssued]], now: datetime
) -> list[Outgoing]:
    """Keep each clearing statement once."""
    for message in from_the_hub(tx, batch, now):
        reports.add_statement(tx, message.body, now)
    return []


def _totals(area: Area, tx: Connection, asked: TotalsRequested) -> TotalsReported:
    entries = reports.entries_of(tx, asked.business_date)
    return TotalsReported(
        area=area.code,
        role=Role.INSURED,
        business_date=asked.business_date,
        attempt=asked.attempt,
        buckets=tuple(bucket_of(key, found) for key, found in sorted(entries.items())),
    )


def _rows(area: Area, tx: Connection, asked: RowsRequested) -> Iterator[RowsReported]:
    key = (asked.counterpart, asked.insurance_kind, asked.visit_kind)
    found = reports.entries_of(tx, asked.business_date).get(key, [])
    found.sort(key=lambda entry: (entry.settlement_id, entry.sign))
    starts = range(0, max(len(found), 1), ROWS_PER_MESSAGE_MAX)
    for part, start in enumerate(starts, start=1):
        cut = found[start : start + ROWS_PER_MESSAGE_MAX]
        yield RowsReported(
            area=area.code,
            role=Role.INSURED,
            **dict(asked),
            part=part,
            parts=len(starts),
            rows=tuple(map(_row, cut)),
        )


def _row(entry: Entry) -> Row:
    return Row(
        settlement_id=entry.settlement_id,
        sign=entry.sign,
        total_fen=entry.total_fen,
        parts_fen=entry.parts_fen,
    )


def _part_of(
    cause: Message[RowsRequested], body: RowsReported, area: Area, now: datetime
) -> Outgoing:
    # Several messages to one topic follow from one cause, so the part belongs into the id.
    effect = f"{body.KIND} {body.part} to {topics.HUB_RECONCILIATION}"
    head = Head(
        message_id=id_of_effect(cause.head.message_id, effect),
        cause_id=cause.head.message_id,
        kind=body.KIND,
        sender=area.name,
        sent_at=now,
    )
    said: Message[Body] = Message(head, body)
    return Outgoing(topics.HUB_RECONCILIATION, area.code, said)
