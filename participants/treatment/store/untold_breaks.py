"""Differences with hospitals that the hub has not been told of, or not that they are gone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from contracts.codes import InsuranceKind, VisitKind
from contracts.delivery import bulk
from contracts.messages.reconciliation import HospitalBreak
from participants.treatment.domain.comparison import DifferenceClass

# The hub's names; what the platform alone has, the treatment area alone has.
CLASSES: Mapping[DifferenceClass, str] = {
    DifferenceClass.ONLY_HOSPITAL: "only_at_hospital",
    DifferenceClass.ONLY_PLATFORM: "only_at_treatment",
    DifferenceClass.AMOUNT: "amount",
    DifferenceClass.STATUS: "status",
    DifferenceClass.DUPLICATE: "duplicate",
}
_TAKE = """
    WITH untold AS (
        SELECT break_id FROM hospital_breaks WHERE NOT is_told
        ORDER BY break_id LIMIT %s FOR UPDATE SKIP LOCKED
    ), told AS (
        UPDATE hospital_breaks SET is_told = true FROM untold
        WHERE hospital_breaks.break_id = untold.break_id RETURNING hospital_breaks.*
    )
    SELECT told.break_id, told.hospital_code, told.day,
        left(settlements.insured_division, 2) || '0000', settlements.insurance_kind,
        settlements.visit_kind, told.settlement_id, told.sign, told.class, told.our_total_fen,
        told.said_total_fen, told.found_at, told.resolved_at
    FROM told LEFT JOIN settlements USING (settlement_id) ORDER BY told.break_id
"""


def take(tx: Connection, count_max: int) -> list[HospitalBreak]:
    """The oldest ones, which count as told from now on."""
    return [_break(row) for row in bulk.fetch(tx, _TAKE, (count_max,))]


def _break(row: Sequence[Any]) -> HospitalBreak:
    number, hospital, day, counterpart, insurance, visit, id_, sign, kind, *rest = row
    area_fen, hospital_fen, found_at, resolved_at = rest
    return HospitalBreak(
        number=number,
        hospital_code=hospital,
        business_date=day,
        counterpart=counterpart,
        insurance_kind=insurance and InsuranceKind(insurance),
        visit_kind=visit and VisitKind(visit),
        settlement_id=id_,
        sign=sign,
        break_class=CLASSES[DifferenceClass(kind)],
        area_fen=area_fen,
        hospital_fen=hospital_fen,
        found_at=found_at,
        resolved_at=resolved_at,
    )
