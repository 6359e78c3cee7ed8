"""Refunds by negative lines: never more than the charge has left, and never a negative bill."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from contracts.ids import VisitId
from contracts.messages.settlement import Outcome, SettlementRequested
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from participants.treatment.domain.catalogue import (
    Catalogue,
    FeeLine,
    Item,
    ItemLevel,
    SplitLine,
    split,
)
from participants.treatment.domain.fee import LinesForVisit, LinesRemoval, NewLine, SplitResult
from participants.treatment.domain.refund import after, of_charge, taken_back
from participants.treatment.domain.results import Done, Refusal
from participants.treatment.services import settlements, visits
from participants.treatment.store import fee_lines
from tests.support.databases import Databases
from tests.support.tables import rows
from tests.support.treatment import (
    HOSPITAL,
    NOW,
    PERSON,
    TERMS,
    TODAY,
    a_bill,
    a_visit,
    an_answer,
    answered,
    claimed,
    opened,
    requested,
    treatment_database,
)

# 10 % of what is under 20 yuan a piece is first self-pay.
B = Item("B", "B", ItemLevel.B, 1_000, 20_000_000, False, "09", "盒", date(2020, 1, 1), None)
CATALOGUE = Catalogue({"B": (B,)})


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as tx:
        yield tx


def line(line_no: str, pieces: int, total_fen: int, refunds: str = "", code: str = "B") -> NewLine:
    """Whole pieces at 30.00 yuan each, if the total says so."""
    fee = FeeLine(line_no, code, pieces * 10_000, 30_000_000, total_fen)
    return NewLine(fee, TODAY, refunds=refunds or None)


def upload(tx: Connection, visit_id: VisitId, *lines: NewLine) -> SplitResult | Refusal:
    one = LinesForVisit(visit_id, HOSPITAL, PERSON, lines)
    [result] = visits.add_lines(tx, [one], NOW, CATALOGUE)
    return result


def parts(one: SplitLine) -> tuple[int, ...]:
    return (one.fully_own_fen, one.over_ceiling_fen, one.first_self_pay_fen, one.in_scope_fen)


def settled(tx: Connection, msgid: str, visit_id: VisitId, total_fen: int) -> None:
    """Half of the way through the stay."""
    bill = a_bill(msgid, visit_id=visit_id, total_fen=total_fen, mid_stay=True)
    shares = Shares(cash_fen=total_fen)
    id_ = requested(tx, bill).settlement_id
    answered(tx, [an_answer(id_, Outcome.SETTLED, shares=shares)])


REFUNDS = """
    what_is_wrong           pieces  total_fen  refunds  code  refused
    nothing                 -1      -3000      1        B     -
    all_of_it               -10     -30000     1        B     -
    a_piece_more            -11     -33000     1        B     3020
    more_money              -10     -30001     1        B     3020
    names_no_charge         -1      -3000      -        B     1004
    names_nothing_there     -1      -3000      9        B     3021
    names_a_refund          -1      -3000      2        B     3021
    another_item            -1      -3000      1        C     1006
    price_times_count       -1      -2000      1        B     3015
    positive_count          1       -3000      1        B     1008
    positive_amount         -1      3000       1        B     1008
    charge_that_names_any   1       3000       whatever B     -
