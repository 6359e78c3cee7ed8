"""What nobody may do to a run alone, too early or twice: override, hold over, freeze, withdraw."""

# ruff: noqa: F811  # pytest's way: a fixture has the name of the argument

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from contracts import topics
from contracts.access import AccessRole, Principal
from contracts.codes import AreaCode, Role
from contracts.message import Outgoing
from contracts.messages.clearing import ClearingIssued
from contracts.refusal import RefusalCode, Refused
from hub.domain.answers import Verdict
from hub.domain.clearing import RunEvent, RunState
from hub.domain.payments import BankEntry, Payment
from hub.domain.second_person import Proposal
from hub.services import (
    clearing,
    overriding,
    payments,
    preview,
    second_person,
    withdrawing_payments,
)
from hub.store.db import migrate
from tests.services.test_run_life import (
    APRIL,
    CASES,
    FIRST,
    FIRST_OPERATOR,
    LATER,
    SECOND_OPERATOR,
    SLIP,
    Books,
    _answer,
    engine,  # noqa: F401  # a fixture
    issued,  # noqa: F401  # the same
)
from tests.support.databases import Databases
from tests.support.hub_books import ANHUI, HUNAN, NOON, SHANGHAI, add_cases, add_days

INVALID = RefusalCode.FIELD_INVALID


def test_an_override_does_not_reach_a_contest_that_came_after_it_was_proposed(
    issued: Books,
) -> None:
    hunan = issued.said(HUNAN, Role.INSURED)
    issued.answer([replace(hunan[0], verdict=Verdict.CONTESTED, payable_fen=0, reason="不认")])
    with issued.engine.begin() as tx:
        proposal = overriding.propose(
            tx, issued.run_id, reason="已核对湖南", by=FIRST_OPERATOR, now=LATER
        )

    def approve(tx: Connection) -> object:
        how = {"approve": True, "why": "", "by": SECOND_OPERATOR, "now": LATER}
        return second_person.decide(tx, proposal.proposal_id, **how)  # type: ignore[arg-type]  # a person's word

    anhui = issued.said(ANHUI, Role.INSURED)
    issued.answer([replace(anhui[0], verdict=Verdict.CONTESTED, payable_fen=0, reason="也不认")])
    assert issued.refuses(approve) is RefusalCode.OUT_OF_STEP
    issued.answer(anhui)  # It takes the contest back: now it is what was proposed, or less.
    issued.do(approve)
    assert issued.state() == "confirmed"


def test_who_confirms_beside_a_contest_is_not_told_to_have_contested(
    issued: Books,
) -> None:
    hunan, anhui = issued.said(HUNAN, Role.INSURED), issued.said(ANHUI, Role.INSURED)
    issued.answer([replace(hunan[0], verdict=Verdict.CONTESTED, payable_fen=0, reason="不认")])
    assert issued.answer(anhui).state is RunState.CONTESTED
    with issued.engine.begin() as tx:
        steps = clearing.history(tx, issued.run_id)
    assert [(one.by, one.why) for one in steps if one.event is RunEvent.CONTEST] == [
        (f"agency of {HUNAN}", "不认")
    ]


def test_money_is_left_to_a_later_run_only_for_a_reason(issued: Books) -> None:
    hunan = issued.said(HUNAN, Role.INSURED)
    issued.answer([replace(hunan[0], verdict=Verdict.CONTESTED, payable_fen=0, reason="不认")])
    held = [(HUNAN, SHANGHAI)]

    def freeze(**how: object) -> Callable[[Connection], object]:
        return lambda tx: clearing.freeze(tx, issued.run_id, by="operator-1", now=LATER, **how)  # type: ignore[arg-type]  # named values

    # A contested run is frozen again for a reason, and so is one that leaves a pair out.
    assert issued.refuses(freeze()) is RefusalCode.FIELD_MISSING
    assert issued.refuses(freeze(hold_over=held, why=" ")) is RefusalCode.FIELD_MISSING
    # The two areas were exchanged: no such pair has a day in it, and nothing would be left out.
    swapped = [(SHANGHAI, ANHUI)]
    assert issued.refuses(freeze(hold_over=swapped, why="待安徽补证")) is INVALID
    issued.do(freeze(hold_over=held, why="待湖南补证"))
    assert issued.state() == "reconciled"


def test_a_pair_that_is_held_anyway_may_be_left_out_too(issued: Books) -> None:
    hunan = issued.said(HUNAN, Role.INSURED)
    issued.answer([replace(hunan[0], verdict=Verdict.CONTESTED, payable_fen=0, reason="不认")])
    with issued.engine.begin() as tx:
        not_agreed = (
            "UPDATE reconciliation_sides SET state = 'waiting', agreed_at = NULL"
            " WHERE area = '430000'"
        )
        assert tx.execute(text(not_agreed)).rowcount
    held, why = [(HUNAN, SHANGHAI)], "待湖南补证"
    issued.do(
        lambda tx: clearing.freeze(
            tx, issued.run_id, by="operator-1", now=LATER, hold_over=held, why=why
        )
    )
    left = "SELECT count(*) FROM clearing_pair_days WHERE insured_area = '430000'"
    assert issued.rows(left) == [(0,)]


