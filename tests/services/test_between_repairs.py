"""Breaks of every class between three real parties: found, repaired by two people, and agreed on.

The books are changed behind everybody's back, as a fault would; what mends them is only what the
hub orders and the areas obey.
"""

# ruff: noqa: S608 - statements of ours; values are parameters

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Role
from contracts.delivery import bulk
from contracts.ids import short_text_of
from contracts.message import Outgoing
from contracts.messages.repair import (
    RepairAnswer,
    RepairAnswered,
    RepairOrder,
    RepairOrdered,
)
from contracts.messages.values import PARTS
from contracts.refusal import RefusalCode, Refused
from contracts.sealing import Sealer
from hub.domain.reconciliation import BreakClass
from hub.domain.repair import BreakQuery, QueuedBreak, RepairKind, RepairState
from hub.domain.second_person import Proposal
from hub.services import (
    break_queue,
    following_repairs,
    proposing_repairs,
    reconciliation,
    repair_sheets,
    second_person,
)
from hub.services.reconciliation import Patience
from hub.store import repairs as stored
from participants.gateway.serving.requests import Awaiting
from participants.treatment.services import repairing
from tests.services.test_break_sheets import edited, put
from tests.support import insured, treatment
from tests.support.databases import Databases
from tests.support.hub import said
from tests.support.three_parties import INSURED, World, world

MINUTE, STEP_S = timedelta(minutes=1), 3
PATIENCE = Patience(break_after=MINUTE, ask_every=timedelta(seconds=3))
WANG = Principal("王一", AccessRole.OPERATOR, None)
LI = Principal("李二", AccessRole.OPERATOR, None)
AT_INSURED, AT_TREATMENT = (Role.INSURED, insured.AREA), (Role.TREATMENT, treatment.AREA)
DAY, NEXT_DAY = insured.TODAY, insured.TODAY + timedelta(days=1)

_OF = "WHERE settlement_id = %(id)s"
LOSE_GRANT = (f"DELETE FROM workings {_OF}", f"DELETE FROM grants {_OF}")
NOT_HEARD = (f"UPDATE grants SET state = 'granted', settled_on = NULL {_OF}",)
NO_ANSWER = (
    f"""
    UPDATE settlements SET state = 'requested', business_date = NULL, settled_at = NULL,
        answered_at = NULL {_OF}
    """,
)
MORE = (
    f"""
    UPDATE settlements SET total_fen = total_fen + 700, in_scope_fen = in_scope_fen + 700,
        cash_fen = cash_fen + 700 {_OF}
    """,
)
SHIFT = (f"UPDATE grants SET pool_fen = pool_fen - 700, cash_fen = cash_fen + 700 {_OF}",)
OTHER_DAY = (f"UPDATE grants SET settled_on = '{NEXT_DAY}' {_OF}",)
GAVE_BACK = (
    f"""
    UPDATE settlements SET state = 'reversed', reversed_on = business_date, reversed_at = now()
    {_OF}
    """,
)
NOT_HEARD_OF_REVERSAL = (
    f"UPDATE settlements SET state = 'settled', reversed_on = NULL, reversed_at = NULL {_OF}",
)
TWICE = (
    "ALTER TABLE workings DROP CONSTRAINT workings_settlement_id_fkey",
    "ALTER TABLE grant_years DROP CONSTRAINT grant_years_settlement_id_fkey",
    "ALTER TABLE grants DROP CONSTRAINT grants_pkey",
    f"INSERT INTO grants SELECT * FROM grants {_OF}",
)
HUB_LOST = (
    "SET LOCAL session_replication_role = replica",
    f"DELETE FROM postings {_OF}",
    f"""
    UPDATE settlements SET state = 'expired', settled_on = NULL,
        {", ".join(f"{part} = 0" for part in PARTS)} {_OF}
    """,
)


@dataclass(frozen=True, slots=True)
class Planted:
    """Whose books are changed and how, what the hub calls it, and what mends it."""

    of: str
    statements: tuple[str, ...]
    called: BreakClass
    side: tuple[Role, AreaCode]
    repair: RepairKind


