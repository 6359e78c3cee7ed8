"""Whatever is uploaded, refunded, deleted, settled and cancelled: the money adds up."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from contracts.delivery import bulk
from contracts.ids import SettlementId, VisitId
from contracts.messages.settlement import Outcome
from contracts.messages.values import Shares
from participants.treatment.domain.catalogue import Catalogue, FeeLine, Item, ItemLevel
from participants.treatment.domain.fee import LinesForVisit, LinesRemoval, NewLine
from participants.treatment.domain.results import Requested
from participants.treatment.domain.settlement import CancelRequest
from participants.treatment.domain.visit import VisitChange
from participants.treatment.domain.visit_life import VisitEvent
from participants.treatment.services import settlements, visits
from participants.treatment.store import fee_lines
from tests.support.databases import Databases
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
    treatment_database,
)

_ITEMS = {
    "A": Item("A", "A", ItemLevel.A, 0, None, False, "09", "盒", date(2020, 1, 1), None),
    "B": Item("B", "B", ItemLevel.B, 1_250, 700_000, False, "09", "盒", date(2020, 1, 1), None),
}
CATALOGUE = Catalogue({code: (item,) for code, item in _ITEMS.items()})
ACTS = st.one_of(
    st.tuples(st.just("charge"), st.sampled_from("ABC"), st.integers(1, 9_999)),
    st.tuples(st.just("refund"), st.integers(0, 9), st.integers(1, 9_999)),
    st.tuples(st.just("remove"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("remove all"), st.just(0), st.just(0)),
    st.tuples(st.sampled_from(["part", "bill"]), st.sampled_from(["settled", "expired"])).map(
        lambda pair: (*pair, 0)
    ),
    st.tuples(st.just("cancel"), st.integers(0, 4), st.just(0)),
    st.tuples(st.sampled_from(["leave", "stay"]), st.just(0), st.just(0)),
)


@pytest.fixture(scope="module")
def engine(database_server: Databases) -> Iterator[Engine]:
    yield treatment_database(database_server)
    database_server.take_back()


@dataclass
class Walk:
    """One visit, and the numbers that were given out on the way."""

    tx: Connection
    visit_id: VisitId
    count: int = 0
    charges: list[FeeLine] = field(default_factory=list)
    bills: list[SettlementId] = field(default_factory=list)

    def charge(self, code: str, pieces: int) -> None:
        """At 0.70 to 1.10 yuan a piece."""
        price_fen = {"A": 70, "B": 110, "C": 90}[code]
        line = FeeLine(self.next(), code, pieces * 10_000, price_fen * 10_000, pieces * price_fen)
        self.upload(NewLine(line, TODAY))
        self.charges.append(line)

    def refund(self, which: int, pieces: int) -> None:
        if self.charges:
            line = self.charges[which % len(self.charges)]
            fen = pieces * line.price_e6 // 10_000
            back = replace(line, line_no=self.next(), count_e4=-pieces * 10_000, total_fen=-fen)
            self.upload(NewLine(back, TODAY, refunds=line.line_no))

    def upload(self, line: NewLine) -> None:
        one = LinesForVisit(self.visit_id, HOSPITAL, PERSON, (line,))
        visits.add_lines(self.tx, [one], NOW, CATALOGUE)

    def remove(self, which: int, _more: int) -> None:
        numbers = (str(which),)
        everything = LinesRemoval(self.visit_id, HOSPITAL, PERSON)
        visits.remove_lines(self.tx, [replace(everything, line_numbers=numbers)])

    def remove_all(self, _which: int, _more: int) -> None:
        visits.remove_lines(self.tx, [LinesRemoval(self.visit_id, HOSPITAL, PERSON)])

    def part(self, outcome: str, _more: int) -> None:
        self.settle(outcome, mid_stay=True)

    def bill(self, outcome: str, _more: int) -> None:
        self.settle(outcome, mid_stay=False)

    def settle(self, outcome: str, *, mid_stay: bool) -> None:
        found = fee_lines.open_bills(self.tx, [self.visit_id]).get(self.visit_id)
        total_fen = found.total_fen() if found else 0
        wish = a_bill(
            f"M{self.next()}", visit_id=self.visit_id, total_fen=total_fen, mid_stay=mid_stay
        )
        [result], _ = settlements.request(self.tx, claimed(self.tx, wish), NOW, TERMS)
        if isinstance(result, Requested):
            self.bills.append(result.settlement_id)
            shares = Shares(cash_fen=total_fen)
            said = an_answer(result.settlement_id, Outcome(outcome), shares=shares)
            answered(self.tx, [said])

    def cancel(self, which: int, _more: int) -> None:
        if self.bills:
            id_ = self.bills[which % len(self.bills)]
            settlements.cancel(self.tx, [CancelRequest("C", HOSPITAL, id_)], NOW, TERMS)
            total_fen = settlements.of(self.tx, [id_])[id_].bill.total_fen
            shares = Shares(cash_fen=total_fen)
            answered(self.tx, [an_answer(id_, Outcome.REVERSED, shares=shares)])

    def leave(self, _which: int, _more: int) -> None:
        self.say(VisitEvent.DISCHARGE)

    def stay(self, _which: int, _more: int) -> None:
        self.say(VisitEvent.UNDO_DISCHARGE)

    def say(self, event: VisitEvent) -> None:
        left_on = TODAY if event is VisitEvent.DISCHARGE else None
        change = VisitChange(self.visit_id, HOSPITAL, PERSON, event, discharged_on=left_on)
        visits.amend(self.tx, [change], NOW)

    def next(self) -> str:
        self.count += 1
        return str(self.count)


LINES_OF_BILLS = """
    SELECT bill.settlement_id FROM settlements AS bill
    JOIN fee_lines AS line ON line.settlement_id = bill.settlement_id
    WHERE bill.visit_id = %s GROUP BY bill.settlement_id
    HAVING bill.state NOT IN ('requested', 'withdrawing', 'settled', 'reversing')
        OR bill.total_fen <> sum(line.total_fen) OR bill.fully_own_fen <> sum(line.fully_own_fen)
        OR bill.over_ceiling_fen <> sum(line.over_ceiling_fen)
        OR bill.first_self_pay_fen <> sum(line.first_self_pay_fen)
        OR bill.in_scope_fen <> sum(line.in_scope_fen)