def test_nobody_is_named_by_number_in_a_runs_history(issued: Books) -> None:
    number = "患者11010519491231002X的费用重复"
    contest = {"verdict": Verdict.CONTESTED, "payable_fen": 0}
    [anhui] = issued.said(ANHUI, Role.INSURED, **contest, reason=number)
    assert issued.refuses(lambda tx: _answer(tx, issued.run_id, [anhui])) is INVALID
    issued.answer([replace(anhui, reason="费用重复")])

    def act(tx: Connection) -> object:
        return clearing.again(
            tx, issued.run_id, hold_over=(), why=number, by="operator-1", now=LATER
        )

    assert issued.refuses(act) is INVALID


def test_who_has_no_line_in_the_next_version_is_told_that_it_has_none(issued: Books) -> None:
    [anhui] = issued.said(ANHUI, Role.INSURED)
    issued.answer([replace(anhui, verdict=Verdict.CONTESTED, payable_fen=0, reason="查无此人")])
    bodies = {one.topic: one.message.body for one in _again_without_anhui(issued)}
    empty = bodies[topics.notices(Role.INSURED, ANHUI)]
    assert isinstance(empty, ClearingIssued)
    assert (empty.version, empty.payable_fen, empty.lines) == (2, 0, ())
    assert len(bodies) == 5, "and everybody who has one, in each role"
    # It was told once: the version after has nothing new for it.
    [hunan] = issued.said(HUNAN, Role.TREATMENT)
    issued.answer([replace(hunan, verdict=Verdict.CONTESTED, payable_fen=0, reason="不认")], 2)
    told = {one.topic for one in _again_without_anhui(issued)}
    assert topics.notices(Role.INSURED, ANHUI) not in told


def _again_without_anhui(issued: Books) -> list[Outgoing]:
    held, why = [(ANHUI, SHANGHAI)], "安徽异议待查"
    with issued.engine.begin() as tx:
        return clearing.again(tx, issued.run_id, hold_over=held, why=why, by="o", now=LATER)[1]


def test_nothing_is_frozen_before_every_day_of_it_is_compared(databases: Databases) -> None:
    empty = databases.fresh("hub", migrate)
    with empty.begin() as tx:
        add_days(tx, FIRST, APRIL)
        add_cases(tx, CASES)
        run = clearing.open_run(tx, "2026-03", now=NOON)
        shown = preview.preview(tx, "2026-03", NOON, sees=lambda _: True)
    assert not shown.can_freeze
    with pytest.raises(Refused) as refused, empty.begin() as tx:
        clearing.freeze(tx, run.run_id, by="operator-1", now=NOON)
    assert refused.value.code is RefusalCode.DAY_NOT_RECONCILED


def test_a_wrongly_recorded_payment_is_withdrawn_by_two_and_recorded_corrected(
    issued: Books,
) -> None:
    issued.confirmed()
    with issued.engine.begin() as tx:
        owed = next(
            one for one in payments.obligations_of(tx, issued.run_id) if one.from_area == HUNAN
        )
    wrong, right = replace(SLIP, amount_fen=58_00), SLIP
    how = {"by": "agency", "now": LATER}

    def pay(slip: BankEntry) -> Callable[[Connection], object]:
        return lambda tx: payments.pay(tx, owed.obligation_id, slip, area=HUNAN, **how)  # type: ignore[arg-type]  # who and when

    def propose(payment_id: UUID, area: AreaCode | None = HUNAN) -> Callable[[Connection], object]:
        by = Principal("clerk", AccessRole.INSURED_AGENCY, area)
        return lambda tx: withdrawing_payments.propose(
            tx, payment_id, reason="金额录错", by=by, now=LATER
        )

    def approve(proposal: Proposal) -> Callable[[Connection], object]:
        word = {"approve": True, "why": "", "by": SECOND_OPERATOR, "now": LATER}
        return lambda tx: second_person.decide(tx, proposal.proposal_id, **word)  # type: ignore[arg-type]  # a person's word

    def paid_fen() -> object:
        return issued.rows("SELECT paid_fen FROM obligations ORDER BY amount_fen DESC")[0][0]

    first = issued.do(pay(wrong))
    assert isinstance(first, Payment)
    assert issued.refuses(propose(first.payment_id, ANHUI)) is RefusalCode.NOT_ALLOWED
    proposal = issued.do(propose(first.payment_id))
    assert isinstance(proposal, Proposal)
    assert paid_fen() == 58_00  # Nothing happens before the second person.
    issued.do(approve(proposal))
    issued.do(approve(proposal))  # The same word again.
    assert paid_fen() == 0
    assert issued.refuses(propose(first.payment_id)) is RefusalCode.OUT_OF_STEP
    receipt = replace(wrong, bank_name="建设银行", serial="R1")

    def receive(payment_id: UUID, slip: BankEntry) -> Callable[[Connection], object]:
        return lambda tx: payments.receive(tx, payment_id, slip, area=SHANGHAI, **how)  # type: ignore[arg-type]  # who and when

    assert issued.refuses(receive(first.payment_id, receipt)) is RefusalCode.PAYMENT_DIFFERS
    assert issued.refuses(pay(wrong)) is RefusalCode.PAYMENT_DIFFERS  # A replay of the wrong one.
    second = issued.do(pay(right))
    assert issued.do(pay(right)) == second
    assert isinstance(second, Payment)
    assert (second.entry, paid_fen()) == (2, 85_00)
    late = issued.do(propose(second.payment_id))
    assert isinstance(late, Proposal)
    issued.do(receive(second.payment_id, replace(receipt, amount_fen=85_00)))
    assert issued.refuses(approve(late)) is RefusalCode.OUT_OF_STEP  # It came meanwhile.