K, C = RepairKind, BreakClass
# fmt: off
EACH_CLASS = (
    Planted("insured",   LOSE_GRANT, C.ONLY_AT_HUB,       AT_INSURED,   K.ADOPT),
    Planted("insured",   NOT_HEARD,  C.ONLY_AT_HUB,       AT_INSURED,   K.RESEND),
    Planted("treatment", NO_ANSWER,  C.ONLY_AT_HUB,       AT_TREATMENT, K.RESEND),
    Planted("treatment", NO_ANSWER,  C.ONLY_AT_HUB,       AT_TREATMENT, K.ADOPT),
    Planted("insured",   LOSE_GRANT, C.ONLY_AT_HUB,       AT_INSURED,   K.REVERSE),
    Planted("hub",       HUB_LOST,   C.ONLY_AT_INSURED,   AT_INSURED,   K.ADOPT),
    Planted("hub",       HUB_LOST,   C.ONLY_AT_TREATMENT, AT_TREATMENT, K.ADOPT),
    Planted("treatment", MORE,       C.AMOUNT,            AT_TREATMENT, K.ADOPT),
    Planted("treatment", MORE,       C.AMOUNT,            AT_TREATMENT, K.REVERSE),
    Planted("insured",   SHIFT,      C.FUND_SPLIT,        AT_INSURED,   K.ADOPT),
    Planted("insured",   SHIFT,      C.FUND_SPLIT,        AT_INSURED,   K.REVERSE),
    Planted("insured",   OTHER_DAY,  C.DAY,               AT_INSURED,   K.ADOPT),
    Planted("insured",   TWICE,      C.DUPLICATE,         AT_INSURED,   K.ADOPT),
    Planted("treatment", GAVE_BACK,  C.STATUS,            AT_TREATMENT, K.ADOPT),
)
# fmt: on


