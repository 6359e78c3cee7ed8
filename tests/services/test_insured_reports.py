"""What the insured area reports of a business day, and the statements it keeps."""

from datetime import date, datetime
from uuid import UUID

import pytest

from contracts import topics
from contracts.codes import InsuranceKind, Role, VisitKind
from contracts.control_totals import Entry, bucket_of
from contracts.messages.clearing import ClearingIssued, ClearingLine
from contracts.messages.reconciliation import (
    RowsReported,
    RowsRequested,
    TotalsReported,
    TotalsRequested,
)
from contracts.messages.settlement import Outcome, ReleaseReason, SettlementCalculated
from contracts.messages.values import PARTS
from participants.insured.services import reports
from participants.insured.store.db import migrate
from tests.support.databases import Databases
from tests.support.insured import (
    AREA,
    NOON,
    TODAY,
    InsuredArea,
    care,
    concluded,
    on_the_wire,
    release,
    request,
    row,
    settlement,
)

TOMORROW = date(2026, 3, 11)
SHANGHAI, BEIJING = "310000", "110000"
ASKED = TotalsRequested(business_date=TODAY, attempt=1)


@pytest.fixture
def area(databases: Databases) -> InsuredArea:
    found = InsuredArea(databases.fresh("insured", migrate))
    found.insure(*(row(number) for number in range(4)))
    return found


def test_a_day_without_settlements_has_no_buckets(area: InsuredArea) -> None:
    area.hear(request(1))
    (said,) = area.hear(ASKED)
    assert said == TotalsReported(
        area=AREA, role=Role.INSURED, business_date=TODAY, attempt=1, buckets=()
    )


def test_a_day_is_reported_by_place_insurance_and_visit(area: InsuredArea) -> None:
    """Two stays and a visit in Shanghai, a stay in Beijing; one stay is reversed the day after."""
    entries = {
        1: _settled(area, 1),
        2: _settled(area, 2),
        3: _settled(area, 3, visit_kind=VisitKind.OUTPATIENT),
        0: _settled(area, 0, treatment_division="110101"),
    }
    area.hear(release(2, 2, ReleaseReason.CANCELLED))
    area.hear(concluded(2, 2, Outcome.REVERSED, TOMORROW))
    (today, tomorrow) = area.hear(ASKED, TotalsRequested(business_date=TOMORROW, attempt=3))
    assert isinstance(today, TotalsReported)
    assert isinstance(tomorrow, TotalsReported)
    stay, visit = VisitKind.INPATIENT, VisitKind.OUTPATIENT
    assert today.buckets == (
        bucket_of((BEIJING, InsuranceKind.EMPLOYEE, stay), [entries[0]]),
        bucket_of((SHANGHAI, InsuranceKind.EMPLOYEE, stay), [entries[2], entries[1]]),
        bucket_of((SHANGHAI, InsuranceKind.EMPLOYEE, visit), [entries[3]]),
    )
    undone = Entry(settlement(2), -1, entries[2].total_fen, entries[2].parts_fen)
    assert tomorrow.buckets == (bucket_of((SHANGHAI, InsuranceKind.EMPLOYEE, stay), [undone]),)
    assert tomorrow.attempt == 3


def test_a_settlement_made_and_undone_on_one_day_counts_twice_and_sums_to_nothing(
    area: InsuredArea,
) -> None:
    _settled(area, 1)
    area.hear(release(1, 1, ReleaseReason.CANCELLED), concluded(1, 1, Outcome.REVERSED))
    (said,) = area.hear(ASKED)
    assert isinstance(said, TotalsReported)
    (bucket,) = said.buckets
    assert (bucket.count, bucket.total_fen, set(bucket.parts_fen)) == (2, 0, {0})


def test_the_rows_of_a_bucket_come_in_parts(
    area: InsuredArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "ROWS_PER_MESSAGE_MAX", 2)
    entries = [_settled(area, number) for number in (3, 1, 2)]
    said = area.hear(_rows_asked(SHANGHAI))
    parts = [body for body in said if isinstance(body, RowsReported)]
    assert [(body.part, body.parts, len(body.rows)) for body in parts] == [(1, 2, 2), (2, 2, 1)]
    rows = [found for body in parts for found in body.rows]
    assert [found.settlement_id for found in rows] == [settlement(n) for n in (1, 2, 3)]
    assert {found.parts_fen for found in rows} == {entries[0].parts_fen}
    assert len(list(on_the_wire(area.log, topics.HUB_RECONCILIATION))) == 2


def test_a_bucket_that_we_do_not_have_is_one_empty_part(area: InsuredArea) -> None:
    (said,) = area.hear(_rows_asked(BEIJING))
    assert isinstance(said, RowsReported)
    assert (said.part, said.parts, said.rows) == (1, 1, ())


def test_a_clearing_statement_is_kept_once(area: InsuredArea) -> None:
    line = ClearingLine(
        insured_area=AREA,
        treatment_area=SHANGHAI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        count=1,
        total_fen=12_000_00,
        parts_fen=(9_672_00, *([0] * 8), 2_328_00, 0),
        payable_fen=9_672_00,
    )
    issued = ClearingIssued(
        run_id=UUID(int=9),
        month="2026-03",
        issued_at=datetime.fromisoformat("2026-04-01T00:00:00Z"),
        payable_fen=9_672_00,
        receivable_fen=0,
        lines=(line,),
    )
    assert area.hear(issued, issued) == []
    found = area.rows("SELECT month, payable_fen, received_at, lines FROM statements_received")
    assert found == [("2026-03", 9_672_00, NOON, [line.model_dump(mode="json")])]
    # The next version may have left all of its lines to a later run.
    assert area.hear(issued.model_copy(update={"version": 2, "payable_fen": 0, "lines": ()})) == []
    assert area.rows("SELECT lines FROM statements_received WHERE version = 2") == [([],)]


def _settled(area: InsuredArea, number: int, **fields: object) -> Entry:
    """Person `number` is settled today; what the area's books must say of it."""
    (answer,) = area.hear(request(number, care(number, **fields)), concluded(number, number))
    assert isinstance(answer, SettlementCalculated)
    parts = tuple(getattr(answer.shares, name) for name in PARTS)
    return Entry(settlement(number), 1, 12_000_00, parts)


def _rows_asked(counterpart: str) -> RowsRequested:
    return RowsRequested(
        business_date=TODAY,
        attempt=1,
        counterpart=counterpart,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
    )
