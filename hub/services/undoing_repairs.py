"""A repair is taken back: the area books contrary entries, and is compared again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect
from contracts.message import Outgoing
from contracts.messages.repair import RepairOrder
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.repair import KIND_ZH, REPAIR, BreakStep, Repair, RepairEvent, RepairKind
from hub.domain.second_person import Proposal
from hub.services import ordering, reconciliation
from hub.store import break_queue, repairs
from hub.store import reconciliation as sides
from hub.store.break_queue import StepTaken
from hub.store.repairs import Order, Touched


def check_can_be_undone(repair: Repair, orders: Sequence[Order]) -> None:
    """Refused: REPAIR_NOT_FITTING for what booked nothing at an area or cannot be taken back (a
    reversed settlement is never settled again), OUT_OF_STEP when it is undone already, or when
    the area has not said yet what it booked.
    """
    is_refused = all(order.code is not None for order in orders if order.undoes is None)
    if repair.kind is not RepairKind.ADOPT or is_refused:
        raise Refused(RefusalCode.REPAIR_NOT_FITTING, f"{KIND_ZH[repair.kind]}没有可撤销的账务")
    if any(order.answered_at is None for order in orders if order.undoes is None):
        raise Refused(RefusalCode.OUT_OF_STEP, "该方尚未答复，暂不能撤销")
    if not REPAIR.allows(repair.state, RepairEvent.UNDO):
        raise Refused(RefusalCode.OUT_OF_STEP, "该处理已撤销")


def perform(
    tx: Connection, proposal: Proposal, by: Principal, now: datetime, _keys: Sealer | None
) -> list[Outgoing]:
    """The effect of an approved UNDO_REPAIR.

    Refused: MONTH_CLEARED_ALREADY when a clearing run has taken the day, and what
    `check_can_be_undone` refuses.
    """
    repair_id = UUID(proposal.content["repair_id"])
    touched = repairs.touched_by(tx, [repair_id])[repair_id]
    keys = touched.sides()
    sides.lock_sides(tx, keys)  # Sides, then repairs: in this order everywhere.
    repair = repairs.lock(tx, [repair_id])[repair_id]
    orders = repairs.orders_of(tx, [repair_id])
    check_can_be_undone(repair, orders)
    _check_not_cleared(tx, touched)
    given = [_contrary(one, now) for one in orders if _did_book(one)]
    repairs.add_orders(tx, [order for order, _ in given])
    repairs.move(tx, repair_id, REPAIR.after(repair.state, RepairEvent.UNDO))
    step = StepTaken(
        repair.break_id, now, by.subject, BreakStep.UNDOING, proposal.reason,
        proposal.proposal_id, repair_id,
    )  # fmt: skip
    break_queue.add_steps(tx, [step])
    # On one topic and key: the area hears the orders before it is asked what it has.
    said = ordering.orders(proposal.proposal_id, given, now)
    return [*said, *reconciliation.reopen(tx, keys, now)]


def _did_book(order: Order) -> bool:
    return order.undoes is None and order.code is None


def _contrary(order: Order, now: datetime) -> ordering.Given:
    order_id = id_of_effect(order.order_id, "undone")
    kept = Order(
        order_id=order_id,
        repair_id=order.repair_id,
        undoes=order.order_id,
        role=order.role,
        area=order.area,
        settlement_id=order.settlement_id,
        sign=order.sign,
        sent_at=now,
    )
    said = RepairOrder(
        order_id=order_id,
        settlement_id=order.settlement_id,
        sign=order.sign,
        undoes=order.order_id,
    )
    return kept, said


def _check_not_cleared(tx: Connection, touched: Touched) -> None:
    _, role, area = touched.side
    other = touched.counterpart or AreaCode("")
    pair = (area, other) if role is Role.INSURED else (other, area)
    cleared = repairs.cleared_day(tx, [(key[0], *pair) for key in touched.sides()])
    if cleared is not None:
        detail = f"{cleared.isoformat()}已清算，请另作调整"
        raise Refused(RefusalCode.MONTH_CLEARED_ALREADY, detail)
