"""What operators and agencies do in an honest country: a break is mended, and a run is paid."""

from datetime import timedelta
from uuid import UUID

from contracts.access import AccessRole, Principal
from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode
from contracts.delivery.outbox import Writing
from contracts.ids import MessageId, SettlementId, new_id
from contracts.messages.repair import RepairOrder
from hub.domain.payments import BankEntry
from hub.domain.repair import BreakQuery, RepairKind
from hub.domain.second_person import Proposal
from hub.services import (
    break_queue,
    clearing,
    overriding,
    payments,
    proposing_repairs,
    second_person,
    withdrawing_payments,
)
from participants.insured.store import repair_orders
from simulators.witness import Reply
from tests.simulation.honest_country import Country
from tests.support import insured, treatment

FOLLOWING = ("ask sides again", "follow repairs")
BROKEN_AFTER = timedelta(seconds=70)


def operator(name: str) -> Principal:
    return Principal(name, AccessRole.OPERATOR, None)


def struck_out(here: Country, one: Reply) -> None:
    """A bookkeeper of the insured area takes it for a double, and strikes it out."""
    assert one.settlement_id is not None
    order = RepairOrder(order_id=new_id(), settlement_id=SettlementId(one.settlement_id), sign=1)
    with here.desk.transaction() as writing:
        repair_orders.add(writing.tx, order, MessageId(order.order_id), writing.now)


def mended(here: Country) -> None:
    """The break of what was struck out: repaired, taken back, and repaired once more."""
    here.clock.at += BROKEN_AFTER
    _followed(here)
    repair_id = _adopted(here)
    with here.jobs.transaction() as writing:
        undo = proposing_repairs.propose_undo(
            writing.tx, repair_id, reason="误", by=operator("甲"), now=writing.now
        )
        _approved(writing, undo)
    _followed(here)
    _adopted(here)


def paid(here: Country, month: str) -> None:
    """Two operators confirm its run in place of the areas; all is paid, once after a mistake."""
    with here.jobs.transaction() as writing:
        [run] = [one for one in clearing.listed(writing.tx, 9) if one.cycle == month]
        wanted = overriding.propose(
            writing.tx, run.run_id, reason="逾期", by=operator("甲"), now=writing.now
        )
        _approved(writing, wanted)
    with here.jobs.transaction() as writing:
        [owed] = payments.obligations_of(writing.tx, run.run_id)
        _pay(writing, owed.obligation_id, "P1", 1)
        [wrong] = payments.find(writing.tx, owed.obligation_id)[1]
        gone = withdrawing_payments.propose(
            writing.tx, wrong.payment_id, reason="误", by=_agency(owed.from_area), now=writing.now
        )
        _approved(writing, gone)
        _pay(writing, owed.obligation_id, "P1", owed.amount_fen - 1)
        _pay(writing, owed.obligation_id, "P2", 1)
        for one in payments.find(writing.tx, owed.obligation_id)[1]:
            if one.withdrawn_at is None:
                _receive(writing, one.payment_id, one.sent)


def _adopted(here: Country) -> UUID:
    with here.jobs.transaction() as writing:
        [one] = break_queue.queued(writing.tx, BreakQuery(free_only=True))
        wanted = {one.break_id: RepairKind.ADOPT}
        proposal = proposing_repairs.propose(
            writing.tx, wanted, reason="核对", by=operator("甲"), now=writing.now
        )
        _approved(writing, proposal)
    _followed(here)
    with here.jobs.transaction() as writing:
        [repair] = break_queue.history(writing.tx, one.break_id).repairs
    return repair.repair_id


def _followed(here: Country) -> None:
    """Areas obey, and are compared again."""
    for _ in range(4):
        here.work()
        here.clock.at += timedelta(seconds=10)
        here.run_jobs(*FOLLOWING)
    here.work()


def _approved(writing: Writing, one: Proposal) -> None:
    _, said = second_person.decide(
        writing.tx, one.proposal_id, approve=True, why="", by=operator("乙"), now=writing.now
    )
    writing.say(said)


def _agency(area: AreaCode) -> Principal:
    return Principal(f"{area}财务", AccessRole.INSURED_AGENCY, area)


def _pay(writing: Writing, owed_id: UUID, serial: str, fen: int) -> None:
    slip = BankEntry("某银行", serial, shanghai_date_of(writing.now), fen)
    by = _agency(insured.AREA)
    payments.pay(writing.tx, owed_id, slip, area=insured.AREA, by=by.subject, now=writing.now)


def _receive(writing: Writing, payment_id: UUID, sent: BankEntry) -> None:
    slip = BankEntry("另一银行", f"R{sent.serial}", sent.on, sent.amount_fen)
    by, area = _agency(treatment.AREA), treatment.AREA
    payments.receive(writing.tx, payment_id, slip, area=area, by=by.subject, now=writing.now)
