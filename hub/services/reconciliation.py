"""The daily comparison 对账: every side's totals must equal the hub's; where not, row by row."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import Connection

from contracts import topics
from contracts.ids import id_of_effect
from contracts.message import Message, Outgoing, originate
from contracts.messages.reconciliation import TotalsReported, TotalsRequested
from hub.domain.reconciliation import (
    Break,
    BreakClass,
    Side,
    SideEvent,
    SideKey,
    SideState,
    after_totals,
    differing,
)
from hub.services.breaks import record_rows, replace_open, said_by
from hub.services.narrowing import asking_for_rows
from hub.services.telling_breaks import become_breaks
from hub.store import breaks, compared_rows
from hub.store import reconciliation as store

__all__ = [
    "Patience",
    "ask",
    "ask_again",
    "ask_sides",
    "begin",
    "begin_due",
    "record_rows",
    "record_totals",
    "reopen",
]

log = logging.getLogger(__name__)

UNHEARD = Break(BreakClass.TOTALS)
ASKING = uuid5(UUID(int=0), "yidi: the hub asks for the totals of a business day")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a side is asked before, and after, its differences are breaks.

    An old break is asked about ever more rarely, and never given up: six hundred times in the two
    months in which its day may still be cleared.
    """

    break_after: timedelta = timedelta(seconds=60)  # the agreed time, from the day's close
    ask_every: timedelta = timedelta(seconds=3)  # while there is time left
    ask_broken_every: timedelta = timedelta(minutes=5)  # so that a correction is noticed
    ask_broken_share: int = 100  # and after a hundredth of the break's age, when that is longer
    attempts_max: int = 1_000  # while there is time left
    sides_at_once_max: int = 500
    days_at_once_max: int = 10


def begin_due(
    tx: Connection, now: datetime, patience: Patience = Patience()
) -> list[Outgoing]:  # A job: days that were closed since it last looked.
    """Begin every closed day that has not begun; what to send."""
    days = store.not_begun(tx, patience.days_at_once_max)
    return [said for day in days for said in begin(tx, day, now, patience)]


def begin(
    tx: Connection, business_date: date, now: datetime, patience: Patience = Patience()
) -> list[Outgoing]:
    """Freeze the hub's totals of a closed day and ask its sides; nothing when it has begun."""
    if not store.begin(tx, business_date, now):
        return []
    store.freeze_totals(tx, business_date)
    asked = store.open_sides(
        tx, business_date, asked_at=now, break_after=now + patience.break_after
    )
    return [_asking(key, 1, now) for key in asked]


def record_totals(
    tx: Connection, batch: Sequence[Message[TotalsReported]], now: datetime
) -> list[Outgoing]:
    """Compare what sides report with the hub's totals; ask for the rows of what differs."""
    reports = {key: m for m in batch if (key := said_by(m)) is not None}
    sides = store.lock_sides(tx, reports) | _unasked(tx, reports, now)
    taken = {k: m for k, m in reports.items() if k in sides and _is_taken(sides[k], m)}
    hub, before = store.totals_of(tx, taken), breaks.open_of(tx, taken)
    moved: list[Side] = []
    outgoing: list[Outgoing] = []
    for key, message in taken.items():
        found = differing(hub[key], message.body.buckets)
        side = _reported(sides[key], message, agrees=not found, now=now)
        moved.append(side)
        breaks.forget_rows(tx, key)
        breaks.keep_buckets(tx, key, message.body.buckets)
        outgoing += replace_open(tx, side, before[key], after_totals(before[key], found), now)
        if found:
            compared_rows.keep(tx, key[0], now)
        outgoing += asking_for_rows(message, side, found, hub[key], now)
    store.move_sides(tx, moved)
    return outgoing


def forget_agreed(tx: Connection, _now: datetime) -> list[Outgoing]:
    """A job: the rows of days on which everybody agrees by now are not needed beside others."""
    for day in compared_rows.forget_agreed(tx):
        log.info("every side of %s agrees", day)
    return []


