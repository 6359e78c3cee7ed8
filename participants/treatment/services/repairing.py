"""Obeys the hub's repair orders: by contrary and new entries, so that the next report agrees."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import SettlementId
from contracts.message import Message, Outgoing, effect_of
from contracts.messages.repair import (
    Booked,
    RepairAnswer,
    RepairAnswered,
    RepairOrder,
    RepairOrdered,
)
from contracts.refusal import RefusalCode
from participants.treatment.domain.repairing import entries
from participants.treatment.store import repair_orders, settlements

Heard = Message[RepairOrdered]


def obey(tx: Connection, area: AreaCode, batch: Sequence[Heard], now: datetime) -> list[Outgoing]:
    """Book as each order says, and answer what that took; the same order again books nothing.

    What the hospital was told stays as it is: that is settled with the hospital, not by the hub.
    An order about somebody else's books, or one that undoes what was never ordered or is undone,
    is answered with a refusal: OUT_OF_STEP. Only the hub is obeyed.
    """
    heard = [message for message in batch if message.head.sender == topics.HUB]
    if heard:
        orders = [order for message in heard for order in message.body.orders]
        settlements.lock(tx, [SettlementId(order.settlement_id) for order in orders])
        repair_orders.lock(tx)
    return [_answered(tx, area, message, now) for message in heard]


def _answered(tx: Connection, area: AreaCode, message: Heard, now: datetime) -> Outgoing:
    said = message.body
    is_ours = said.role is Role.TREATMENT and said.area == area
    answers = [
        _obeyed(tx, order, message, now) if is_ours else _refusal(order, "不是本地区的账")
        for order in said.orders
    ]
    return effect_of(
        message,
        RepairAnswered(role=Role.TREATMENT, area=area, answers=tuple(answers)),
        topic=topics.HUB_RECONCILIATION,
        key=area,
        sender=topics.participant(Role.TREATMENT, area),
        at=now,
    )


def _obeyed(tx: Connection, order: RepairOrder, message: Heard, now: datetime) -> RepairAnswer:
    if repair_orders.known(tx, [order.order_id]):
        return _answer(tx, order)
    if order.undoes is not None and not _can_be_undone(tx, order):
        return _refusal(order, "该处理不存在或已撤销")
    row = (SettlementId(order.settlement_id), order.sign)
    before = repair_orders.standing(tx, [row])[row]
    repair_orders.add(tx, order, message.head.message_id, now)
    after: Sequence[Booked] = repair_orders.standing(tx, [row])[row]
    lines = [
        repair_orders.Entry(order.order_id, effect, row, booked)
        for effect, booked in entries(before, after)
    ]
    repair_orders.add_entries(tx, lines)
    return _answer(tx, order)


def _can_be_undone(tx: Connection, order: RepairOrder) -> bool:
    assert order.undoes is not None
    earlier = [order.undoes]
    return bool(repair_orders.known(tx, earlier)) and not repair_orders.undone(tx, earlier)


def _answer(tx: Connection, order: RepairOrder) -> RepairAnswer:
    counts = repair_orders.counts(tx, [order.order_id])
    return RepairAnswer(
        order_id=order.order_id,
        taken_out=counts.get((order.order_id, -1), 0),
        put_in=counts.get((order.order_id, 1), 0),
    )


def _refusal(order: RepairOrder, detail: str) -> RepairAnswer:
    return RepairAnswer(order_id=order.order_id, code=RefusalCode.OUT_OF_STEP, detail=detail)
