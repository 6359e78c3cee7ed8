"""Postings: what a settlement, its reversal and an adjustment book, field by field."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from contracts.codes import AreaCode, Fund, InsuranceKind, VisitKind
from contracts.ids import PersonId, SettlementId
from contracts.messages.values import Shares
from hub.domain.adjustment import Adjustment, AdjustmentReason, Booked
from hub.domain.ledger import Posting, PostingKind, posting_of, postings_of
from hub.domain.settlement import Settlement, State
from tests.support.tables import rows

HUNAN, SHANGHAI = AreaCode("430000"), AreaCode("310000")
NAMES = {"hunan": HUNAN, "shanghai": SHANGHAI}
DAY, AT = date(2026, 3, 31), datetime(2026, 3, 31, 4, 0, tzinfo=UTC)
SETTLED = Settlement(
    settlement_id=SettlementId(UUID(int=7)),
    person_id=PersonId("a person's token"),
    insured_area=HUNAN,
    treatment_area=SHANGHAI,
    insurance_kind=InsuranceKind.RESIDENT,
    total_fen=1000,
    state=State.SETTLED,
    step_count=2,
    shares=Shares(pool_fen=600, large_sum_fen=90, account_fen=10, cash_fen=250, hospital_fen=50),
)
# Hunan insures, Shanghai treats; cash and the hospital's part are booked by nobody.
BOOKED = """
    kind       | fund      | from     | to       | fen
    settlement | pool      | hunan    | shanghai | 600
    settlement | large_sum | hunan    | shanghai | 90
    settlement | account   | hunan    | shanghai | 10
    reversal   | pool      | shanghai | hunan    | 600
    reversal   | large_sum | shanghai | hunan    | 90
    reversal   | account   | shanghai | hunan    | 10
"""
ADJUSTED = """
    amount_fen | from     | to       | fen
    250        | hunan    | shanghai | 250
    1          | hunan    | shanghai | 1
    -1         | shanghai | hunan    | 1
    -250       | shanghai | hunan    | 250
"""


@pytest.mark.parametrize("kind", [PostingKind.SETTLEMENT, PostingKind.REVERSAL])
def test_each_fund_that_pays_is_one_posting_in_full(kind: PostingKind) -> None:
    expected = [
        Posting(
            settlement_id=SettlementId(UUID(int=7)),
            business_date=DAY,
            insured_area=HUNAN,
            treatment_area=SHANGHAI,
            insurance_kind=InsuranceKind.RESIDENT,
            fund=Fund(row["fund"]),
            from_area=NAMES[row["from"]],
            to_area=NAMES[row["to"]],
            amount_fen=int(row["fen"]),
            kind=kind,
            posted_at=AT,
        )
        for row in rows(BOOKED)
        if row["kind"] == kind
    ]
    assert postings_of(SETTLED, kind, on=DAY, at=AT) == expected


def test_what_has_no_shares_is_not_posted() -> None:
    with pytest.raises(AssertionError):
        postings_of(replace(SETTLED, shares=None), PostingKind.SETTLEMENT, on=DAY, at=AT)


@pytest.mark.parametrize("row", rows(ADJUSTED), ids=lambda row: row["amount_fen"])
def test_the_sign_of_an_adjustment_decides_who_owes(row: dict[str, str]) -> None:
    wanted = Adjustment(
        adjustment_id=UUID(int=9),
        insured_area=HUNAN,
        treatment_area=SHANGHAI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        visit_kind=VisitKind.INPATIENT,
        fund=Fund.MEDICAL_AID,
        amount_fen=int(row["amount_fen"]),
        reason=AdjustmentReason.AUDIT,
        cause="重复收费",
        by="operator",
        second="chief",
        settlement_id=SettlementId(UUID(int=7)),
    )
    assert posting_of(Booked(wanted, DAY, AT)) == Posting(
        settlement_id=None,
        business_date=DAY,
        insured_area=HUNAN,
        treatment_area=SHANGHAI,
        insurance_kind=InsuranceKind.EMPLOYEE,
        fund=Fund.MEDICAL_AID,
        from_area=NAMES[row["from"]],
        to_area=NAMES[row["to"]],
        amount_fen=int(row["fen"]),
        kind=PostingKind.ADJUSTMENT,
        posted_at=AT,
        adjustment_id=UUID(int=9),
    )