def ask_again(tx: Connection, now: datetime, patience: Patience = Patience()) -> list[Outgoing]:
    """A job: ask sides that have not agreed; after the agreed time what differs is a break."""
    due = store.due_sides(
        tx,
        now,
        waiting_since=now - patience.ask_every,
        attempts_max=patience.attempts_max,
        broken_every=patience.ask_broken_every,
        broken_share=patience.ask_broken_share,
        limit=patience.sides_at_once_max,
    )
    over = [s for s in due if s.state is SideState.WAITING and s.break_after <= now]
    silent = [side.key for side in over if side.reported_attempt == 0]
    breaks.add(tx, [(key, Break(BreakClass.NO_REPORT)) for key in silent], now)
    moved = [s.after(SideEvent.RUN_OUT, now) if s in over else s for s in due]
    return [*become_breaks(tx, over, now), *_ask(tx, moved, now)]


def ask(tx: Connection, business_date: date, now: datetime) -> list[Outgoing]:
    """An operator asks every side of a day that has not agreed, at once.

    Where all have agreed, all are asked: what a side says differently now becomes a break.
    """
    keys = [side.key for side in store.sides_of(tx, business_date)]
    sides = list(store.lock_sides(tx, keys).values())
    return _ask(tx, [s for s in sides if s.state is not SideState.AGREED] or sides, now)


def ask_sides(tx: Connection, keys: Iterable[SideKey], now: datetime) -> list[Outgoing]:
    """Ask these sides, as far as they exist and have not agreed, at once."""
    sides = store.lock_sides(tx, list(keys)).values()
    return _ask(tx, [side for side in sides if side.state is not SideState.AGREED], now)


def reopen(tx: Connection, keys: Iterable[SideKey], now: datetime) -> list[Outgoing]:
    """Ask these sides again, also where they had agreed: a repair of theirs was undone.

    What they said before counts no more: until they answer, there is a break without a bucket, so
    that no run takes the day meanwhile.
    """
    locked = store.lock_sides(tx, list(keys)).values()
    sides = [side.after(SideEvent.REOPEN, now) for side in locked]
    before = breaks.open_of(tx, [side.key for side in sides])
    broken = [side for side in sides if side.state is SideState.BROKEN]
    new = [(side.key, UNHEARD) for side in broken if UNHEARD not in before[side.key]]
    breaks.add(tx, new, now)
    waiting = [side for side in sides if side.state is SideState.WAITING]
    asked = [side.asked_again(now) for side in waiting]
    return _sent(tx, [*asked, *(side.asked_afresh(now) for side in broken)], now)


def _ask(tx: Connection, sides: Iterable[Side], now: datetime) -> list[Outgoing]:
    return _sent(tx, [side.asked_again(now) for side in sides], now)


def _sent(tx: Connection, asked: Sequence[Side], now: datetime) -> list[Outgoing]:
    store.move_sides(tx, asked)
    return [_asking(side.key, side.attempt, now) for side in asked]


def _unasked(
    tx: Connection, reports: Mapping[SideKey, Message[TotalsReported]], now: datetime
) -> dict[SideKey, Side]:
    """Sides that nobody asked, and that have something all the same on a day under comparison."""
    known = store.lock_sides(tx, reports)
    days = {key[0] for key in reports if key not in known}
    begun = {day for day in days if store.begun_at(tx, day) is not None}
    heard = [k for k, m in reports.items() if k not in known and k[0] in begun and m.body.buckets]
    sides = {key: _new_side(key, now) for key in heard}
    store.add_sides(tx, list(sides.values()))
    return sides


def _new_side(key: SideKey, now: datetime) -> Side:
    break_after = now + Patience().break_after
    return Side(*key, SideState.WAITING, 1, 0, None, None, now, break_after, None)


def _is_taken(side: Side, message: Message[TotalsReported]) -> bool:
    taken = side.takes_report(message.body.attempt, message.head.sent_at)
    if not taken:
        log.info("%s is overtaken or was not asked for", message.head.message_id)
    return taken


def _reported(side: Side, message: Message[TotalsReported], *, agrees: bool, now: datetime) -> Side:
    body = message.body
    return replace(
        side.heard(now, agrees=agrees),
        reported_attempt=body.attempt,
        reported_count=sum(bucket.count for bucket in body.buckets),
        reported_fen=sum(bucket.total_fen for bucket in body.buckets),
        reported_at=message.head.sent_at,
    )


def _asking(key: SideKey, attempt: int, now: datetime) -> Outgoing:
    day, role, area = key
    who = topics.participant(role, area)
    return originate(
        TotalsRequested(business_date=day, attempt=attempt),
        message_id=id_of_effect(ASKING, f"{day.isoformat()} of {who}, attempt {attempt}"),
        topic=topics.notices(role, area),
        key=area,
        sender=topics.HUB,
        at=now,
    )