@dataclass(slots=True)
class Desk:
    """Two people of the hub, and the three parties they work on."""

    here: World

    def settled(self, count: int = 1) -> list[UUID]:
        for _ in range(count):
            self.said("2304", self.here.bill(INSURED))
        found = self.here.rows(self.here.hub, "SELECT settlement_id FROM settlements ORDER BY 1")
        return [row[0] for row in found]

    def said(self, infno: str, node: dict[str, Any]) -> None:
        """A request of the hospital, answered by everybody."""
        _, step = self.here.ask(self.here.document(infno, node))
        assert isinstance(step, Awaiting)
        self.here.drain()

    def cancelled(self, id_: UUID) -> None:
        psn_no = insured.person(INSURED)
        self.said("2305", {"psn_no": psn_no, "setl_id": short_text_of(id_), "mdtrt_id": "1"})

    def plant(self, of: str, statements: Sequence[str], id_: UUID) -> None:
        with getattr(self.here, of).begin() as tx:
            for statement in statements:
                bulk.run(tx, statement, {"id": id_})

    def do(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """One transaction of the hub; what it says goes on its way."""
        with self.here.hub.begin() as tx:
            result = work(tx, *arguments, now=self.here.now, **named)
        said = result[1] if isinstance(result, tuple) else result
        if isinstance(said, list) and all(isinstance(one, Outgoing) for one in said):
            self.here.on_the_way += said
        return result

    def compare(self, seconds: int = 70) -> None:
        """Time passes: days are compared, repairs followed, until the agreed time is long over."""
        for _ in range(0, seconds, STEP_S):
            self.do(reconciliation.begin_due, patience=PATIENCE)
            self.do(reconciliation.ask_again, patience=PATIENCE)
            self.do(following_repairs.follow)
            self.here.drain()
            self.here.now += timedelta(seconds=STEP_S)

    def close_two_days(self) -> None:
        """Two, so that what lies on the wrong day is on a closed one."""
        self.here.close_day()
        self.here.close_day()
        self.compare()

    def queue(self, **asked: Any) -> list[QueuedBreak]:
        with self.here.hub.begin() as tx:
            return break_queue.queued(tx, BreakQuery(**asked))

    def propose(self, wanted: dict[int, RepairKind | None], reason: str = "核对无误") -> Proposal:
        found = self.do(proposing_repairs.propose, wanted, reason=reason, by=WANG)
        assert isinstance(found, Proposal)
        return found

    def approve(self, proposal: Proposal) -> None:
        self.do(second_person.decide, proposal.proposal_id, approve=True, why="", by=LI)
        self.here.drain()

    def repair(self, one: QueuedBreak, kind: RepairKind) -> None:
        self.approve(self.propose({one.break_id: kind}))
        self.compare(30)

    def states(self, break_id: int) -> list[RepairState]:
        with self.here.hub.begin() as tx:
            return [one.state for one in stored.of_break(tx, break_id)]

    def steps(self, break_id: int) -> list[str]:
        with self.here.hub.begin() as tx:
            return [one.step.value for one in break_queue.history(tx, break_id).steps]

    def not_agreed(self) -> list[tuple[Any, ...]]:
        query = """
            SELECT business_date, role, area, state FROM reconciliation_sides
            WHERE state <> 'agreed' ORDER BY 1, 2, 3
        """
        return self.here.rows(self.here.hub, query)


@pytest.fixture
def desk(databases: Databases) -> Desk:
    return Desk(world(databases, Random(5)))


@pytest.mark.parametrize(
    "planted", EACH_CLASS, ids=lambda one: f"{one.called}-{one.of}-{one.repair}"
)
def test_every_class_of_break_is_repaired_so_that_the_next_comparison_agrees(
    desk: Desk, planted: Planted
) -> None:
    odd, _ = desk.settled(2)
    desk.plant(planted.of, planted.statements, odd)
    desk.close_two_days()
    found = [one for one in desk.queue() if one.side[1:] == planted.side]
    assert planted.called in {one.found.break_class for one in found}
    [one] = [each for each in found if each.found.break_class is planted.called][:1]
    assert planted.repair in one.fitting

    desk.repair(one, planted.repair)

    if planted.repair is RepairKind.REVERSE:  # its negative row lies on the day that is open
        desk.here.close_day()
        desk.compare()
    left = [each for each in desk.queue() if each.side[1:] == planted.side]
    assert left == []
    assert [each for each in desk.not_agreed() if (each[1], each[2]) == planted.side] == []
    assert desk.states(one.break_id) == [RepairState.WORKED]


def planted_amount(desk: Desk, count: int = 1) -> list[QueuedBreak]:
    """So many breaks of class amount at the treatment area, and one settlement that is sound."""
    *odd, _ = desk.settled(count + 1)
    for id_ in odd:
        desk.plant("treatment", MORE, id_)
    desk.close_two_days()
    return desk.queue()


@pytest.mark.parametrize("kind", [RepairKind.RESEND, RepairKind.ADOPT])
def test_a_reversal_that_a_side_never_heard_of_is_a_break_of_status(
    desk: Desk, kind: RepairKind
) -> None:
    odd, _ = desk.settled(2)
    desk.cancelled(odd)
    desk.plant("treatment", NOT_HEARD_OF_REVERSAL, odd)
    desk.close_two_days()
    [one] = desk.queue()
    assert (one.found.break_class, one.found.row) == (BreakClass.STATUS, (odd, -1))
    assert one.proposed is RepairKind.RESEND
    desk.repair(one, kind)
    assert (desk.queue(), desk.not_agreed()) == ([], [])
    stands = desk.here.rows(
        desk.here.treatment, "SELECT state FROM settlements WHERE settlement_id = %s", odd
    )
    assert stands == [("reversed" if kind is RepairKind.RESEND else "settled",)]


def test_nothing_happens_before_a_second_person_has_agreed(desk: Desk) -> None:
    [one] = planted_amount(desk)
    proposal = desk.propose({one.break_id: RepairKind.ADOPT})
    desk.compare(10)
    assert desk.here.rows(desk.here.treatment, "SELECT count(*) FROM repair_orders") == [(0,)]
    [waits] = desk.queue()
    assert (waits.proposal_id, waits.is_engaged) == (proposal.proposal_id, True)
    for by, approve, code in (
        (WANG, True, RefusalCode.SECOND_PERSON_NEEDED),
        (WANG, False, RefusalCode.SECOND_PERSON_NEEDED),
    ):
        with pytest.raises(Refused) as refused:
            desk.do(second_person.decide, proposal.proposal_id, approve=approve, why="是", by=by)
        assert refused.value.code is code
    # The same again is the same; another wish for the same break has to wait.
    assert desk.propose({one.break_id: RepairKind.ADOPT}).proposal_id == proposal.proposal_id
    with pytest.raises(Refused, match="待复核"):
        desk.propose({one.break_id: RepairKind.ASK})
    desk.do(second_person.decide, proposal.proposal_id, approve=False, why="先查原因", by=LI)
    assert desk.states(one.break_id) == []
    assert not desk.queue()[0].is_engaged
    desk.repair(one, RepairKind.ADOPT)
    assert desk.queue() == []


def test_a_repair_is_undone_by_contrary_entries_and_the_break_is_there_again(desk: Desk) -> None:
    [one] = planted_amount(desk)
    desk.repair(one, RepairKind.ADOPT)
    assert desk.not_agreed() == []
    with desk.here.hub.begin() as tx:
        [repair] = stored.of_break(tx, one.break_id)
    undo = desk.do(proposing_repairs.propose_undo, repair.repair_id, reason="处理有误", by=WANG)
    desk.approve(undo)
    desk.compare(20)

    entries = "SELECT effect, sum(total_fen)::bigint, count(*) FROM repair_entries GROUP BY 1"
    assert sorted(desk.here.rows(desk.here.treatment, entries)) == [
        (-1, 600_700, 2),
        (1, 600_700, 2),
    ]
    assert desk.states(one.break_id) == [RepairState.UNDONE]
    assert desk.steps(one.break_id) == [
        "proposed", "ordered", "obeyed", "worked", "undo_proposed", "undoing", "undone",
    ]  # fmt: skip
    [again] = desk.queue()
    assert (again.found, again.break_id != one.break_id) == (one.found, True)
    with pytest.raises(Refused, match="已撤销"):
        desk.do(proposing_repairs.propose_undo, repair.repair_id, reason="再次", by=WANG)
    desk.repair(again, RepairKind.ADOPT)  # and it can be repaired again
    assert (desk.queue(), desk.not_agreed()) == ([], [])


def test_many_breaks_are_repaired_at_once_by_query(desk: Desk) -> None:
    planted_amount(desk, 5)
    query = BreakQuery(classes=(BreakClass.AMOUNT,), area=treatment.AREA, at_least_fen=700)
    with desk.here.hub.begin() as tx:
        chosen = proposing_repairs.chosen_by(tx, query, None)
        assert proposing_repairs.chosen_by(tx, BreakQuery(at_least_fen=701), None) == []
        assert proposing_repairs.chosen_by(tx, query, RepairKind.RESEND) == []
    assert len(chosen) == 5
    proposal = desk.propose({one.break_id: None for one in chosen})
    assert proposal.value_fen == 3_500
    desk.approve(proposal)
    desk.compare(20)
    assert (desk.queue(), desk.not_agreed()) == ([], [])
    assert {tuple(desk.states(one.break_id)) for one in chosen} == {(RepairState.WORKED,)}
    messages = "SELECT count(DISTINCT message_id) FROM repair_orders"
    assert desk.here.rows(desk.here.treatment, messages) == [(1,)], "one message for all of them"


def test_an_edited_sheet_is_previewed_and_then_proposed(desk: Desk) -> None:
    first, second = planted_amount(desk, 2)
    with desk.here.hub.begin() as tx:
        sent = repair_sheets.out(tx, BreakQuery())

    def fill(page: Any) -> None:
        for row, zh in ((3, "以中心为准"), (4, "请该方核查")):
            put(row, "处理方式", zh)(page)
            put(row, "处理理由", "按表处理")(page)

    content = edited(sent, fill)
    with desk.here.hub.begin() as tx:
        seen = repair_sheets.preview(tx, content)
    assert [(one.one.break_id, one.kind) for one in seen.changes] == [
        (first.break_id, RepairKind.ADOPT),
        (second.break_id, RepairKind.ASK),
    ]
    assert desk.here.rows(desk.here.hub, "SELECT count(*) FROM proposals") == [(0,)]
    with pytest.raises(Refused, match="与预览的文件不一致"):
        desk.do(repair_sheets.propose, content, "0" * 64, by=WANG)
    for edit, why in (
        (put(3, "差错编号", 999), "第3行差错999不存在"),
        (put(3, "差错编号", second.break_id), "第3行“结算编号”与系统不一致"),
        (put(4, "结算编号", str(UUID(int=1))), "第4行“结算编号”与系统不一致"),
        (put(4, "校验码", "0" * 16), "第4行“校验码”与系统不一致"),
    ):
        assert _why_wrong(desk, edited(content, edit)) == why
    desk.approve(desk.do(repair_sheets.propose, content, seen.sheet_sha256, by=WANG))
    desk.compare(20)
    [left] = desk.queue()
    assert (left.break_id, left.repair_state) == (second.break_id, RepairState.ORDERED)
    assert _why_wrong(desk, content) == f"第3行差错{first.break_id}已处理"
    without_first = edited(content, put(3, "处理方式", None))
    assert _why_wrong(desk, without_first) == f"第4行差错{second.break_id}已有处理"


def _why_wrong(desk: Desk, content: bytes) -> str:
    with desk.here.hub.begin() as tx, pytest.raises(Refused) as refused:
        repair_sheets.preview(tx, content)
    assert refused.value.code is RefusalCode.TABLE_WRONG
    return refused.value.detail


def test_a_sheet_without_a_reason_or_with_an_unfit_repair_is_refused(desk: Desk) -> None:
    planted_amount(desk)
    with desk.here.hub.begin() as tx:
        sent = repair_sheets.out(tx, BreakQuery())
        for zh, reason, code in (
            (None, None, RefusalCode.TABLE_WRONG),
            ("以中心为准", None, RefusalCode.TABLE_WRONG),
            ("重发结论", "重发", RefusalCode.REPAIR_NOT_FITTING),
        ):

            def fill(page: Any, zh: str | None = zh, reason: str | None = reason) -> None:
                put(3, "处理方式", zh)(page)
                put(3, "处理理由", reason)(page)

            with pytest.raises(Refused) as refused:
                repair_sheets.preview(tx, edited(sent, fill))
            assert refused.value.code is code


def test_what_an_area_refuses_or_cannot_mend_comes_back_into_the_queue(desk: Desk) -> None:
    """It answers nothing at all: after ten minutes the break is free for another repair."""
    [one] = planted_amount(desk)
    desk.do(
        second_person.decide,
        desk.propose({one.break_id: RepairKind.ADOPT}).proposal_id,
        approve=True, why="", by=LI,
    )  # fmt: skip
    desk.here.on_the_way.clear()  # everything is lost on its way
    desk.here.now += timedelta(minutes=11)
    desk.do(following_repairs.follow)
    assert desk.states(one.break_id) == [RepairState.FAILED]
    [free] = desk.queue(free_only=True)
    assert free.break_id == one.break_id
    desk.here.on_the_way.clear()
    desk.repair(one, RepairKind.ADOPT)
    assert desk.queue() == []
    assert set(desk.states(one.break_id)) == {RepairState.FAILED, RepairState.WORKED}


def test_the_queue_shows_age_owner_value_and_what_is_proposed(desk: Desk) -> None:
    first, second = planted_amount(desk, 2)
    assert first.since == insured.NOON + MINUTE, "from the agreed time on"
    assert (first.at_risk_fen, first.proposed) == (700, RepairKind.ADOPT)
    assert desk.do(break_queue.claim, [first.break_id], by=WANG) == 1
    assert desk.do(break_queue.claim, [first.break_id], by=WANG) == 0
    with pytest.raises(Refused) as refused:
        desk.do(break_queue.claim, [first.break_id, second.break_id], by=LI)
    assert refused.value.code is RefusalCode.OWNED_ALREADY
    assert desk.do(break_queue.assign, [first.break_id, second.break_id], "李二", by=WANG) == 2
    with pytest.raises(Refused) as refused:
        desk.do(break_queue.release, [first.break_id], by=WANG)
    assert refused.value.code is RefusalCode.NOT_THE_OWNER
    assert [one.break_id for one in desk.queue(owner="李二")] == [first.break_id, second.break_id]
    desk.do(break_queue.release, [first.break_id], by=LI)
    assert desk.steps(first.break_id) == ["claimed", "assigned", "released"]
    with desk.here.hub.begin() as tx:
        [summed] = break_queue.sums(tx)
    assert (summed.break_class, summed.count, summed.at_risk_fen, summed.owned) == (
        BreakClass.AMOUNT, 2, 1_400, 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({999: None}, RefusalCode.UNKNOWN_BREAK),
        ({1: RepairKind.RESEND}, RefusalCode.REPAIR_NOT_FITTING),
        ({}, RefusalCode.FIELD_INVALID),
    ],
)
def test_what_cannot_be_proposed_is_refused_and_nothing_is_kept(
    desk: Desk, wanted: dict[int, RepairKind | None], code: RefusalCode
) -> None:
    [one] = planted_amount(desk)
    wanted = {one.break_id if id_ == 1 else id_: kind for id_, kind in wanted.items()}
    with pytest.raises(Refused) as refused:
        desk.propose(wanted)
    assert refused.value.code is code
    desk.repair(one, RepairKind.ADOPT)
    with pytest.raises(Refused) as refused:
        desk.propose({one.break_id: None})
    assert refused.value.code is RefusalCode.BREAK_RESOLVED
    kept = "SELECT count(*) FROM repair_proposals"
    assert desk.here.rows(desk.here.hub, kept) == [(1,)]


