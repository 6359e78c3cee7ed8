"""What the hub's books say when the story is over."""

from dataclasses import dataclass

from sqlalchemy import Engine, text

_STATES = "SELECT state, count(*) FROM settlements GROUP BY state"
_BREAKS = "SELECT count(*) FROM breaks WHERE resolved_at IS NULL"
# Each posting moves its amount from one area's account to another's; all accounts together.
_LEDGER = """
    SELECT coalesce(sum(balance.fen), 0) FROM (
        SELECT from_area AS area, -sum(amount_fen) AS fen FROM postings GROUP BY from_area
        UNION ALL SELECT to_area, sum(amount_fen) FROM postings GROUP BY to_area
    ) AS balance
"""
_RELEASED = """
    SELECT count(*) FROM settlements WHERE state = 'expired' AND released_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Books:
    """Counts of final states at the hub, open breaks, and the sum of the ledger in fen."""

    settled: int
    reversed: int
    expired: int
    rejected: int
    pending: int
    breaks: int
    ledger_sum_fen: int


def read_books(hub: Engine) -> Books:
    with hub.connect() as connection:
        states = {row[0]: int(row[1]) for row in connection.execute(text(_STATES))}
        breaks = int(connection.execute(text(_BREAKS)).scalar_one())
        ledger = int(connection.execute(text(_LEDGER)).scalar_one())
    return Books(
        settled=states.get("settled", 0),
        reversed=states.get("reversed", 0),
        expired=states.get("expired", 0),
        rejected=states.get("rejected", 0),
        pending=states.get("routed", 0) + states.get("reversing", 0),
        breaks=breaks,
        ledger_sum_fen=ledger,
    )


def released_after_expiry(hub: Engine) -> int:
    """Expired settlements whose benefit the insured area has given back, or never granted."""
    with hub.connect() as connection:
        return int(connection.execute(text(_RELEASED)).scalar_one())
