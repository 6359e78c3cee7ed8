"""Visits, their fee lines, and the bill that the catalogue makes of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection, Engine

from contracts.codes import DivisionCode, VisitKind
from contracts.ids import PersonId, VisitId, new_id
from contracts.messages.settlement import Outcome, SettlementRequested
from contracts.messages.values import Shares
from contracts.refusal import RefusalCode
from participants.treatment.domain.catalogue import Catalogue, FeeLine, Item, ItemLevel
from participants.treatment.domain.fee import LinesForVisit, LinesRemoval, NewLine, SplitResult
from participants.treatment.domain.results import Done, Refusal
from participants.treatment.domain.visit import VisitChange
from participants.treatment.services import attempts, settlements, visits
from participants.treatment.store import fee_lines
from tests.support.databases import Databases
from tests.support.tables import rows
from tests.support.treatment import (
    HOSPITAL,
    NOW,
    OTHER_HOSPITAL,
    PERSON,
    TERMS,
    TODAY,
    a_bill,
    a_visit,
    an_answer,
    an_attempt,
    answered,
    claimed,
    opened,
    requested,
    treatment_database,
)


def _item(code: str, level: ItemLevel, self_pay_bp: int, ceiling_e6: int | None = None) -> Item:
    return Item(
        code, code, level, self_pay_bp, ceiling_e6, False, "09", "盒", date(2020, 1, 1), None
    )


CATALOGUE = Catalogue(
    {
        "A": (_item("A", ItemLevel.A, 0),),
        "B": (_item("B", ItemLevel.B, 1_000, 20_000_000),),  # 10% self-pay, at most 20 yuan each
    }
)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as tx:
        yield tx


def _line(line_no: str, code: str, total_fen: int, *, batch: str = "") -> NewLine:
    """One piece at the price of the line."""
    return NewLine(FeeLine(line_no, code, 10_000, total_fen * 10_000, total_fen), TODAY, batch)


def _upload(visit_id: VisitId, *lines: NewLine) -> LinesForVisit:
    return LinesForVisit(visit_id, HOSPITAL, PERSON, lines)


def _add(tx: Connection, visit_id: VisitId, *lines: NewLine) -> SplitResult | Refusal:
    [result] = visits.add_lines(tx, [_upload(visit_id, *lines)], NOW, CATALOGUE)
    return result


NOT_OPENED = """
    what_is_wrong             field             value         code
    hospital_not_registered   hospital_code     H99999999999  1010
    no_such_area              insured_division  990100        3001
    insured_here              insured_division  310104        3002
    admitted_tomorrow         admitted_on       2024-05-07    3006
    left_before_coming        discharged_on     2024-04-28    3006
    leaves_tomorrow           discharged_on     2024-05-07    3006
    disease_code_with_nul     disease_code      NUL           1006