"""
TOTALS = """
    SELECT (SELECT coalesce(sum(total_fen), 0) FROM fee_lines WHERE visit_id = %s),
           (SELECT coalesce(sum(total_fen), 0) FROM settlements
            WHERE visit_id = %s AND state IN ('requested', 'withdrawing', 'settled', 'reversing'))
"""
REFUNDED_TOO_MUCH = """
    SELECT charge.line_no FROM fee_lines AS charge
    JOIN fee_lines AS line ON line.visit_id = charge.visit_id
     AND charge.line_no IN (line.line_no, line.refunds_line_no)
    WHERE charge.visit_id = %s AND charge.refunds_line_no IS NULL GROUP BY charge.line_no
    HAVING least(sum(line.count_e4), sum(line.in_scope_fen), sum(line.fully_own_fen),
                 sum(line.over_ceiling_fen), sum(line.first_self_pay_fen)) < 0
"""


def assert_the_money_adds_up(walk: Walk) -> None:
    tx, id_ = walk.tx, walk.visit_id
    assert bulk.fetch(tx, LINES_OF_BILLS, (id_,)) == [], "a bill is the sum of its lines"
    assert bulk.fetch(tx, REFUNDED_TOO_MUCH, (id_,)) == [], "nobody gets back more than he paid"
    [(on_file_fen, billed_fen)] = bulk.fetch(tx, TOTALS, (id_, id_))
    found = fee_lines.open_bills(tx, [id_]).get(id_)
    open_fen = found.total_fen() if found else 0
    assert on_file_fen == billed_fen + open_fen, "what is on file is billed or open"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(ACTS, max_size=25))
def test_after_any_walk_the_money_of_settled_and_open_lines_adds_up(
    engine: Engine, acts: list[tuple[str, object, int]]
) -> None:
    with engine.connect() as tx, tx.begin() as transaction:
        walk = Walk(tx, opened(tx, a_visit("V1")))
        for name, which, more in acts:
            getattr(walk, name.replace(" ", "_"))(which, more)
            assert_the_money_adds_up(walk)
        transaction.rollback()
