"""Repairs that two people agreed on, the orders they gave to areas, and what came of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, InsuranceKind, Role, VisitKind
from contracts.delivery import bulk
from contracts.ids import SettlementId
from contracts.messages.repair import Booked, RepairAnswer
from contracts.messages.values import PARTS
from hub.domain.reconciliation import SideKey
from hub.domain.repair import Repair, RepairKind, RepairState

_REPAIR = "repair_id, break_id, kind, state, proposal_id, ordered_at"
_LINK = """
    INSERT INTO repair_proposals (proposal_id, break_id, kind) VALUES %s ON CONFLICT DO NOTHING
    RETURNING break_id
"""
_OTHERS = """
    SELECT DISTINCT break_id FROM repair_proposals JOIN proposals USING (proposal_id)
    WHERE break_id = ANY(%s::bigint[]) AND proposals.state = 'open' AND proposal_id <> %s
    ORDER BY break_id
"""
_ADD = f"INSERT INTO repairs ({_REPAIR}, looked_at) VALUES %s"  # noqa: S608 - columns of ours
_MOVE = "UPDATE repairs SET state = %s WHERE repair_id = %s"
_LOOKED = "UPDATE repairs SET looked_at = %s WHERE repair_id = ANY(%s::uuid[])"
_LOCK = f"""
    SELECT {_REPAIR} FROM repairs WHERE repair_id = ANY(%s::uuid[]) ORDER BY repair_id FOR UPDATE
"""  # noqa: S608 - columns of ours
_OF_BREAK = f"SELECT {_REPAIR} FROM repairs WHERE break_id = %s ORDER BY ordered_at, repair_id"  # noqa: S608
_TOUCHED = """found.business_date, found.role, found.area, found.counterpart, found.other_date,
    found.hospital_code IS NOT NULL"""
_TOUCHED_BY = f"""
    SELECT repairs.repair_id, {_TOUCHED} FROM repairs JOIN breaks AS found USING (break_id)
    WHERE repair_id = ANY(%s::uuid[])
"""  # noqa: S608 - columns of ours
_FOLLOW = f"""
    SELECT repairs.repair_id, {_TOUCHED}
    FROM repairs JOIN breaks AS found USING (break_id)
    WHERE repairs.state IN ('ordered', 'obeyed') AND repairs.looked_at <= %s
    ORDER BY repairs.looked_at LIMIT %s
"""  # noqa: S608 - columns of ours
# What differs between a hospital and its area says nothing of what differs between the areas.
_SAME_BUCKET = """other.resolved_at IS NULL
    AND (other.hospital_code IS NULL) = (found.hospital_code IS NULL)
    AND (other.business_date, other.role, other.area)
        = (found.business_date, found.role, found.area)
    AND (other.counterpart, other.insurance_kind, other.visit_kind)
        = (found.counterpart, found.insurance_kind, found.visit_kind)"""
# A break that became another one of the same row is not mended; and as long as the totals of its
# bucket differ and no row says why, nobody knows yet.
_OUTCOMES = f"""
    SELECT repairs.repair_id, found.resolved_at IS NULL OR EXISTS (
            SELECT FROM breaks AS other WHERE other.class = 'totals' AND {_SAME_BUCKET}),
        EXISTS (
            SELECT FROM breaks AS other WHERE other.break_id <> found.break_id
            AND (other.settlement_id, other.sign) = (found.settlement_id, found.sign)
            AND {_SAME_BUCKET})
    FROM repairs JOIN breaks AS found USING (break_id) WHERE repair_id = ANY(%s::uuid[])
"""  # noqa: S608 - columns of ours
_ADD_ORDER = """
    INSERT INTO repair_orders (order_id, repair_id, undoes, role, area, settlement_id, sign,
        sent_at) VALUES %s ON CONFLICT (order_id) DO NOTHING RETURNING order_id
"""
_ORDERS = """
    SELECT order_id, repair_id, undoes, role, area, settlement_id, sign, sent_at, answered_at,
        taken_out, put_in, code, detail
    FROM repair_orders WHERE repair_id = ANY(%s::uuid[]) ORDER BY sent_at, order_id