"""


@pytest.mark.parametrize("case", rows(NOT_OPENED), ids=lambda case: case["what_is_wrong"])
def test_a_visit_is_not_opened_when_something_is_wrong(
    tx: Connection, case: dict[str, str]
) -> None:
    text = case["value"].replace("NUL", "I10\0")
    value = date.fromisoformat(text) if case["field"].endswith("_on") else text
    wrong = replace(a_visit("V1"), **{case["field"]: value})  # type: ignore[arg-type]  # as named
    attempts.claim(tx, [an_attempt("V1", by=wrong.hospital_code), an_attempt("V2")], NOW)
    results = visits.open(tx, [wrong, a_visit("V2")], NOW, TERMS)
    assert isinstance(results[0], Refusal)
    assert results[0].code.value == case["code"]
    assert not isinstance(results[1], Refusal)


def test_a_message_opens_one_visit(tx: Connection) -> None:
    opened(tx, a_visit("V1"))
    assert visits.open(tx, [a_visit("V1")], NOW, TERMS) == [Refusal(RefusalCode.CONFLICTING_REPLAY)]


def test_a_change_writes_what_it_says_and_leaves_the_rest(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1", flags=("IPT_TYPE=1",)))
    change = VisitChange(visit_id, HOSPITAL, PERSON, discharged_on=TODAY, disease_code="I10")
    also = VisitChange(visit_id, HOSPITAL, PERSON, visit_kind=VisitKind.CHRONIC)
    assert visits.amend(tx, [change, also], NOW) == [Done(), Done()]
    found = visits.of(tx, [visit_id])[visit_id]
    assert (found.discharged_on, found.disease_code, found.flags) == (TODAY, "I10", ("IPT_TYPE=1",))
    assert (found.visit_kind, found.admitted_on) == (VisitKind.CHRONIC, date(2024, 4, 29))


def test_a_change_is_refused_when_it_is_impossible_or_too_late(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    changes = [
        VisitChange(visit_id, HOSPITAL, PERSON, discharged_on=date(2024, 4, 1)),
        VisitChange(visit_id, OTHER_HOSPITAL, PERSON),
        VisitChange(VisitId(new_id()), HOSPITAL, PERSON),
    ]
    codes = [one.code for one in visits.amend(tx, changes, NOW) if isinstance(one, Refusal)]
    assert codes == [
        RefusalCode.DATES_IMPOSSIBLE,
        RefusalCode.UNKNOWN_VISIT,
        RefusalCode.UNKNOWN_VISIT,
    ]
    requested(tx, a_bill("M1", visit_id=visit_id))
    late = VisitChange(visit_id, HOSPITAL, PERSON, discharged_on=TODAY)
    assert visits.amend(tx, [late], NOW) == [Refusal(RefusalCode.ALREADY_SETTLED)]


def test_lines_are_split_by_the_catalogue_and_their_sum_is_what_the_hub_is_asked(
    tx: Connection,
) -> None:
    visit_id = opened(tx, a_visit("V1"))
    result = _add(
        tx, visit_id, _line("1", "A", 50_00), _line("2", "B", 30_00), _line("3", "?", 5_00)
    )
    assert isinstance(result, SplitResult)
    parts = [
        (one.fully_own_fen, one.over_ceiling_fen, one.first_self_pay_fen, one.in_scope_fen)
        for one in result.lines
    ]
    assert parts == [(0, 0, 0, 50_00), (0, 10_00, 2_00, 18_00), (5_00, 0, 0, 0)]
    # The hospital's own split does not count once there are lines.
    bill = a_bill("M1", visit_id=visit_id, total_fen=85_00)
    _, [outgoing] = settlements.request(tx, claimed(tx, bill), NOW, TERMS)
    assert isinstance(outgoing.message.body, SettlementRequested)
    assert outgoing.message.body.bill == result.bill


def test_a_total_that_differs_from_the_lines_is_refused(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    _add(tx, visit_id, _line("1", "A", 99_99))
    [result], _ = settlements.request(tx, claimed(tx, a_bill("M1", visit_id=visit_id)), NOW, TERMS)
    assert result == Refusal(RefusalCode.LINES_DIFFER_FROM_TOTAL)


NOT_STORED = """
    what_is_wrong        line_no  code  count_e4  price_e6  total_fen  refused
    nothing              9        A     10000     1000000   100        -
    number_used_before   1        A     10000     1000000   100        3016
    price_times_count    9        A     20000     1000000   100        3015
    negative             9        A     10000     1000000   -100       1008
    code_too_long        9        LONG  10000     1000000   100        1006
