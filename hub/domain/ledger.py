"""Postings: who owes whom what, fund by fund. Added, never edited; a reversal adds the contrary."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.codes import AreaCode, Fund, InsuranceKind
from contracts.ids import SettlementId
from hub.domain.adjustment import Booked
from hub.domain.settlement import Settlement


class PostingKind(StrEnum):
    """Why an amount was booked."""

    SETTLEMENT = "settlement"  # the insured area owes the treatment area
    REVERSAL = "reversal"  # the same amount back
    ADJUSTMENT = "adjustment"  # a decision moved it, in either direction


@dataclass(frozen=True, slots=True)
class Posting:
    """`from_area` owes `to_area` a positive amount; the one entry is a debit and a credit.

    It has exactly one cause: a settlement, or an adjustment.
    """

    settlement_id: SettlementId | None
    business_date: date
    insured_area: AreaCode
    treatment_area: AreaCode
    insurance_kind: InsuranceKind
    fund: Fund
    from_area: AreaCode
    to_area: AreaCode
    amount_fen: int
    kind: PostingKind
    posted_at: datetime
    adjustment_id: UUID | None = None


def postings_of(
    settlement: Settlement, kind: PostingKind, *, on: date, at: datetime
) -> list[Posting]:
    """One posting for each fund (the personal account included) that pays something."""
    assert settlement.shares is not None, "only what is settled is posted"
    insured, treatment = settlement.insured_area, settlement.treatment_area
    debtor, creditor = (
        (insured, treatment) if kind is PostingKind.SETTLEMENT else (treatment, insured)
    )
    return [
        Posting(
            settlement_id=settlement.settlement_id,
            business_date=on,
            insured_area=insured,
            treatment_area=treatment,
            insurance_kind=settlement.insurance_kind,
            fund=fund,
            from_area=debtor,
            to_area=creditor,
            amount_fen=amount_fen,
            kind=kind,
            posted_at=at,
        )
        for fund, amount_fen in settlement.shares.by_fund().items()
        if amount_fen
    ]


def posting_of(booked: Booked) -> Posting:
    """The one posting of an adjustment: its sign decides who owes."""
    wanted = booked.adjustment
    pair = (wanted.insured_area, wanted.treatment_area)
    debtor, creditor = pair if wanted.amount_fen > 0 else pair[::-1]
    return Posting(
        settlement_id=None,
        business_date=booked.business_date,
        insured_area=wanted.insured_area,
        treatment_area=wanted.treatment_area,
        insurance_kind=wanted.insurance_kind,
        fund=wanted.fund,
        from_area=debtor,
        to_area=creditor,
        amount_fen=abs(wanted.amount_fen),
        kind=PostingKind.ADJUSTMENT,
        posted_at=booked.at,
        adjustment_id=wanted.adjustment_id,
    )
