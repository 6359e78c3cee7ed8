"""Adjustments as they are stored: added, and never changed."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from contracts.codes import AreaCode, Fund, InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.ids import SettlementId
from hub.domain.adjustment import Adjustment, AdjustmentReason, Booked

_COLUMNS = (
    "adjustment_id, insured_area, treatment_area, insurance_kind, visit_kind, fund, amount_fen,"
    ' reason, cause, "by", second, settlement_id, case_id, business_date, at'
)
_ADD = f"""
    INSERT INTO adjustments ({_COLUMNS}) VALUES %s ON CONFLICT (adjustment_id) DO NOTHING
    RETURNING adjustment_id
"""  # noqa: S608 - column names of ours
_FIND = f"SELECT {_COLUMNS} FROM adjustments WHERE adjustment_id = %s"  # noqa: S608
_OF_SETTLEMENTS = f"""
    SELECT {_COLUMNS} FROM adjustments WHERE settlement_id = ANY(%s::uuid[])
    ORDER BY settlement_id, at, adjustment_id
"""  # noqa: S608 - column names of ours
_LIST = f"""
    SELECT {_COLUMNS} FROM adjustments
    WHERE business_date BETWEEN %s AND %s AND (%s IS NULL OR %s IN (insured_area, treatment_area))
    ORDER BY business_date, at, adjustment_id LIMIT %s
"""  # noqa: S608 - column names of ours
# The settlement an adjustment is about, kept from being undone meanwhile.
_ABOUT = f"""
    SELECT state, insured_area, treatment_area, insurance_kind, visit_kind,
        {", ".join(f"{fund.value}_fen" for fund in Fund)}
    FROM settlements WHERE settlement_id = %s FOR NO KEY UPDATE
"""  # noqa: S608 - column names of ours


def add(tx: Connection, booked: Sequence[Booked]) -> set[UUID]:
    """The ids of those that were not there before."""
    template = f"({', '.join(['%s'] * 15)})"
    return {row[0] for row in bulk.write_and_return(tx, _ADD, template, list(map(_row, booked)))}


def find(tx: Connection, adjustment_id: UUID) -> Booked | None:
    return next((_booked(row) for row in bulk.fetch(tx, _FIND, (adjustment_id,))), None)


def of_settlements(tx: Connection, ids: Iterable[SettlementId]) -> list[Booked]:
    """Every adjustment about these settlements, settlement by settlement in the order of time."""
    return [_booked(row) for row in bulk.fetch(tx, _OF_SETTLEMENTS, (list(ids),))]


def listed(
    tx: Connection, first: date, last: date, area: AreaCode | None, count_max: int
) -> list[Booked]:
    """Those of these business days, of every area or of the one that is a party."""
    return [_booked(row) for row in bulk.fetch(tx, _LIST, (first, last, area, area, count_max))]


def about(
    tx: Connection, settlement_id: SettlementId
) -> tuple[str, tuple[str, ...], dict[Fund, int]] | None:
    """A locked settlement's state, its account (areas and kinds), and what its funds pay in fen."""
    for state, *rest in bulk.fetch(tx, _ABOUT, (settlement_id,)):
        return state, tuple(rest[:4]), dict(zip(Fund, rest[4:], strict=True))
    return None


def _row(booked: Booked) -> tuple[Any, ...]:
    a = booked.adjustment
    return (
        a.adjustment_id,
        a.insured_area,
        a.treatment_area,
        a.insurance_kind.value,
        a.visit_kind.value,
        a.fund.value,
        a.amount_fen,
        a.reason.value,
        a.cause,
        a.by,
        a.second,
        a.settlement_id,
        a.case_id,
        booked.business_date,
        booked.at,
    )


def _booked(row: tuple[Any, ...]) -> Booked:
    adjustment = Adjustment(
        adjustment_id=row[0],
        insured_area=AreaCode(row[1]),
        treatment_area=AreaCode(row[2]),
        insurance_kind=InsuranceKind(row[3]),
        visit_kind=VisitKind(row[4]),
        fund=Fund(row[5]),
        amount_fen=row[6],
        reason=AdjustmentReason(row[7]),
        cause=row[8],
        by=row[9],
        second=row[10],
        settlement_id=row[11],
        case_id=row[12],
    )
    return Booked(adjustment, row[13], row[14])