def test_a_stranger_orders_nothing_and_answers_nothing(desk: Desk) -> None:
    [one] = planted_amount(desk)
    proposal = desk.propose({one.break_id: RepairKind.ADOPT})
    desk.do(second_person.decide, proposal.proposal_id, approve=True, why="", by=LI)
    for n, sent in enumerate(desk.here.on_the_way):
        if isinstance(sent.message.body, RepairOrdered):
            head = sent.message.head.model_copy(update={"sender": "insured.320000"})
            desk.here.on_the_way[n] = replace(sent, message=replace(sent.message, head=head))
    desk.compare(10)
    assert desk.here.rows(desk.here.treatment, "SELECT count(*) FROM repair_orders") == [(0,)]
    with desk.here.hub.begin() as tx:
        [order] = stored.orders_of(tx, [stored.of_break(tx, one.break_id)[0].repair_id])
    said_by_another = RepairAnswered(
        role=Role.INSURED, area=insured.AREA, answers=(RepairAnswer(order_id=order.order_id),)
    )
    with desk.here.hub.begin() as tx:
        heard = said(said_by_another, "insured.320000")
        following_repairs.record_answers(tx, [heard], desk.here.now)
    assert desk.states(one.break_id) == [RepairState.ORDERED]


def test_a_cleared_day_takes_no_undo(desk: Desk) -> None:
    [one] = planted_amount(desk)
    desk.repair(one, RepairKind.ADOPT)
    with desk.here.hub.begin() as tx:
        [repair] = stored.of_break(tx, one.break_id)
    undo = desk.do(proposing_repairs.propose_undo, repair.repair_id, reason="有误", by=WANG)
    with desk.here.hub.begin() as tx:
        bulk.run(tx, "SET LOCAL session_replication_role = replica")
        taken = "INSERT INTO clearing_pair_days VALUES (%s, %s, %s, gen_random_uuid(), false)"
        bulk.run(tx, taken, (DAY, insured.AREA, treatment.AREA))
    with pytest.raises(Refused) as refused:
        desk.approve(undo)
    assert refused.value.code is RefusalCode.MONTH_CLEARED_ALREADY
    assert desk.states(one.break_id) == [RepairState.WORKED]


