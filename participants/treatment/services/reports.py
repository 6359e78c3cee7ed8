"""Answers the hub's questions about a closed business day, from this area's own rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect
from contracts.message import Head, Message, Outgoing, effect_of
from contracts.messages.reconciliation import (
    Row,
    RowsReported,
    RowsRequested,
    TotalsReported,
    TotalsRequested,
)
from participants.treatment.domain.report import buckets_of, pages_of
from participants.treatment.store import settlements


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


def _totals(
    tx: Connection, area: AreaCode, message: Message[TotalsRequested], now: datetime
) -> Outgoing:
    asked = message.body
    body = TotalsReported(
        area=area,
        role=Role.TREATMENT,
        business_date=asked.business_date,
        attempt=asked.attempt,
        buckets=buckets_of(settlements.entries_of_day(tx, asked.business_date)),
    )
    return effect_of(
        message,
        body,
        topic=topics.HUB_RECONCILIATION,
        key=area,
        sender=topics.participant(Role.TREATMENT, area),
        at=now,
    )


def _rows(
    tx: Connection, area: AreaCode, message: Message[RowsRequested], now: datetime
) -> list[Outgoing]:
    asked = message.body
    wanted = (asked.counterpart, asked.insurance_kind, asked.visit_kind)
    entries = settlements.entries_of_day(tx, asked.business_date)
    pages = pages_of(entry for key, entry in entries if key == wanted)
    return [
        _page(message, area, (part, len(pages)), page, now) for part, page in enumerate(pages, 1)
    ]


def _page(
    message: Message[RowsRequested],
    area: AreaCode,
    part_of: tuple[int, int],
    page: tuple[Row, ...],
    now: datetime,
) -> Outgoing:
    asked = message.body
    body = RowsReported(
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
    )
    # One question has several answers of one kind: the part makes their ids different.
    effect = f"{body.KIND} {body.part} to {topics.HUB_RECONCILIATION}"
    head = Head(
        message_id=id_of_effect(message.head.message_id, effect),
        cause_id=message.head.message_id,
        kind=body.KIND,
        sender=topics.participant(Role.TREATMENT, area),
        sent_at=now,
    )
    return Outgoing(topics.HUB_RECONCILIATION, area, Message(head, body))