"""


@pytest.mark.parametrize("case", rows(REFUNDS), ids=lambda case: case["what_is_wrong"])
def test_a_refund_takes_back_what_its_charge_has(tx: Connection, case: dict[str, str]) -> None:
    visit_id = opened(tx, a_visit("V1"))
    upload(tx, visit_id, line("1", 10, 300_00), line("0", 1, 30_00), line("2", -1, -30_00, "0"))
    pieces, total_fen = int(case["pieces"]), int(case["total_fen"])
    refund = line("3", pieces, total_fen, case["refunds"].replace("-", ""), case["code"])
    result = upload(tx, visit_id, refund)
    code = result.code.value if isinstance(result, Refusal) else "-"
    assert code == case["refused"]


def test_what_was_refunded_before_is_not_there_any_more(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    upload(tx, visit_id, line("1", 10, 300_00))
    assert isinstance(upload(tx, visit_id, line("2", -6, -180_00, "1")), SplitResult)
    again = upload(tx, visit_id, line("3", -5, -150_00, "1"))
    assert again == Refusal(RefusalCode.REFUND_TOO_MUCH, "3")
    # Two in one upload see each other, as do a charge and its refund.
    both = upload(tx, visit_id, line("4", -3, -90_00, "1"), line("5", -3, -90_00, "1"))
    assert both == Refusal(RefusalCode.REFUND_TOO_MUCH, "5")
    fine = upload(tx, visit_id, line("6", 1, 30_00), line("7", -1, -30_00, "6"))
    assert isinstance(fine, SplitResult)
    assert fee_lines.open_bills(tx, [visit_id])[visit_id].total_fen() == 120_00


def test_the_database_keeps_out_a_refund_of_more_than_there_is(engine: Engine) -> None:
    with engine.begin() as tx:
        visit_id = opened(tx, a_visit("V1"))
        found = upload(tx, visit_id, line("1", 10, 300_00))
        assert isinstance(found, SplitResult)
        upload(tx, visit_id, line("2", -6, -180_00, "1"))
    with engine.begin() as tx:
        one = line("9", -5, -150_00, "1")
        taken = replace(found.lines[0], line=one.line, over_ceiling_fen=-50_00)
        taken = replace(taken, first_self_pay_fen=-10_00, in_scope_fen=-90_00)
        with pytest.raises(IntegrityError, match="more is refunded"):
            _add_past_the_rules(tx, visit_id, one, taken)


def _add_past_the_rules(tx: Connection, visit_id: VisitId, new: NewLine, taken: SplitLine) -> None:
    try:
        fee_lines.add(tx, [fee_lines.Addition(visit_id, new, taken)], NOW)
    except Exception as error:
        raise IntegrityError(None, None, error) from error


def test_a_refund_of_a_settled_charge_makes_the_next_bill_smaller(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    upload(tx, visit_id, line("1", 10, 300_00))
    settled(tx, "M1", visit_id, 300_00)
    upload(tx, visit_id, line("2", 5, 150_00), line("3", -2, -60_00, "1"))
    final = a_bill("M2", visit_id=visit_id, total_fen=90_00)
    _, [outgoing] = settlements.request(tx, claimed(tx, final), NOW, TERMS)
    assert isinstance(outgoing.message.body, SettlementRequested)
    assert outgoing.message.body.bill.total_fen == 90_00
    assert outgoing.message.body.bill.adds_up()


def test_a_bill_does_not_become_negative(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    upload(tx, visit_id, line("1", 10, 300_00))
    settled(tx, "M1", visit_id, 300_00)
    upload(tx, visit_id, line("2", 1, 30_00), line("3", -2, -60_00, "1"))
    for msgid, total_fen in (("M2", 30_00), ("M3", -30_00)):
        bill = a_bill(msgid, visit_id=visit_id, total_fen=total_fen)
        [result], _ = settlements.request(tx, claimed(tx, bill), NOW, TERMS)
        assert result == Refusal(RefusalCode.AMOUNT_NEGATIVE)


def test_a_part_of_a_bill_does_not_become_negative_either(tx: Connection) -> None:
    """What is refunded was own-paid, what is billed is in scope: undo the first bill instead."""
    visit_id = opened(tx, a_visit("V1"))
    upload(tx, visit_id, line("1", 10, 300_00, code="?"))
    settled(tx, "M1", visit_id, 300_00)
    upload(tx, visit_id, line("2", 10, 300_00), line("3", -2, -60_00, "1", code="?"))
    bill = a_bill("M2", visit_id=visit_id, total_fen=240_00)
    [result], _ = settlements.request(tx, claimed(tx, bill), NOW, TERMS)
    assert result == Refusal(RefusalCode.AMOUNT_NEGATIVE)


def test_a_charge_does_not_go_without_its_refund(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    upload(tx, visit_id, line("1", 10, 300_00), line("2", -2, -60_00, "1"))
    everything = LinesRemoval(visit_id, HOSPITAL, PERSON)
    [alone] = visits.remove_lines(tx, [replace(everything, line_numbers=("1",))])
    assert alone == Refusal(RefusalCode.REFUND_TOO_MUCH, "先撤销退费明细2")
    both = replace(everything, line_numbers=("1", "2"))
    assert visits.remove_lines(tx, [both, everything]) == [Done(), Done()]
    assert visits.of(tx, [visit_id])
    assert fee_lines.of(tx, [visit_id]) == {}


def test_a_charge_stays_while_a_settlement_has_its_refund(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    upload(tx, visit_id, line("1", 10, 300_00))
    bill = a_bill("M1", visit_id=visit_id, total_fen=300_00, mid_stay=True)
    first = requested(tx, bill).settlement_id
    answered(tx, [an_answer(first, Outcome.SETTLED, shares=Shares(cash_fen=300_00))])
    upload(tx, visit_id, line("2", 5, 150_00), line("3", -2, -60_00, "1"))
    settled(tx, "M2", visit_id, 90_00)
    answered(tx, [an_answer(first, Outcome.REVERSED, shares=Shares(cash_fen=300_00))])
    everything = LinesRemoval(visit_id, HOSPITAL, PERSON)
    named = replace(everything, line_numbers=("1",))
    refused = Refusal(RefusalCode.LINES_SETTLED, "先撤销退费明细3")
    assert visits.remove_lines(tx, [named, everything]) == [refused, Done()]
    assert fee_lines.open_bills(tx, [visit_id])[visit_id].total_fen() == 300_00


@given(
    total_fen=st.integers(1, 10**7),
    cuts=st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
    ceiling_e6=st.one_of(st.none(), st.integers(1, 10**8)),
    self_pay_bp=st.integers(0, 10_000),
)
def test_refunded_step_by_step_to_the_end_every_part_ends_at_nothing(
    total_fen: int, cuts: list[int], ceiling_e6: int | None, self_pay_bp: int
) -> None:
    item = replace(B, ceiling_e6=ceiling_e6, self_pay_bp=self_pay_bp)
    catalogue = Catalogue({"B": (item,)})
    # At one fen a piece any whole number of fen can be taken back.
    charge = FeeLine("1", "B", total_fen * 10_000, 10_000, total_fen)
    left = of_charge(split([charge], catalogue, TODAY)[0], TODAY)
    for n, wish_fen in enumerate([*cuts, total_fen]):
        step_fen = min(wish_fen, left.split.total_fen())
        if not step_fen:
            break
        back = FeeLine(f"r{n}", "B", -step_fen * 10_000, 10_000, -step_fen)
        found = taken_back(back, "1", {"1": left}, catalogue)
        assert sum(parts(found)) == -step_fen
        assert max(parts(found)) <= 0
        left = after(left, found)
        assert min(left.split.parts_fen()) >= 0
    assert left.split.parts_fen() == (0, 0, 0, 0)
    assert left.count_e4 == 0