def test_the_same_order_again_books_nothing_and_an_unknown_one_is_not_undone(desk: Desk) -> None:
    [one] = planted_amount(desk)
    desk.repair(one, RepairKind.ADOPT)
    assert one.found.row is not None
    with desk.here.hub.begin() as tx:
        [kept] = stored.orders_of(tx, [stored.of_break(tx, one.break_id)[0].repair_id])
        row = stored.hub_rows(tx, [one.found.row[0]])[one.found.row[0]]
    known, never = kept.order_id, UUID(int=1)
    settlement_id, sign = one.found.row
    orders = (
        RepairOrder(
            order_id=known, settlement_id=settlement_id, sign=sign,
            stands=row.booked(Role.TREATMENT, sign),
        ),
        RepairOrder(order_id=UUID(int=2), settlement_id=settlement_id, sign=sign, undoes=never),
    )  # fmt: skip
    body = RepairOrdered(role=Role.TREATMENT, area=treatment.AREA, orders=orders)
    with desk.here.treatment.begin() as tx:
        [answer] = repairing.obey(tx, treatment.AREA, [said(body, "hub")], desk.here.now)
    assert isinstance(answer.message.body, RepairAnswered)
    first, second = answer.message.body.answers
    assert (first.taken_out, first.put_in, first.code) == (1, 1, None)
    assert second.code is RefusalCode.OUT_OF_STEP
    assert desk.here.rows(desk.here.treatment, "SELECT count(*) FROM repair_entries") == [(2,)]
    elsewhere = body.model_copy(update={"area": "330000"})
    with desk.here.treatment.begin() as tx:
        [answer] = repairing.obey(tx, treatment.AREA, [said(elsewhere, "hub")], desk.here.now)
    assert isinstance(answer.message.body, RepairAnswered)
    assert {one.code for one in answer.message.body.answers} == {RefusalCode.OUT_OF_STEP}


