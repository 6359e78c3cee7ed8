"""The open day compared all the time 日间连续对账: a one-sided record shows within a minute.

Sides report slices of time in which they have anything; equal totals end it, and an idle day costs
no message. Who is silent about a row of the hub's is asked. Nothing found here is a break: the
daily comparison decides once the day is closed and its agreed time has passed.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import Connection

from contracts import control_sums, topics
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect
from contracts.message import Body, Head, Message, Outgoing, originate
from contracts.messages.reconciliation import (
    DayBuckets,
    RowsRequested,
    SliceReported,
    SliceRequested,
)
from hub.domain.reconciliation import Break, differing
from hub.domain.slices import WATCHING, Slice, SliceKey, Watching
from hub.store import days, open_slices

log = logging.getLogger(__name__)

ASKING = uuid5(UUID(int=0), "yidi: the hub asks for a slice of the open day")
LOOK_BACK = timedelta(minutes=1)


def record(
    tx: Connection,
    batch: Sequence[Message[SliceReported]],
    now: datetime,
    watching: Watching = WATCHING,
) -> list[Outgoing]:
    """Compare what sides report of slices with the hub's rows; ask for the rows of what differs."""
    open_day = days.open_day(tx)
    if open_day is None:
        return []
    outgoing: list[Outgoing] = []
    for message in batch:
        key = _said_by(message, now + watching.ahead_max)
        if key is not None:
            found = _differing(tx, key, message.body.days, open_day.business_date)
            outgoing += _noted(tx, key, message, found, now, watching)
    return outgoing


def watch(tx: Connection, now: datetime, watching: Watching = WATCHING) -> list[Outgoing]:
    """A job: ask who is silent about rows of ours, and again about slices that differ."""
    open_day = days.open_day(tx)
    if open_day is None:
        return []
    open_slices.forget_closed(tx, open_day.business_date, open_day.opened_at)
    asked = _ask_silent(tx, now, watching)
    due = open_slices.due(tx, now, watching.asked_at_once_max)
    again = [replace(one, attempt=one.attempt + 1) for one in due]
    open_slices.asked(tx, [(one, now + watching.pause(one.attempt)) for one in again], now)
    return [*asked, *(_asking(one.key, one.attempt, now) for one in again)]


def _ask_silent(tx: Connection, now: datetime, watching: Watching) -> list[Outgoing]:
    until = now - watching.silent_after
    since = open_slices.looked_until(tx) or until - LOOK_BACK
    if until <= since:
        return []
    outgoing = []
    for role, area, covered_until in open_slices.silent(tx, since, until):
        key = (role, area, covered_until or since, until)
        again_at = now + watching.pause(1)
        open_slices.keep(tx, key, now, ask_again_at=again_at, is_reported=False)
        open_slices.cover(tx, role, area, until)
        outgoing.append(_asking(key, 1, now))
    open_slices.look(tx, until)
    return outgoing


def _said_by(message: Message[SliceReported], at_most: datetime) -> SliceKey | None:
    body = message.body
    key = (Role(body.role), AreaCode(body.area), body.since, body.until)
    if message.head.sender != topics.participant(key[0], key[1]) or body.since >= body.until:
        log.warning("%s is no slice of %s.%s", message.head.message_id, key[0], key[1])
        return None
    if body.until > at_most:
        log.warning("the clock of %s.%s is ahead: it will be asked", key[0], key[1])
        return None
    return key


def _differing(
    tx: Connection, key: SliceKey, said: Sequence[DayBuckets], open_day: date
) -> list[Break]:
    """What differs on the open day; rows of a closed day are the daily comparison's."""
    ours = control_sums.days_of(tx, *open_slices.rows_of(*key))
    hub, side = (
        [bucket for one in some if one.business_date == open_day for bucket in one.buckets]
        for some in (ours, said)
    )
    return differing(hub, side)


def _noted(  # noqa: PLR0917 - private, and each argument is named where it comes from
    tx: Connection,
    key: SliceKey,
    message: Message[SliceReported],
    found: Sequence[Break],
    now: datetime,
    watching: Watching,
) -> list[Outgoing]:
    open_slices.cover(tx, key[0], key[1], key[3])
    if not found:
        open_slices.agree(tx, key)
        return []
    again_at = now + watching.pause(1)
    open_slices.keep(tx, key, now, ask_again_at=again_at, is_reported=True)
    one = open_slices.find(tx, key)
    open_day = days.open_day(tx)
    assert one is not None, "kept just now"
    assert open_day is not None, "asked for just now"
    return [_rows_wanted(message, one, diff, open_day.business_date, now) for diff in found]


def _asking(key: SliceKey, attempt: int, now: datetime) -> Outgoing:
    role, area, since, until = key
    who = topics.participant(role, area)
    return originate(
        SliceRequested(since=since, until=until),
        message_id=id_of_effect(
            ASKING, f"{since.isoformat()} to {until.isoformat()} of {who}, attempt {attempt}"
        ),
        topic=topics.notices(role, area),
        key=area,
        sender=topics.HUB,
        at=now,
    )


def _rows_wanted(
    cause: Message[SliceReported], one: Slice, found: Break, day: date, now: datetime
) -> Outgoing:
    assert found.bucket is not None, "totals differ bucket by bucket"
    counterpart, insurance, visit = found.bucket
    body: Body = RowsRequested(
        business_date=day,
        attempt=one.attempt,
        counterpart=counterpart,
        insurance_kind=insurance,
        visit_kind=visit,
        since=one.since,
        until=one.until,
    )
    topic = topics.notices(one.role, one.area)
    about = f"{body.KIND} to {topic}: {counterpart} {insurance} {visit}"
    head = Head(
        message_id=id_of_effect(cause.head.message_id, about),
        cause_id=cause.head.message_id,
        kind=body.KIND,
        sender=topics.HUB,
        sent_at=now,
    )
    return Outgoing(topic, one.area, Message(head, body))
