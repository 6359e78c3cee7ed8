"""Operators work on breaks: look at the queue, take them on, hand them over, read their history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.refusal import RefusalCode, Refused
from hub.domain.repair import BreakQuery, BreakStep, QueuedBreak, Repair
from hub.services.proposing_repairs import REPAIRS_MAX, named
from hub.store import break_queue as store
from hub.store import repairs
from hub.store.break_queue import ClassSum, StepTaken
from hub.store.repairs import Order

OWNER_MAX = 100


@dataclass(frozen=True, slots=True)
class History:
    """A break with all that was done about it; `queued` None: it is resolved, or not due yet."""

    queued: QueuedBreak | None
    is_resolved: bool
    repairs: tuple[Repair, ...]
    orders: tuple[Order, ...]
    steps: tuple[StepTaken, ...]


def queued(
    tx: Connection, query: BreakQuery, *, after: int = 0, count: int = REPAIRS_MAX
) -> list[QueuedBreak]:
    """Open breaks whose agreed time is over, by id, those after `after`."""
    return store.queued(tx, query, after=after, count=count)


def sums(tx: Connection) -> list[ClassSum]:
    """The whole queue class by class."""
    return store.sums(tx)


def history(tx: Connection, break_id: int) -> History:
    """Refused: UNKNOWN_BREAK."""
    resolved = store.resolved(tx, [break_id]).get(break_id)
    if resolved is None:
        raise Refused(RefusalCode.UNKNOWN_BREAK, f"差错{break_id}")
    made = repairs.of_break(tx, break_id)
    return History(
        queued=store.of_ids(tx, [break_id]).get(break_id),
        is_resolved=resolved,
        repairs=tuple(made),
        orders=tuple(repairs.orders_of(tx, [one.repair_id for one in made])),
        steps=tuple(store.steps_of(tx, break_id)),
    )


def claim(tx: Connection, break_ids: Sequence[int], by: Principal, now: datetime) -> int:
    """Take breaks on; how many are new to this person.

    Refused: OWNED_ALREADY when somebody else has one, UNKNOWN_BREAK, BREAK_RESOLVED, OUT_OF_STEP.
    """
    found = _locked(tx, break_ids)
    taken = [one.break_id for one in found if one.owner not in {None, by.subject}]
    if taken:
        raise Refused(RefusalCode.OWNED_ALREADY, f"差错{named(taken)}")
    mine = [one.break_id for one in found if one.owner is None]
    store.own(tx, mine, by.subject, now)
    store.add_steps(tx, [StepTaken(id_, now, by.subject, BreakStep.CLAIMED) for id_ in mine])
    return len(mine)


def assign(tx: Connection, break_ids: Sequence[int], to: str, by: Principal, now: datetime) -> int:
    """Give breaks to somebody, whoever has them; how many changed hands.

    Refused: FIELD_MISSING, FIELD_TOO_LONG, UNKNOWN_BREAK, BREAK_RESOLVED, OUT_OF_STEP.
    """
    if not to.strip():
        raise Refused(RefusalCode.FIELD_MISSING, "to")
    if len(to) > OWNER_MAX:
        raise Refused(RefusalCode.FIELD_TOO_LONG, "to")
    changed = [one.break_id for one in _locked(tx, break_ids) if one.owner != to]
    store.own(tx, changed, to, now)
    steps = [StepTaken(id_, now, by.subject, BreakStep.ASSIGNED, to) for id_ in changed]
    store.add_steps(tx, steps)
    return len(changed)


def release(tx: Connection, break_ids: Sequence[int], by: Principal, now: datetime) -> int:
    """Give breaks back; how many. Refused: NOT_THE_OWNER, UNKNOWN_BREAK, BREAK_RESOLVED."""
    found = _locked(tx, break_ids)
    others = [one.break_id for one in found if one.owner != by.subject]
    if others:
        raise Refused(RefusalCode.NOT_THE_OWNER, f"差错{named(others)}")
    ids = [one.break_id for one in found]
    store.disown(tx, ids)
    store.add_steps(tx, [StepTaken(id_, now, by.subject, BreakStep.RELEASED) for id_ in ids])
    return len(ids)


def _locked(tx: Connection, break_ids: Sequence[int]) -> list[QueuedBreak]:
    if not 1 <= len(set(break_ids)) <= REPAIRS_MAX:
        raise Refused(RefusalCode.FIELD_INVALID, f"一次须选1至{REPAIRS_MAX}笔差错")
    known = store.lock(tx, sorted(set(break_ids)))
    queued_ = store.of_ids(tx, sorted(set(break_ids)))
    for code, ids in (
        (RefusalCode.UNKNOWN_BREAK, [id_ for id_ in break_ids if id_ not in known]),
        (RefusalCode.BREAK_RESOLVED, [id_ for id_ in break_ids if known.get(id_)]),
        (RefusalCode.OUT_OF_STEP, [id_ for id_ in break_ids if id_ not in queued_]),
    ):
        if ids:
            raise Refused(code, f"差错{named(sorted(ids))}")
    return list(queued_.values())
