"""An approved repair begins: conclusions are told again, orders go out, settlements are undone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from contracts.access import Principal
from contracts.ids import SettlementId, id_of_effect, new_id
from contracts.message import Outgoing
from contracts.messages.repair import RepairOrder
from contracts.messages.settlement import ReleaseReason
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from contracts.topics import participant
from hub.domain.repair import (
    KIND_ZH,
    BreakStep,
    QueuedBreak,
    Repair,
    RepairKind,
    RepairState,
)
from hub.domain.second_person import Proposal
from hub.domain.settlement import Event, Settlement
from hub.services import opening_cases, ordering, reconciliation
from hub.services.decided import Decided
from hub.services.proposing_repairs import kind_for
from hub.store import break_queue, repairs, settlements
from hub.store import reconciliation as sides
from hub.store.break_queue import StepTaken
from hub.store.repairs import HubRow, Order


@dataclass(slots=True)
class Acting:
    """What the repairs of one proposal come to, gathered first and written once.

    `asks` puts a question to an area; None where the hub takes no cases.
    """

    now: datetime
    asks: Callable[[Repair, QueuedBreak], object] | None
    rows: Mapping[SettlementId, HubRow]
    known: Mapping[SettlementId, Settlement]
    decided: Decided
    given: list[ordering.Given] = field(default_factory=list)
    told: list[Outgoing] = field(default_factory=list)
    undone: set[SettlementId] = field(default_factory=set)


def perform(
    tx: Connection, proposal: Proposal, by: Principal, now: datetime, keys: Sealer | None
) -> list[Outgoing]:
    """The effect of an approved REPAIR; breaks that went away meanwhile are left alone.

    Refused: BREAK_RESOLVED when none is left, OUT_OF_STEP when one is in hand, REPAIR_NOT_FITTING
    when its settlement has moved on.
    """
    wanted = {int(id_): RepairKind(kind) for id_, kind in proposal.content["repairs"]}
    left = _still_open(tx, wanted)
    asks = None if keys is None else _asking(tx, proposal.reason, by, keys, now)
    acting = _acting(tx, left, asks, now)
    begun = [_begin(acting, one, wanted[one.break_id], proposal) for one in left]
    repairs.add(tx, begun)
    repairs.add_orders(tx, [order for order, _ in acting.given])
    break_queue.add_steps(tx, [_step(one, proposal, by, now) for one in begun])
    acting.decided.write(tx)
    # On one topic and key: the area hears the orders before it is asked what it has.
    said = ordering.orders(proposal.proposal_id, acting.given, now)
    asked = reconciliation.ask_sides(tx, {key for one in left for key in one.sides()}, now)
    return [*acting.told, *acting.decided.outgoing, *said, *asked]


def order_of(acting: Acting, repair: Repair, one: QueuedBreak, sign: int) -> None:
    """The side shall have of this settlement and sign what the hub has."""
    assert one.found.row is not None, "only a row can be adopted"
    settlement_id = one.found.row[0]
    _, role, area = one.side
    row = acting.rows.get(settlement_id)
    order_id = id_of_effect(repair.repair_id, f"sign {sign:+d}")
    kept = Order(order_id, repair.repair_id, None, role, area, settlement_id, sign, acting.now)
    said = RepairOrder(
        order_id=order_id,
        settlement_id=settlement_id,
        sign=sign,
        stands=None if row is None else row.booked(role, sign),
    )
    acting.given.append((kept, said))


def _still_open(tx: Connection, wanted: Mapping[int, RepairKind]) -> list[QueuedBreak]:
    """Sides, then breaks, then settlements: in this order everywhere, so nobody deadlocks."""
    before = break_queue.of_ids(tx, sorted(wanted)).values()
    sides.lock_sides(tx, {key for one in before for key in one.sides()})
    break_queue.lock(tx, sorted(wanted))
    left = list(break_queue.of_ids(tx, sorted(wanted)).values())
    if not left:
        raise Refused(RefusalCode.BREAK_RESOLVED)
    for one in left:
        if one.is_engaged:
            raise Refused(RefusalCode.OUT_OF_STEP, f"差错{one.break_id}正在处理")
        kind_for(one, wanted[one.break_id])
    return left


def _asking(
    tx: Connection, why: str, by: Principal, keys: Sealer, now: datetime
) -> Callable[[Repair, QueuedBreak], object]:
    """Opens a case 问题协同 with the side that differs: it has a clock, and its answer stays."""

    def ask(repair: Repair, one: QueuedBreak) -> object:
        day, role, area = one.side
        about = "" if one.found.row is None else f"结算编号{one.found.row[0]}，"
        return opening_cases.ask(
            tx,
            id_of_effect(repair.repair_id, "the area is asked"),
            f"{day.isoformat()}对账差错：{about}{one.found.told()}。请核对后答复。{why}",
            respondents=(participant(role, area),),
            by=by,
            keys=keys,
            now=now,
        )

    return ask


def _acting(
    tx: Connection,
    left: list[QueuedBreak],
    asks: Callable[[Repair, QueuedBreak], object] | None,
    now: datetime,
) -> Acting:
    ids = sorted({one.found.row[0] for one in left if one.found.row is not None})
    known = settlements.lock(tx, ids)
    return Acting(now, asks, repairs.hub_rows(tx, ids), known, Decided(now))


def _begin(acting: Acting, one: QueuedBreak, kind: RepairKind, proposal: Proposal) -> Repair:
    state = RepairState.ORDERED
    repair = Repair(new_id(), one.break_id, kind, state, proposal.proposal_id, acting.now)
    ACTS[kind](acting, repair, one)
    return repair


def _resend(acting: Acting, repair: Repair, one: QueuedBreak) -> None:
    assert one.found.row is not None, "only of a settlement can be told how it ended"
    settlement = acting.known[one.found.row[0]]
    acting.told += ordering.conclusions(settlement, one.side[1], repair.repair_id, acting.now)


def _adopt(acting: Acting, repair: Repair, one: QueuedBreak) -> None:
    assert one.found.row is not None, "only a row can be adopted"
    order_of(acting, repair, one, one.found.row[1])


def _reverse(acting: Acting, repair: Repair, one: QueuedBreak) -> None:
    """Both rows will stand as the hub has them: this one now, its reversal when it is final.

    Breaks of both its sides may ask for it in one proposal: then it is undone once for both.
    """
    assert one.found.row is not None, "only a settlement can be reversed"
    _adopt(acting, repair, one)
    settlement_id = one.found.row[0]
    if settlement_id in acting.undone:
        return
    acting.undone.add(settlement_id)
    reversing = acting.decided.move(acting.known[settlement_id], Event.CANCEL, None)
    acting.decided.ask_release(reversing, ReleaseReason.CANCELLED, repair.repair_id)


def _ask(acting: Acting, repair: Repair, one: QueuedBreak) -> None:
    """A question with a clock; and its side is asked for its books again below."""
    if acting.asks is not None:
        acting.asks(repair, one)


ACTS: Mapping[RepairKind, Callable[[Acting, Repair, QueuedBreak], None]] = {
    RepairKind.RESEND: _resend,
    RepairKind.ADOPT: _adopt,
    RepairKind.REVERSE: _reverse,
    RepairKind.ASK: _ask,
}


def _step(repair: Repair, proposal: Proposal, by: Principal, now: datetime) -> StepTaken:
    return StepTaken(
        repair.break_id,
        now,
        by.subject,
        BreakStep.ORDERED,
        f"{KIND_ZH[repair.kind]}：{proposal.reason}",
        proposal.proposal_id,
        repair.repair_id,
    )