"""
_REPAIR_OF = """
    SELECT order_id, repair_id FROM repair_orders
    WHERE order_id = ANY(%s::uuid[]) AND role = %s AND area = %s
"""
_ANSWER = """
    UPDATE repair_orders AS ordered SET answered_at = %s, taken_out = %s, put_in = %s, code = %s,
        detail = %s WHERE order_id = %s AND answered_at IS NULL
"""
_HUB_ROWS = f"""
    SELECT settlement_id, settled_on, reversed_on, insured_area, treatment_area, insurance_kind,
        visit_kind, total_fen, {", ".join(PARTS)}
    FROM settlements WHERE settlement_id = ANY(%s::uuid[]) AND settled_on IS NOT NULL
"""  # noqa: S608 - columns of ours
_CLEARED = """
    SELECT business_date FROM clearing_pair_days
    WHERE (business_date, insured_area, treatment_area) IN
        (SELECT * FROM unnest(%s::date[], %s::text[], %s::text[])) LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What an area was told to book; `answered_at` None: it has not said anything yet."""

    order_id: UUID
    repair_id: UUID
    undoes: UUID | None
    role: Role
    area: AreaCode
    settlement_id: SettlementId
    sign: int
    sent_at: datetime
    answered_at: datetime | None = None
    taken_out: int | None = None
    put_in: int | None = None
    code: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a repair bears on: its break's side, the counterpart, and the other day, if any."""

    side: SideKey
    counterpart: AreaCode | None
    other_date: date | None
    is_of_hospital: bool

    def sides(self) -> list[SideKey]:
        """The comparisons that it changes: one, or two where a row was on another day."""
        if self.is_of_hospital:
            return []
        day, role, area = self.side
        return [(on, role, area) for on in sorted({day, self.other_date or day})]


@dataclass(frozen=True, slots=True)
class HubRow:
    """A settlement that the hub booked, from which each side's row follows."""

    settled_on: date
    reversed_on: date | None
    insured_area: AreaCode
    treatment_area: AreaCode
    insurance_kind: InsuranceKind
    visit_kind: VisitKind
    total_fen: int
    parts_fen: tuple[int, ...]

    def booked(self, role: Role, sign: int) -> Booked | None:
        """The row that a side should have; None when the hub has none of this sign."""
        on = self.settled_on if sign == 1 else self.reversed_on
        if on is None:
            return None
        return Booked(
            business_date=on,
            counterpart=self.treatment_area if role is Role.INSURED else self.insured_area,
            insurance_kind=self.insurance_kind,
            visit_kind=self.visit_kind,
            total_fen=self.total_fen,
            parts_fen=self.parts_fen,
        )


def link(tx: Connection, proposal_id: UUID, wanted: Iterable[tuple[int, RepairKind]]) -> set[int]:
    """Note which breaks a proposal is about; those that were not noted before."""
    rows = [(proposal_id, break_id, kind.value) for break_id, kind in wanted]
    return {row[0] for row in bulk.write_and_return(tx, _LINK, "(%s, %s, %s)", rows)}


def proposed_elsewhere(tx: Connection, break_ids: Collection[int], but: UUID) -> list[int]:
    """Which of these another open proposal is about."""
    return [row[0] for row in bulk.fetch(tx, _OTHERS, (list(break_ids), but))]


def add(tx: Connection, repairs: Sequence[Repair]) -> None:
    rows = [
        (
            r.repair_id,
            r.break_id,
            r.kind.value,
            r.state.value,
            r.proposal_id,
            r.ordered_at,
            r.ordered_at,
        )
        for r in repairs
    ]
    bulk.write_rows(tx, _ADD, "(%s, %s, %s, %s, %s, %s, %s)", rows)


def lock(tx: Connection, repair_ids: Collection[UUID]) -> dict[UUID, Repair]:
    rows = bulk.fetch(tx, _LOCK, (list(repair_ids),))
    return {row[0]: _repair(row) for row in rows}


def of_break(tx: Connection, break_id: int) -> list[Repair]:
    """Every repair of a break, oldest first."""
    return [_repair(row) for row in bulk.fetch(tx, _OF_BREAK, (break_id,))]


