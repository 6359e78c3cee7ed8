"""The ledger: postings are appended, and summed, never changed."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from contracts.codes import AreaCode
from contracts.delivery import bulk, prepared
from hub.domain.ledger import Posting

_APPEND = prepared.statement_of_rows(
    """
    INSERT INTO postings (settlement_id, business_date, insured_area, treatment_area,
        insurance_kind, fund, from_area, to_area, amount_fen, kind, posted_at, adjustment_id)
    %s
    """,
    "uuid date text text text text text text bigint text timestamptz uuid",
)
_BALANCES = """
    SELECT area, sum(amount_fen)::bigint FROM (
        SELECT from_area AS area, -amount_fen AS amount_fen, business_date FROM postings
        UNION ALL SELECT to_area, amount_fen, business_date FROM postings
    ) AS entries
    WHERE business_date BETWEEN %s AND %s GROUP BY area ORDER BY area
"""


def append(tx: Connection, postings: Sequence[Posting]) -> None:
    rows = [
        (
            p.settlement_id,
            p.business_date,
            p.insured_area,
            p.treatment_area,
            p.insurance_kind.value,
            p.fund.value,
            p.from_area,
            p.to_area,
            p.amount_fen,
            p.kind.value,
            p.posted_at,
            p.adjustment_id,
        )
        for p in postings
    ]
    prepared.write(tx, _APPEND, rows)


def balances(tx: Connection, first: date, last: date) -> dict[AreaCode, int]:
    """What each area is owed (+) or owes (−) by the postings of these days; the sum is zero."""
    found = bulk.fetch(tx, _BALANCES, (first, last))
    return {AreaCode(area): fen for area, fen in found}
