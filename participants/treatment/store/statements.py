"""Clearing statements that the hub issued to this area."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.messages.clearing import ClearingIssued

_ADD = """
    INSERT INTO statements_received
        (run_id, version, month, issued_at, payable_fen, receivable_fen, lines, received_at)
    VALUES %s ON CONFLICT (run_id, version) DO NOTHING
"""


def add(tx: Connection, statements: Sequence[ClearingIssued], now: datetime) -> None:
    """Keep each version of a clearing run's statement once."""
    rows = [
        (
            one.run_id,
            one.version,
            one.month,
            one.issued_at,
            one.payable_fen,
            one.receivable_fen,
            json.dumps([line.model_dump(mode="json") for line in one.lines]),
            now,
        )
        for one in statements
    ]
    bulk.write_rows(tx, _ADD, "(%s::uuid, %s, %s, %s, %s, %s, %s::jsonb, %s)", rows)
