"""Repairs beside what goes on meanwhile: other operators, other breaks, clearing, long queues."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from time import sleep
from typing import Any

import pytest

from contracts import control_sums
from contracts.codes import Role
from contracts.delivery import bulk
from contracts.ids import SettlementId, new_id
from contracts.message import Outgoing
from contracts.messages.repair import RepairOrder, RepairOrdered
from contracts.messages.settlement import ReleaseRefused, ReleaseRequested
from contracts.refusal import RefusalCode, Refused
from hub.domain.pair_day import PairDay, Span
from hub.domain.repair import BreakQuery, QueuedBreak, RepairKind, RepairState
from hub.domain.second_person import Proposal, ProposalState
from hub.services import (
    following_repairs,
    proposing_repairs,
    releases,
    repair_sheets,
    second_person,
)
from hub.store import break_queue, pair_days, proposals
from hub.store import reconciliation as sides
from hub.store import repairs as stored
from participants.insured import area_file
from participants.insured.services import repairing as insured_repairing
from participants.insured.store import booked as insured_booked
from participants.treatment.services import repairing as treatment_repairing
from participants.treatment.store import booked as treatment_booked
from tests.services.test_between_repairs import (
    AT_INSURED,
    AT_TREATMENT,
    DAY,
    LI,
    LOSE_GRANT,
    NO_ANSWER,
    WANG,
    Desk,
    planted_amount,
)
from tests.services.test_break_sheets import edited, put
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.hub import said
from tests.support.three_parties import world

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def desk(databases: Databases) -> Desk:
    return Desk(world(databases, Random(5)))


def repair_of(desk: Desk, break_id: int) -> Any:
    with desk.here.hub.begin() as tx:
        return stored.of_break(tx, break_id)[-1].repair_id


def undo(desk: Desk, break_id: int) -> Proposal:
    found = desk.do(
        proposing_repairs.propose_undo, repair_of(desk, break_id), reason="处理有误", by=WANG
    )
    assert isinstance(found, Proposal)
    return found


def attempts(desk: Desk) -> int:
    query = "SELECT attempt FROM reconciliation_sides WHERE (business_date, role) = (%s, %s)"
    [(attempt,)] = desk.here.rows(desk.here.hub, query, DAY, AT_TREATMENT[0].value)
    return int(attempt)


@pytest.mark.parametrize("what", ["repair", "undo"])
def test_proposing_again_what_is_just_approved_waits_without_holding_anything(
    desk: Desk, what: str
) -> None:
    """An approval holds its proposal and goes for the break; who proposes goes the same way."""
    [one] = planted_amount(desk)
    proposal = desk.propose({one.break_id: RepairKind.ADOPT})
    lock = "SELECT FROM breaks WHERE break_id = %s FOR UPDATE NOWAIT"
    key: Any = one.break_id
    if what == "undo":
        desk.approve(proposal)
        desk.compare(30)
        proposal = undo(desk, one.break_id)
        lock = "SELECT FROM repairs WHERE repair_id = %s FOR UPDATE NOWAIT"
        key = repair_of(desk, one.break_id)

    def again() -> None:
        if what == "undo":
            undo(desk, one.break_id)
        else:
            desk.propose({one.break_id: RepairKind.ADOPT})

    with ThreadPoolExecutor(1) as other, desk.here.hub.begin() as tx:
        locked = proposals.lock(tx, proposal.proposal_id)
        assert locked is not None
        now = desk.here.now
        proposals.decide(
            tx,
            replace(locked, state=ProposalState.DECLINED, decided_by=LI.subject, decided_at=now),
        )
        waiting = other.submit(again)
        while bulk.fetch(tx, WAITS) == [(0,)]:
            assert not waiting.done()
            sleep(0.01)
        bulk.run(tx, lock, (key,))
    waiting.result(10)


def test_each_breaks_history_has_its_own_reason_and_nobodys_number(desk: Desk) -> None:
    found = planted_amount(desk, 2)
    with desk.here.hub.begin() as tx:
        sent = repair_sheets.out(tx, BreakQuery())

    def fill(page: Any) -> None:
        for row, why in ((3, "第一笔" * 60), (4, "第二笔" * 60)):
            put(row, "处理方式", "以中心为准")(page)
            put(row, "处理理由", why)(page)

    content = edited(sent, fill)
    with desk.here.hub.begin() as tx:
        seen = repair_sheets.preview(tx, content)
    desk.do(repair_sheets.propose, content, seen.sheet_sha256, by=WANG)
    with desk.here.hub.begin() as tx:
        steps = [break_queue.steps_of(tx, one.break_id)[-1].detail for one in found]
    assert steps == [f"以中心为准：{'第一笔' * 60}", f"以中心为准：{'第二笔' * 60}"]
    named = edited(content, put(4, "处理理由", "患者 11010519491231002X 重复"))
    with desk.here.hub.begin() as tx, pytest.raises(Refused, match="第4行处理理由含有证件号码"):
        repair_sheets.preview(tx, named)


def test_a_difference_with_a_hospital_says_nothing_of_a_repair_between_the_areas(
    desk: Desk,
) -> None:
    [one] = planted_amount(desk)
    assert one.found.row is not None
    with desk.here.hub.begin() as tx:
        bulk.run(
            tx,
            """
            INSERT INTO breaks (business_date, area, role, class, counterpart, insurance_kind,
                visit_kind, settlement_id, sign, hub_fen, side_fen, found_at, hospital_code,
                hospital_number)
            SELECT business_date, area, role, class, counterpart, insurance_kind, visit_kind,
                settlement_id, sign, side_fen, 1, found_at, %s, 7 FROM breaks
            """,
            (treatment.HOSPITAL,),
        )
    hospitals = next(each for each in desk.queue() if each.hospital_code)
    desk.repair(hospitals, RepairKind.ASK)
    assert desk.states(hospitals.break_id) == [RepairState.ORDERED]
    desk.repair(one, RepairKind.ADOPT)
    assert desk.states(one.break_id) == [RepairState.WORKED]


def test_who_was_asked_for_the_cause_is_not_asked_for_its_books_all_the_time(desk: Desk) -> None:
    [one] = planted_amount(desk)
    desk.approve(desk.propose({one.break_id: RepairKind.ASK}))
    before = attempts(desk)
    desk.compare(120)
    assert attempts(desk) - before <= 1
    assert desk.states(one.break_id) == [RepairState.ORDERED]


def test_what_booked_nothing_is_not_undone(desk: Desk) -> None:
    [one] = planted_amount(desk)
    desk.repair(one, RepairKind.ADOPT)
    with desk.here.hub.begin() as tx:
        bulk.run(tx, "UPDATE repairs SET state = 'failed'")
        bulk.run(tx, "UPDATE repair_orders SET code = '5007', taken_out = 0, put_in = 0")
    with pytest.raises(Refused) as refused:
        undo(desk, one.break_id)
    assert refused.value.code is RefusalCode.REPAIR_NOT_FITTING


def test_what_the_area_has_not_answered_yet_is_not_undone(desk: Desk) -> None:
    """The contrary order could overtake the first, and find nothing to take back."""
    [one] = planted_amount(desk)
    adopt = desk.propose({one.break_id: RepairKind.ADOPT})
    desk.do(second_person.decide, adopt.proposal_id, approve=True, why="", by=LI)
    with pytest.raises(Refused, match="尚未答复"):
        undo(desk, one.break_id)
    desk.compare(30)
    undo(desk, one.break_id)


def test_a_side_that_is_asked_again_vouches_for_nothing_until_it_has_answered(desk: Desk) -> None:
    """A repair is taken back: what the side said before does not make its day ready to be paid."""
    [one] = planted_amount(desk)
    desk.repair(one, RepairKind.ADOPT)
    span = Span(DAY - timedelta(days=62), DAY, DAY)
    mine = PairDay(DAY, insured.AREA, treatment.AREA)

    def ready() -> bool:
        with desk.here.hub.begin() as tx:
            return mine in [day for day, _ in pair_days.ready(tx, span)]

    assert ready()
    back = undo(desk, one.break_id)
    desk.do(second_person.decide, back.proposal_id, approve=True, why="", by=LI)
    assert not ready()
    with desk.here.hub.begin() as tx:
        [side] = sides.lock_sides(tx, [(DAY, *AT_TREATMENT)]).values()
    later = desk.here.now + timedelta(seconds=1)
    assert not side.takes_report(side.attempt - 1, later)  # on its way since before
    desk.compare(30)
    assert [each.found for each in desk.queue()] == [one.found]


QUEUE_TABLES = ("repairs", "repair_proposals", "breaks")


def test_the_queue_is_read_by_indexes_however_old_the_books_are(desk: Desk) -> None:
    """Every break looks for its own repairs: never through all that were ever made."""
    with desk.here.hub.begin() as tx:
        bulk.run(tx, "SET LOCAL enable_seqscan = off")
        plan = str(bulk.fetch(tx, f"EXPLAIN {break_queue._OF_IDS}", ([1, 2],)))
    assert [name for name in QUEUE_TABLES if f"Seq Scan on {name}" in plan] == []


def test_a_row_that_by_order_does_not_stand_is_in_no_slice(desk: Desk) -> None:
    """A slice that is told late may be of rows that were repaired meanwhile."""
    [id_] = desk.settled()
    here, a_day = desk.here, timedelta(days=1)
    at_treatment = partial(treatment_repairing.obey, area=treatment.AREA)
    at_insured = partial(insured_repairing.obey, area_file.load(insured.AREA))
    parties: Any = (
        (Role.TREATMENT, treatment.AREA, here.treatment, at_treatment, treatment_booked),
        (Role.INSURED, insured.AREA, here.insured, at_insured, insured_booked),
    )
    for role, area, engine, obey, booked in parties:
        order = RepairOrder(order_id=new_id(), settlement_id=SettlementId(id_), sign=1)
        heard = said(RepairOrdered(role=role, area=area, orders=(order,)), "hub")
        with engine.begin() as tx:
            rows = booked.of_slice(here.now - a_day, here.now + a_day)
            assert len(control_sums.days_of(tx, *rows)) == 1
            obey(tx=tx, batch=[heard], now=here.now)
            assert control_sums.days_of(tx, *rows) == ()


def test_one_settlement_that_differs_at_both_its_sides_is_reversed_once_for_both(
    desk: Desk,
) -> None:
    odd, _ = desk.settled(2)
    desk.plant("insured", LOSE_GRANT, odd)
    desk.plant("treatment", NO_ANSWER, odd)
    desk.close_two_days()
    both = desk.queue()
    assert {one.side[1:] for one in both} == {AT_INSURED, AT_TREATMENT}

    desk.approve(desk.propose({one.break_id: RepairKind.REVERSE for one in both}))
    desk.compare(30)
    desk.here.close_day()  # the negative rows lie on the day that is open
    desk.compare()

    assert (desk.queue(), desk.not_agreed()) == ([], [])
    assert [desk.states(one.break_id) for one in both] == [[RepairState.WORKED]] * 2
    cancelled = "SELECT count(*) FROM settlement_steps WHERE settlement_id = %s AND event = %s"
    assert desk.here.rows(desk.here.hub, cancelled, odd, "cancel") == [(1,)]


def test_what_the_insured_area_once_kept_can_be_reversed_by_a_later_repair(desk: Desk) -> None:
    [one] = planted_amount(desk)
    assert one.found.row is not None
    first = _release_asked(desk, one)
    kept = ReleaseRefused(settlement_id=one.found.row[0], code=RefusalCode.NOT_CANCELLABLE)
    with desk.here.hub.begin() as tx:
        releases.refuse(tx, [said(kept, f"insured.{insured.AREA}")], desk.here.now)
    desk.here.now += timedelta(seconds=10)
    desk.do(following_repairs.follow)
    assert desk.states(one.break_id) == [RepairState.FAILED]

    second = _release_asked(desk, one)
    desk.compare(30)
    desk.here.close_day()
    desk.compare()

    assert second.message.head.message_id != first.message.head.message_id
    assert desk.queue() == []
    assert set(desk.states(one.break_id)) == {RepairState.FAILED, RepairState.WORKED}


def _release_asked(desk: Desk, one: QueuedBreak) -> Outgoing:
    proposal = desk.propose({one.break_id: RepairKind.REVERSE})
    _, told = desk.do(second_person.decide, proposal.proposal_id, approve=True, why="", by=LI)
    [found] = [each for each in told if isinstance(each.message.body, ReleaseRequested)]
    assert isinstance(found, Outgoing)
    return found