"""


@pytest.mark.parametrize("case", rows(NOT_STORED), ids=lambda case: case["what_is_wrong"])
def test_one_wrong_line_keeps_its_whole_upload_out_and_no_other(
    tx: Connection, case: dict[str, str]
) -> None:
    visit_id, other = opened(tx, a_visit("V1")), opened(tx, a_visit("V2"))
    _add(tx, visit_id, _line("1", "A", 1_00))
    count_e4, price_e6, total_fen = map(
        int, (case["count_e4"], case["price_e6"], case["total_fen"])
    )
    code = case["code"].replace("LONG", "L" * 51)
    wrong = NewLine(FeeLine(case["line_no"], code, count_e4, price_e6, total_fen), TODAY)
    uploads = [_upload(visit_id, _line("8", "A", 2_00), wrong), _upload(other, _line("1", "A", 1))]
    first, second = visits.add_lines(tx, uploads, NOW, CATALOGUE)
    refused = first.code.value if isinstance(first, Refusal) else "-"
    assert refused == case["refused"]
    stored = [line.line_no for line in fee_lines.of(tx, [visit_id])[visit_id]]
    assert sorted(stored) == (["1", "8", "9"] if refused == "-" else ["1"])
    assert isinstance(second, SplitResult)


def test_lines_of_nobody_s_or_of_a_settled_visit_are_refused(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    theirs = _upload(visit_id, _line("1", "A", 1_00))
    strangers = [
        replace(theirs, visit_id=VisitId(new_id())),
        replace(theirs, hospital_code=OTHER_HOSPITAL),
        replace(theirs, person_id=PersonId("B" * 29)),
    ]
    results = visits.add_lines(tx, strangers, NOW, CATALOGUE)
    assert results == [Refusal(RefusalCode.UNKNOWN_VISIT)] * 3
    requested(tx, a_bill("M1", visit_id=visit_id))
    assert visits.add_lines(tx, [theirs], NOW, CATALOGUE) == [Refusal(RefusalCode.ALREADY_SETTLED)]


def test_in_mid_stay_each_settlement_takes_the_lines_that_are_open(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    _add(tx, visit_id, _line("1", "A", 10_00))
    first = requested(tx, a_bill("M1", visit_id=visit_id, total_fen=10_00, mid_stay=True))
    answered(tx, [an_answer(first.settlement_id, Outcome.EXPIRED)])
    _add(tx, visit_id, _line("2", "A", 20_00))
    # What the void settlement had taken came back.
    second = requested(tx, a_bill("M2", visit_id=visit_id, total_fen=30_00, mid_stay=True))
    _add(tx, visit_id, _line("3", "A", 40_00))
    # Whatever the other holds may still come back: the final bill waits for its answer.
    final = a_bill("M3", visit_id=visit_id, total_fen=40_00)
    [too_soon], _ = settlements.request(tx, claimed(tx, final), NOW, TERMS)
    assert too_soon == Refusal(RefusalCode.VISIT_OUT_OF_STEP)
    shares = Shares(cash_fen=30_00)
    answered(tx, [an_answer(second.settlement_id, Outcome.SETTLED, shares=shares)])
    requested(tx, a_bill("M4", visit_id=visit_id, total_fen=40_00))
    taken = {line.line_no: line.settlement_id for line in fee_lines.of(tx, [visit_id])[visit_id]}
    assert taken["1"] == taken["2"] == second.settlement_id != taken["3"]


def test_a_visit_whose_lines_are_all_taken_is_not_settled_by_a_bare_split(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    _add(tx, visit_id, _line("1", "A", 100_00))
    first = requested(tx, a_bill("M1", visit_id=visit_id, mid_stay=True))
    answered(tx, [an_answer(first.settlement_id, Outcome.SETTLED)])
    [result], _ = settlements.request(tx, claimed(tx, a_bill("M2", visit_id=visit_id)), NOW, TERMS)
    assert result == Refusal(RefusalCode.LINES_DIFFER_FROM_TOTAL)


REMOVED = """
    line_numbers  charge_batch  left   refused
    1             -             2,3    -
    1,2           -             3      -
    -             B             1      -
    -             -             none   -
    2             A             1,2,3  3021
    4             -             1,2,3  3021
    -             C             1,2,3  3021
"""


@pytest.mark.parametrize("case", rows(REMOVED), ids=lambda case: "/".join(case.values()))
def test_open_lines_are_removed_by_number_by_charge_batch_or_all(
    tx: Connection, case: dict[str, str]
) -> None:
    visit_id = opened(tx, a_visit("V1"))
    lines = [
        _line("1", "A", 1, batch="A"),
        _line("2", "A", 1, batch="B"),
        _line("3", "A", 1, batch="B"),
    ]
    _add(tx, visit_id, *lines)
    numbers = () if case["line_numbers"] == "-" else tuple(case["line_numbers"].split(","))
    charge_batch = None if case["charge_batch"] == "-" else case["charge_batch"]
    removal = LinesRemoval(visit_id, HOSPITAL, PERSON, numbers, charge_batch)
    stranger = replace(removal, person_id=PersonId("B" * 29))
    results = visits.remove_lines(tx, [removal, stranger])
    codes = [one.code.value if isinstance(one, Refusal) else "-" for one in results]
    assert codes == [case["refused"], "3010"]
    left = [line.line_no for line in fee_lines.of(tx, [visit_id]).get(visit_id, [])]
    assert ",".join(sorted(left)) == case["left"].replace("none", "")


def test_settled_lines_stay(tx: Connection) -> None:
    visit_id = opened(tx, a_visit("V1"))
    _add(tx, visit_id, _line("1", "A", 100_00))
    requested(tx, a_bill("M1", visit_id=visit_id))
    all_open = LinesRemoval(visit_id, HOSPITAL, PERSON)
    by_name = replace(all_open, line_numbers=("1",))
    by_batch = replace(all_open, charge_batch="")
    results = visits.remove_lines(tx, [all_open, by_name, by_batch])
    settled = Refusal(RefusalCode.LINES_SETTLED, "1")
    assert results == [Done(), settled, settled]
    assert len(fee_lines.of(tx, [visit_id])[visit_id]) == 1


def test_the_visit_s_place_of_insurance_counts_and_not_the_one_a_bill_repeats(
    tx: Connection,
) -> None:
    visit_id = opened(tx, a_visit("V1", insured_division=DivisionCode("659900")))
    _, [outgoing] = settlements.request(
        tx, claimed(tx, a_bill("M1", visit_id=visit_id)), NOW, TERMS
    )
    assert isinstance(outgoing.message.body, SettlementRequested)
    assert outgoing.message.body.care.insured_division == "659900"
