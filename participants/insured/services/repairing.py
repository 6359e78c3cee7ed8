"""Obeys the hub's repair orders: by contrary and new entries, so that the next report agrees."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts import topics
from contracts.codes import Role
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
from participants.insured.domain.area import Area
from participants.insured.domain.grant import Grant
from participants.insured.domain.repairing import ends_benefit, entries
from participants.insured.services.anomalies import from_the_hub
from participants.insured.services.releases import give_back
from participants.insured.store import grants, people, repair_orders

Heard = Message[RepairOrdered]


def obey(area: Area, tx: Connection, batch: Sequence[Heard], now: datetime) -> list[Outgoing]:
    """Book as each order says, and answer what that took; the same order again books nothing.

    An order about somebody else's books, or one that undoes what was never ordered or is undone,
    is answered with a refusal: OUT_OF_STEP.
    """
    heard = from_the_hub(tx, batch, now)
    if heard:
        _lock(tx, [order for message in heard for order in message.body.orders])
    return [_answered(area, tx, message, now) for message in heard]


def _lock(tx: Connection, orders: Sequence[RepairOrder]) -> None:
    """People, grants, orders: in the order in which everybody here locks."""
    ids = [SettlementId(order.settlement_id) for order in orders]
    people.lock(tx, [grant.person_id for grant in grants.of(tx, ids).values()])
    grants.lock(tx, ids)
    repair_orders.lock(tx)


def _answered(area: Area, tx: Connection, message: Heard, now: datetime) -> Outgoing:
    said = message.body
    is_ours = said.role is Role.INSURED and said.area == area.code
    answers = [
        _obeyed(tx, order, message, now) if is_ours else _refusal(order, "不是本地区的账")
        for order in said.orders
    ]
    body = RepairAnswered(role=Role.INSURED, area=area.code, answers=tuple(answers))
    topic, sender = topics.HUB_RECONCILIATION, area.name
    return effect_of(message, body, topic=topic, key=area.code, sender=sender, at=now)


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
    if ends_benefit(order):
        _end_benefit(tx, row[0], now)
    return _answer(tx, order)


def _can_be_undone(tx: Connection, order: RepairOrder) -> bool:
    assert order.undoes is not None
    earlier = [order.undoes]
    return bool(repair_orders.known(tx, earlier)) and not repair_orders.undone(tx, earlier)


def _end_benefit(tx: Connection, settlement_id: SettlementId, now: datetime) -> None:
    """By the hub's word it does not count: the year and the account get it back, once."""
    held: dict[SettlementId, Grant] = grants.of(tx, [settlement_id])
    give_back(tx, list(held.values()), now)


def _answer(tx: Connection, order: RepairOrder) -> RepairAnswer:
    counts = repair_orders.counts(tx, [order.order_id])
    return RepairAnswer(
        order_id=order.order_id,
        taken_out=counts.get((order.order_id, -1), 0),
        put_in=counts.get((order.order_id, 1), 0),
    )


def _refusal(order: RepairOrder, detail: str) -> RepairAnswer:
    return RepairAnswer(order_id=order.order_id, code=RefusalCode.OUT_OF_STEP, detail=detail)