def test_a_benefit_that_the_hub_never_settled_is_given_back(desk: Desk) -> None:
    odd, _ = desk.settled(2)
    used = "SELECT sum(pool_fen)::bigint FROM person_years"
    granted = "SELECT sum(added_pool_fen)::bigint FROM grants WHERE settlement_id = %s"
    [(before,)] = desk.here.rows(desk.here.insured, used)
    [(of_odd,)] = desk.here.rows(desk.here.insured, granted, odd)
    desk.plant("hub", HUB_LOST, odd)
    desk.close_two_days()
    [one] = [each for each in desk.queue() if each.side[0:] == (DAY, *AT_INSURED)]
    desk.repair(one, RepairKind.ADOPT)
    assert desk.here.rows(desk.here.insured, used) == [(before - of_odd,)]
    state = "SELECT state FROM grants WHERE settlement_id = %s"
    assert desk.here.rows(desk.here.insured, state, odd) == [("released",)]


def _found_by_a_hospital(desk: Desk) -> QueuedBreak:
    desk.settled()
    with desk.here.hub.begin() as tx:
        bulk.run(
            tx,
            """
            INSERT INTO breaks (business_date, area, role, class, settlement_id, sign, hub_fen,
                side_fen, found_at, hospital_code, hospital_number)
            SELECT %s, %s, 'treatment', 'amount', settlement_id, 1, 300000, 1, %s, %s, 7
            FROM settlements
            """,
            (DAY, treatment.AREA, desk.here.now, treatment.HOSPITAL),
        )
    [one] = desk.queue()
    return one


def test_a_difference_of_a_hospital_can_only_be_asked_about(desk: Desk) -> None:
    one = _found_by_a_hospital(desk)
    assert (one.fitting, one.hospital_code) == ((RepairKind.ASK,), treatment.HOSPITAL)
    desk.repair(one, RepairKind.ASK)
    assert desk.states(one.break_id) == [RepairState.ORDERED]
    with desk.here.hub.begin() as tx:
        bulk.run(tx, "UPDATE breaks SET resolved_at = %s", (desk.here.now,))
    desk.compare(10)
    assert desk.states(one.break_id) == [RepairState.WORKED]


def test_whoever_is_asked_finds_the_question_among_its_cases(desk: Desk) -> None:
    one = _found_by_a_hospital(desk)
    keys = Sealer({"k1": b"k" * 32}, "k1")
    proposal = desk.propose({one.break_id: RepairKind.ASK})
    desk.do(second_person.decide, proposal.proposal_id, approve=True, why="", by=LI, keys=keys)
    query = "SELECT type, party FROM cases JOIN case_parties USING (case_id) WHERE is_opener = 0"
    found = desk.here.rows(desk.here.hub, query)
    assert found == [("coordination", f"treatment.{treatment.AREA}")]
