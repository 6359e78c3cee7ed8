"""The work queue of breaks: taken on, given a repair, or a repair taken back; two persons each."""

from collections.abc import Iterator, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.delivery import bulk
from contracts.delivery.outbox import Writing
from contracts.refusal import RefusalCode
from hub.domain.repair import BreakQuery, QueuedBreak, RepairKind
from hub.services import break_queue, proposing_repairs
from simulators.simulation.operators.words import Person, Word

CLAIMS_PERCENT, AS_PROPOSED_PERCENT, TOGETHER_PERCENT, UNDOES_PERCENT = 20, 50, 30, 25
SEEN_MAX = 20
ANSWERS = frozenset(
    {
        RefusalCode.OUT_OF_STEP,  # somebody else was quicker
        RefusalCode.OWNED_ALREADY,
        RefusalCode.BREAK_RESOLVED,
        RefusalCode.REPAIR_NOT_FITTING,  # its settlement has moved on, or nothing was booked
    }
)
# What an area has booked, and nobody has asked to take back yet: once is enough.
_BOOKED = f"""
    SELECT repair_id FROM repairs
    WHERE kind = 'adopt' AND state IN ('obeyed', 'worked')
        AND NOT EXISTS (SELECT FROM proposals WHERE kind = 'undo_repair'
            AND content ->> 'repair_id' = repair_id::text)
    ORDER BY ordered_at DESC, repair_id LIMIT {SEEN_MAX}
"""


def room(tx: Connection, one: Person) -> Sequence[Word]:
    found = break_queue.queued(tx, BreakQuery(free_only=True), count=SEEN_MAX)
    return [*_of_queue(one, found), *_of_repairs(tx, one)]


def _of_queue(one: Person, found: Sequence[QueuedBreak]) -> Iterator[Word]:
    if not found:
        return
    if one.by_chance(CLAIMS_PERCENT):
        ids = [one.random.choice(found).break_id]
        yield Word("claimed", f"break {ids}", partial(_claim, ids, one.who), ANSWERS)
        return
    chosen = found if one.by_chance(TOGETHER_PERCENT) else [one.random.choice(found)]
    wanted = {about.break_id: _kind(one, about) for about in chosen}
    named = " ".join(f"{id_} {kind or ''}".strip() for id_, kind in wanted.items())
    yield Word("repair proposed", f"breaks {named}", partial(_propose, wanted, one.who), ANSWERS)


def _kind(one: Person, about: QueuedBreak) -> RepairKind | None:
    """Mostly what is proposed for its class; else whatever fits."""
    return None if one.by_chance(AS_PROPOSED_PERCENT) else one.random.choice(about.fitting)


def _of_repairs(tx: Connection, one: Person) -> Iterator[Word]:
    for (repair_id,) in bulk.fetch(tx, _BOOKED, ()):
        if one.by_chance(UNDOES_PERCENT):
            said = partial(_propose_undo, repair_id, one.who)
            yield Word("undo proposed", f"repair {repair_id}", said, ANSWERS)


def _claim(ids: Sequence[int], by: Principal, writing: Writing) -> None:
    break_queue.claim(writing.tx, ids, by, writing.now)


def _propose(wanted: dict[int, RepairKind | None], by: Principal, writing: Writing) -> None:
    proposing_repairs.propose(writing.tx, wanted, reason="仿真处理", by=by, now=writing.now)


def _propose_undo(repair_id: UUID, by: Principal, writing: Writing) -> None:
    proposing_repairs.propose_undo(writing.tx, repair_id, reason="仿真撤销", by=by, now=writing.now)
