"""What becomes of repairs: areas answer, the next comparison agrees, or the time for it is over."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect
from contracts.message import Message, Outgoing
from contracts.messages.repair import RepairAnswer, RepairAnswered, RepairOrder
from hub.domain.repair import LIVE, BreakStep, Repair, RepairEvent, RepairKind, RepairState
from hub.domain.settlement import State
from hub.services import ordering, reconciliation
from hub.store import break_queue, repairs, settlements
from hub.store import reconciliation as sides
from hub.store.break_queue import StepTaken
from hub.store.repairs import Order

log = logging.getLogger(__name__)

THE_HUB = "hub"
# A repair that is taken back is told apart from one that is obeyed.
OBEYED: dict[RepairState, BreakStep] = {RepairState.UNDONE: BreakStep.UNDONE}
GAVE_UP_ZH = "处理后对账仍不一致"
KEPT_ZH = "参保地不予释放，结算未能冲正"


@dataclass(frozen=True, slots=True)
class Following:
    """How often a repair is looked at, and how long it may take before it counts as failed."""

    every: timedelta = timedelta(seconds=5)
    give_up_after: timedelta = timedelta(minutes=10)
    at_once_max: int = 500


def record_answers(
    tx: Connection, batch: Sequence[Message[RepairAnswered]], now: datetime
) -> list[Outgoing]:
    """Keep what areas say to orders of theirs, and ask them at once what they have now.

    Whoever speaks for another area is not heard.
    """
    outgoing: list[Outgoing] = []
    for message in batch:
        role, area = Role(message.body.role), AreaCode(message.body.area)
        if message.head.sender == topics.participant(role, area):
            outgoing += _record(tx, message.body, message.head.sender, now)
        else:
            log.warning("%s does not come from %s.%s", message.head.message_id, role, area)
    return outgoing


def follow(tx: Connection, now: datetime, following: Following = Following()) -> list[Outgoing]:
    """A job: close repairs whose break is resolved, go on with the others, ask their sides again.

    Asking for the cause has no end of its own: it stays until the break is resolved, and so its
    side is asked for its books no more often than any other that differs.
    """
    found = repairs.to_follow(tx, now - following.every, following.at_once_max)
    if not found:
        return []
    keys = {key for touched in found.values() for key in touched.sides()}
    sides.lock_sides(tx, keys)  # Sides, then repairs: in this order everywhere.
    locked = repairs.lock(tx, list(found))
    live = {id_: one for id_, one in locked.items() if one.state in LIVE}
    repairs.looked(tx, list(found), now)
    outgoing = _follow_reversals(tx, live, now)
    open_ = _close(tx, live, now, following)
    acted_on = [id_ for id_ in open_ if live[id_].kind is not RepairKind.ASK]
    asked = {key for id_ in acted_on for key in found[id_].sides()}
    return [*outgoing, *reconciliation.ask_sides(tx, asked, now)]


def _record(tx: Connection, said: RepairAnswered, sender: str, now: datetime) -> list[Outgoing]:
    ids = [one.order_id for one in said.answers]
    of_orders = repairs.repairs_of_orders(tx, ids, Role(said.role), AreaCode(said.area))
    touched = repairs.touched_by(tx, set(of_orders.values()))
    sides.lock_sides(tx, {key for one in touched.values() for key in one.sides()})
    locked = repairs.lock(tx, list(touched))
    heard: set[UUID] = set()
    for one in said.answers:
        repair_id = of_orders.get(one.order_id)
        if repair_id is None:
            log.warning("%s answers an order that we never gave: %s", sender, one.order_id)
        elif repairs.answer(tx, one, now):
            locked[repair_id] = _moved(tx, locked[repair_id], one, sender, now)
            heard.add(repair_id)
    # What was asked before the area had obeyed is overtaken; after an undo it may even agree.
    undone = {id_ for id_ in heard if locked[id_].state is RepairState.UNDONE}
    again = {key for id_ in undone for key in touched[id_].sides()}
    asked = {key for id_ in heard - undone for key in touched[id_].sides()} - again
    return [
        *reconciliation.reopen(tx, sorted(again), now),
        *reconciliation.ask_sides(tx, sorted(asked), now),
    ]


def _moved(
    tx: Connection, before: Repair, said: RepairAnswer, sender: str, now: datetime
) -> Repair:
    event = RepairEvent.OBEY if said.code is None else RepairEvent.REFUSE
    after = _step(tx, before, event)
    kind = OBEYED.get(after.state, BreakStep.OBEYED)
    detail = f"冲出{said.taken_out}笔，补记{said.put_in}笔"
    if said.code is not None:
        kind, detail = BreakStep.REFUSED, said.code.told(said.detail)
    _note(tx, after, kind, sender, detail, now)
    return after


def _follow_reversals(tx: Connection, live: dict[UUID, Repair], now: datetime) -> list[Outgoing]:
    """A settlement that is reversed by now: the side books the reversal as the hub has it."""
    reversing = {id_: one for id_, one in live.items() if one.kind is RepairKind.REVERSE}
    orders = repairs.orders_of(tx, list(reversing))
    first = {one.repair_id: one for one in orders if one.sign == 1}
    second = {one.repair_id for one in orders if one.sign == -1}
    known = settlements.lock(tx, {one.settlement_id for one in first.values()})
    said: list[Outgoing] = []
    for id_, order in first.items():
        if id_ in second:
            continue
        settlement = known[order.settlement_id]
        if settlement.state is State.REVERSED:
            said += _order_reversal(tx, order, now)
        elif settlement.state is State.SETTLED:
            _fail(tx, live.pop(id_), KEPT_ZH, now)
        # Neither closed nor given up before the reversal has been ordered, too.
        live.pop(id_, None)
    return said


def _order_reversal(tx: Connection, first: Order, now: datetime) -> list[Outgoing]:
    order_id = id_of_effect(first.repair_id, "sign -1")
    row = repairs.hub_rows(tx, [first.settlement_id])[first.settlement_id]
    kept = Order(
        order_id, first.repair_id, None, first.role, first.area, first.settlement_id, -1, now
    )
    said = RepairOrder(
        order_id=order_id,
        settlement_id=first.settlement_id,
        sign=-1,
        stands=row.booked(first.role, -1),
    )
    repairs.add_orders(tx, [kept])
    return ordering.orders(first.repair_id, [(kept, said)], now)


def _close(
    tx: Connection, live: dict[UUID, Repair], now: datetime, following: Following
) -> list[UUID]:
    """Those that go on: their break is still there, and so is their time."""
    outcomes = repairs.outcomes(tx, list(live))
    going_on = []
    for id_, one in live.items():
        is_open, differs_otherwise = outcomes[id_]
        is_over = one.ordered_at + following.give_up_after <= now
        if not is_open and not differs_otherwise:
            after = _step(tx, one, RepairEvent.RESOLVE)
            _note(tx, after, BreakStep.WORKED, THE_HUB, "", now)
        elif differs_otherwise or (is_over and one.kind is not RepairKind.ASK):
            _fail(tx, one, GAVE_UP_ZH, now)
        else:
            going_on.append(id_)
    return going_on


def _fail(tx: Connection, one: Repair, why: str, now: datetime) -> None:
    _note(tx, _step(tx, one, RepairEvent.GIVE_UP), BreakStep.FAILED, THE_HUB, why, now)


def _step(tx: Connection, before: Repair, event: RepairEvent) -> Repair:
    after = before.after(event)
    if after.state is not before.state:
        repairs.move(tx, after.repair_id, after.state)
    return after


def _note(  # noqa: PLR0917 - private, and each argument is one column
    tx: Connection, one: Repair, kind: BreakStep, by: str, detail: str, now: datetime
) -> None:
    step = StepTaken(one.break_id, now, by, kind, detail, one.proposal_id, one.repair_id)
    break_queue.add_steps(tx, [step])
