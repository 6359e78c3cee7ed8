"""Whose a settlement's id is first: its request's, or the withdrawal's that overtook it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from contracts.delivery import prepared
from contracts.ids import SettlementId
from hub.domain.settlement import Claimant

_CLAIM = prepared.statement_of_rows(
    """
    INSERT INTO settlement_claims (settlement_id, claimed_by, at) %s
    ON CONFLICT (settlement_id) DO NOTHING RETURNING settlement_id
    """,
    "uuid text timestamptz",
)


def claim(
    tx: Connection, ids: Iterable[SettlementId], by: Claimant, now: datetime
) -> set[SettlementId]:
    """Take these ids; those that nobody had before.

    Waits for a transaction that is taking one of them: what it then writes is seen by the next
    statement. In id order, so that two batches cannot deadlock.
    """
    rows = [(id_, by.value, now) for id_ in sorted(set(ids))]
    found = prepared.write_and_return(tx, _CLAIM, rows)
    return {SettlementId(row[0]) for row in found}
