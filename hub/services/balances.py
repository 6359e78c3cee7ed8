"""Balances of the ledger's accounts: a snapshot of every closed day, and how accounts stand."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode
from hub.store import balances as store
from hub.store.balances import Balance

__all__ = ["Balance", "snapshot_closed", "standing"]

DAYS_MAX = 400


def snapshot_closed(tx: Connection, now: datetime) -> list[date]:
    """Keep the balances of every closed day that has none yet; these days, the oldest first.

    A closed day's postings are final, so this may run at any time after the close, by whoever
    needs it; it is done once. Clearing calls it before it reads `ledger_balances`.
    """
    if not store.due(tx, 1):
        return []
    store.take_turn(tx)
    due = store.due(tx, DAYS_MAX)
    for day in due:
        store.take(tx, day, now)
    return due


def standing(tx: Connection, on: date, area: AreaCode | None = None) -> Sequence[Balance]:
    """What each account's insured area owes at the end of a day, fund by fund, in fen."""
    return store.standing(tx, on, area)
