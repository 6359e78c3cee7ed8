"""Clearing statements that the hub issued, kept once."""

from datetime import datetime
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Connection

from contracts.delivery import bulk
from contracts.messages.clearing import ClearingIssued

_ADD_STATEMENT = """
    INSERT INTO statements_received
        (run_id, version, month, issued_at, received_at, payable_fen, receivable_fen, lines)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb) ON CONFLICT (run_id, version) DO NOTHING
"""


def add_statement(tx: Connection, issued: ClearingIssued, now: datetime) -> bool:
    """Keep a version of a clearing statement; False when it was kept before."""
    lines = to_json([line.model_dump(mode="json") for line in issued.lines]).decode()
    run_id: UUID = issued.run_id
    totals = (issued.payable_fen, issued.receivable_fen)
    row = (run_id, issued.version, issued.month, issued.issued_at, now, *totals, lines)
    return bulk.run(tx, _ADD_STATEMENT, row) == 1
