"""Repairs 差错处理: the hub orders an area to book as the hub has it. Key: the area."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.codes import InsuranceKind, Role, VisitKind
from contracts.ids import SettlementId
from contracts.message import Body, Frozen
from contracts.messages.reconciliation import SumFen
from contracts.messages.values import Area, Text
from contracts.refusal import RefusalCode

ORDERS_MAX = 500  # in one message, so that it does not outgrow what a broker takes

Sign = Annotated[int, Field(ge=-1, le=1)]


class Booked(Frozen):
    """A row as it shall stand: its business day, its bucket, unsigned fen as settled.

    `parts_fen` follows `contracts.messages.values.PARTS`.
    """

    business_date: date
    counterpart: Area
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    total_fen: SumFen
    parts_fen: tuple[SumFen, ...]


class RepairOrder(Frozen):
    """One row of one settlement: +1 settled, -1 reversed.

    `stands` None: the area shall have no such row. With `undoes` the order takes back what that
    earlier order did, and `stands` is None.
    """

    order_id: UUID
    settlement_id: SettlementId
    sign: Sign
    stands: Booked | None = None
    undoes: UUID | None = None


class RepairOrdered(Body):
    """Hub → area: what differs shall be booked so, by contrary and new entries, never an edit.

    Two people of the hub stand behind it. The same order again changes nothing.
    """

    KIND: ClassVar[str] = "repair_ordered"
    role: Role
    area: Area
    orders: Annotated[tuple[RepairOrder, ...], Field(min_length=1, max_length=ORDERS_MAX)]


class RepairAnswer(Frozen):
    """What came of an order: how many entries it took out and put in, or why it was refused."""

    order_id: UUID
    taken_out: Annotated[int, Field(ge=0)] = 0
    put_in: Annotated[int, Field(ge=0)] = 0
    code: RefusalCode | None = None
    detail: Text = ""


class RepairAnswered(Body):
    """Area → hub: each order obeyed or refused, in the order they came."""

    KIND: ClassVar[str] = "repair_answered"
    role: Role
    area: Area
    answers: tuple[RepairAnswer, ...]