def move(tx: Connection, repair_id: UUID, state: RepairState) -> None:
    """Write the state of a locked repair."""
    bulk.run(tx, _MOVE, (state.value, repair_id))


def looked(tx: Connection, repair_ids: Collection[UUID], now: datetime) -> None:
    bulk.run(tx, _LOOKED, (now, list(repair_ids)))


def to_follow(tx: Connection, looked_before: datetime, count: int) -> dict[UUID, Touched]:
    """Live repairs that nobody looked at since then, with what they bear on."""
    return {row[0]: _touched(row[1:]) for row in bulk.fetch(tx, _FOLLOW, (looked_before, count))}


def touched_by(tx: Connection, repair_ids: Collection[UUID]) -> dict[UUID, Touched]:
    """What each of these repairs bears on."""
    rows = bulk.fetch(tx, _TOUCHED_BY, (list(repair_ids),))
    return {row[0]: _touched(row[1:]) for row in rows}


def outcomes(tx: Connection, repair_ids: Collection[UUID]) -> dict[UUID, tuple[bool, bool]]:
    """Whether the comparison of each has not come to an end, and whether its row still differs."""
    rows = bulk.fetch(tx, _OUTCOMES, (list(repair_ids),))
    return {row[0]: (row[1], row[2]) for row in rows}


def add_orders(tx: Connection, orders: Sequence[Order]) -> set[UUID]:
    """Keep orders; the ids of those that were not there before."""
    rows = [
        (
            o.order_id,
            o.repair_id,
            o.undoes,
            o.role.value,
            o.area,
            o.settlement_id,
            o.sign,
            o.sent_at,
        )
        for o in orders
    ]
    template = "(%s::uuid, %s::uuid, %s::uuid, %s, %s, %s::uuid, %s, %s)"
    return {row[0] for row in bulk.write_and_return(tx, _ADD_ORDER, template, rows)}


def orders_of(tx: Connection, repair_ids: Collection[UUID]) -> list[Order]:
    """Every order of these repairs, oldest first."""
    return [
        Order(
            row[0], row[1], row[2], Role(row[3]), AreaCode(row[4]), SettlementId(row[5]), *row[6:]
        )
        for row in bulk.fetch(tx, _ORDERS, (list(repair_ids),))
    ]


def repairs_of_orders(
    tx: Connection, order_ids: Collection[UUID], role: Role, area: AreaCode
) -> dict[UUID, UUID]:
    """The repair of each of these orders that went to this side."""
    return dict(bulk.fetch(tx, _REPAIR_OF, (list(order_ids), role.value, area)))


def answer(tx: Connection, said: RepairAnswer, now: datetime) -> bool:
    """Keep the first answer to an order; whether this is it."""
    code = None if said.code is None else said.code.value
    values = (now, said.taken_out, said.put_in, code, said.detail, said.order_id)
    return bulk.run(tx, _ANSWER, values) == 1


def hub_rows(tx: Connection, ids: Collection[SettlementId]) -> dict[SettlementId, HubRow]:
    """What the hub booked of these settlements; one it never settled is not in it."""
    return {
        SettlementId(row[0]): HubRow(
            row[1],
            row[2],
            AreaCode(row[3]),
            AreaCode(row[4]),
            InsuranceKind(row[5]),
            VisitKind(row[6]),
            row[7],
            tuple(row[8:]),
        )
        for row in bulk.fetch(tx, _HUB_ROWS, (list(ids),))
    }


def cleared_day(
    tx: Connection, pair_days: Collection[tuple[date, AreaCode, AreaCode]]
) -> date | None:
    """A day of these (day, insured, treatment) that a clearing run has taken, if any."""
    columns = [list(column) for column in zip(*pair_days, strict=True)] or [[], [], []]
    return next((row[0] for row in bulk.fetch(tx, _CLEARED, columns)), None)


def _touched(row: Sequence[Any]) -> Touched:
    day, role, area, *rest = row
    return Touched((day, Role(role), AreaCode(area)), *rest)


def _repair(row: Sequence[Any]) -> Repair:
    return Repair(row[0], row[1], RepairKind(row[2]), RepairState(row[3]), row[4], row[5])
