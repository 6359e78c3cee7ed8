"""What the area reports of a business day, and what its worker does with the hub's messages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from contracts import topics
from contracts.clock import SystemClock
from contracts.codes import DivisionCode, InsuranceKind, Role, VisitKind
from contracts.control_totals import Entry, digest_of
from contracts.delivery.codec import decode
from contracts.delivery.memory import MemoryLog
from contracts.ids import SettlementId
from contracts.message import Outgoing
from contracts.messages.clearing import ClearingIssued, ClearingLine
from contracts.messages.reconciliation import (
    RowsReported,
    RowsRequested,
    TotalsReported,
    TotalsRequested,
)
from contracts.messages.settlement import Outcome
from contracts.messages.values import PARTS
from participants.treatment.domain.settlement import State
from participants.treatment.main import worker
from participants.treatment.services import reports, settlements
from participants.treatment.settings import Settings
from tests.support.databases import Databases
from tests.support.treatment import (
    AREA,
    NOW,
    SHARES,
    TERMS,
    TODAY,
    a_bill,
    an_answer,
    answered,
    claimed,
    read,
    requested,
    says,
    treatment_database,
)

TOMORROW = TODAY + timedelta(days=1)
PARTS_FEN = tuple(getattr(SHARES, part) for part in PARTS)


@pytest.fixture
def engine(databases: Databases) -> Engine:
    return treatment_database(databases)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as tx:
        yield tx


def _settled(tx: Connection, msgid: str, division: str = "340100") -> SettlementId:
    bill = a_bill(msgid, insured_division=DivisionCode(division))
    id_ = requested(tx, bill).settlement_id
    answered(tx, [an_answer(id_, Outcome.SETTLED)])
    return id_


def _totals(tx: Connection, day: date) -> TotalsReported:
    asked = says(TotalsRequested(business_date=day, attempt=2))
    [outgoing] = reports.totals(tx, AREA, [asked], NOW)  # type: ignore[list-item]  # its body
    assert (outgoing.topic, outgoing.key) == (topics.HUB_RECONCILIATION, AREA)
    assert outgoing.message.head.cause_id == asked.head.message_id
    assert isinstance(outgoing.message.body, TotalsReported)
    return outgoing.message.body


def test_a_day_s_totals_have_a_bucket_for_every_insured_area(tx: Connection) -> None:
    anhui = [_settled(tx, "M1"), _settled(tx, "M2", "340200")]
    _settled(tx, "M3", "659900")
    requested(tx, a_bill("M4"))
    report = _totals(tx, TODAY)
    assert (report.area, report.role, report.attempt) == (AREA, Role.TREATMENT, 2)
    buckets = {one.counterpart: one for one in report.buckets}
    assert set(buckets) == {"340000", "650000"}
    found = buckets["340000"]
    assert (found.count, found.total_fen) == (2, 200_00)
    assert found.parts_fen == tuple(2 * part for part in PARTS_FEN)
    assert found.digest == digest_of(Entry(id_, 1, 100_00, PARTS_FEN) for id_ in anhui)


def test_a_reversal_counts_on_its_own_day_and_subtracts(tx: Connection) -> None:
    id_ = _settled(tx, "M1")
    answered(tx, [an_answer(id_, Outcome.REVERSED, on=TOMORROW)])
    [first], [second] = _totals(tx, TODAY).buckets, _totals(tx, TOMORROW).buckets
    assert (first.count, first.total_fen) == (1, 100_00)
    assert (second.count, second.total_fen) == (1, -100_00)
    assert second.digest == digest_of([Entry(id_, -1, 100_00, PARTS_FEN)])


def test_settled_and_reversed_on_one_day_counts_twice_and_comes_to_nothing(tx: Connection) -> None:
    answered(tx, [an_answer(_settled(tx, "M1"), Outcome.REVERSED)])
    [bucket] = _totals(tx, TODAY).buckets
    assert (bucket.count, bucket.total_fen, set(bucket.parts_fen)) == (2, 0, {0})


def test_a_day_without_settlements_is_reported_empty(tx: Connection) -> None:
    assert _totals(tx, TODAY).buckets == ()


def _asked_for(counterpart: str) -> RowsRequested:
    return RowsRequested(
        business_date=TODAY,
        attempt=1,
        counterpart=counterpart,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.OUTPATIENT,
    )


@pytest.mark.parametrize(("many", "pages"), [(0, [0]), (1, [1]), (501, [500, 1])])
def test_rows_come_in_pages_of_five_hundred_and_at_least_one(
    tx: Connection, many: int, pages: list[int]
) -> None:
    bills = claimed(tx, *(a_bill(f"M{n}") for n in range(many)))
    _, outgoing = settlements.request(tx, bills, NOW, TERMS)
    ids = [SettlementId(one.message.body.settlement_id) for one in outgoing]  # type: ignore[attr-defined]  # it is a SettlementRequested
    settlements.record_answers(tx, [an_answer(id_, Outcome.SETTLED) for id_ in ids], NOW)
    _settled(tx, "other", "659900")
    reported = reports.rows(tx, AREA, [says(_asked_for("340000"))], NOW)  # type: ignore[list-item]  # its body
    bodies = [one.message.body for one in reported]
    found = [body for body in bodies if isinstance(body, RowsReported)]
    assert [len(body.rows) for body in found] == pages
    assert [(body.part, body.parts) for body in found] == [
        (n + 1, len(pages)) for n in range(len(pages))
    ]
    assert sorted(row.settlement_id for body in found for row in body.rows) == sorted(ids)
    assert len({one.message.head.message_id for one in reported}) == len(pages)


def _issued() -> ClearingIssued:
    line = ClearingLine(
        insured_area="340000",
        treatment_area=AREA,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        count=1,
        total_fen=100_00,
        parts_fen=PARTS_FEN,
        payable_fen=60_00,
    )
    return ClearingIssued(
        run_id=uuid4(),
        month="2024-05",
        issued_at=NOW,
        payable_fen=0,
        receivable_fen=60_00,
        lines=(line,),
    )


def test_the_worker_follows_the_hub_s_messages_and_answers_them(engine: Engine) -> None:
    log = MemoryLog()
    with engine.begin() as tx:
        id_ = requested(tx, a_bill("M1")).settlement_id
    answers, notices = topics.treatment_answers(AREA), topics.notices(Role.TREATMENT, AREA)
    log.post(Outgoing(answers, str(id_), an_answer(id_, Outcome.SETTLED)))
    for body in (TotalsRequested(business_date=TODAY, attempt=1), _asked_for("340000"), _issued()):
        log.post(Outgoing(notices, AREA, says(body)))
    processor = worker(AREA, engine, log, SystemClock(), Settings())
    assert processor.run_once() == 4
    with engine.begin() as tx:
        assert read(tx, id_).state is State.SETTLED
        assert tx.execute(text("SELECT count(*) FROM dead_letters")).scalar_one() == 0
        statement = text(
            "SELECT month, receivable_fen, lines->0->>'payable_fen' FROM statements_received"
        )
        assert tuple(tx.execute(statement).one()) == ("2024-05", 60_00, "6000")
    letters = [decode(record.value) for record in log.records(topics.HUB_RECONCILIATION)]
    assert {letter.head.sender for letter in letters} == {"treatment.310000"}
    assert sorted(letter.head.kind for letter in letters) == ["rows_reported", "totals_reported"]


def test_a_message_that_comes_twice_is_handled_once(engine: Engine) -> None:
    log = MemoryLog()
    with engine.begin() as tx:
        id_ = requested(tx, a_bill("M1")).settlement_id
    answer = an_answer(id_, Outcome.SETTLED)
    again = replace(answer)
    for message in (answer, again):
        log.post(Outgoing(topics.treatment_answers(AREA), str(id_), message))
    worker(AREA, engine, log, SystemClock(), Settings()).run_once()
    with engine.begin() as tx:
        assert tx.execute(text("SELECT count(*) FROM settlement_steps")).scalar_one() == 1
        assert tx.execute(text("SELECT count(*) FROM inbox")).scalar_one() == 1
