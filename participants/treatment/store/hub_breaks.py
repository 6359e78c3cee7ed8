"""What the hub told us of breaks: settlements on which the three parties do not agree."""

from collections.abc import Sequence

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.messages.reconciliation import BreaksTold

_RECORD = """
    INSERT INTO hub_breaks (business_date, role, area, settlement_id, sign, class, hub_fen,
        side_fen, told_at, repaired_at)
    VALUES %s
    ON CONFLICT (business_date, role, area, settlement_id, sign) DO UPDATE SET
        class = excluded.class, hub_fen = excluded.hub_fen, side_fen = excluded.side_fen,
        told_at = excluded.told_at, repaired_at = excluded.repaired_at
    WHERE hub_breaks.told_at <= excluded.told_at
"""
_TEMPLATE = "(%s, %s, %s, %s::uuid, %s, %s, %s::bigint, %s::bigint, %s, %s::timestamptz)"


def record(tx: Connection, told: Sequence[BreaksTold]) -> None:
    """Keep the latest word on each; an older one that comes late changes nothing."""
    for body in told:
        rows = [
            (
                body.business_date,
                body.role.value,
                body.area,
                one.settlement_id,
                one.sign,
                one.break_class,
                one.hub_fen,
                one.side_fen,
                body.at,
                body.at if one.is_repaired else None,
            )
            for one in body.breaks
        ]
        bulk.write_rows(tx, _RECORD, _TEMPLATE, rows)
