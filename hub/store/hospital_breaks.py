"""Breaks between hospitals and a treatment area, by the area's own numbers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.messages.reconciliation import HospitalBreak

# The number is the area's for one difference as long as it is open; a later one has another.
_KEEP = """
    INSERT INTO breaks (business_date, role, area, class, counterpart, insurance_kind, visit_kind,
        settlement_id, sign, hub_fen, side_fen, found_at, resolved_at, hospital_code,
        hospital_number)
    VALUES %s
    ON CONFLICT (area, hospital_number) WHERE hospital_number IS NOT NULL
    DO UPDATE SET hub_fen = excluded.hub_fen, side_fen = excluded.side_fen,
        resolved_at = excluded.resolved_at
"""
_VALUES = (
    "(%s, 'treatment', %s, %s, %s, %s, %s, %s::uuid, %s::smallint, %s::bigint, %s::bigint, %s,"
    " %s::timestamptz, %s, %s)"
)


def keep(tx: Connection, area: str, found: Sequence[HospitalBreak], now: datetime) -> None:
    """Add new ones, and note of known ones what has changed; one named twice counts as last said.

    `found_at` is the treatment area's; `resolved_at` is when the hub heard of it.
    """
    rows = [
        (
            one.business_date,
            area,
            one.break_class,
            one.counterpart,
            one.insurance_kind and one.insurance_kind.value,
            one.visit_kind and one.visit_kind.value,
            one.settlement_id,
            one.sign,
            one.area_fen,
            one.hospital_fen,
            one.found_at,
            None if one.resolved_at is None else now,
            one.hospital_code,
            one.number,
        )
        for one in {one.number: one for one in found}.values()
    ]
    bulk.write_rows(tx, _KEEP, _VALUES, rows)
