"""Balances of accounts: derived from postings, and kept for every closed day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from contracts.codes import AreaCode, Fund, InsuranceKind
from contracts.delivery import bulk

SNAPSHOT_LOCK = 7_946_310_008  # any number, as long as nobody else in the hub locks with it
_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_ACCOUNT = "insured_area, treatment_area, insurance_kind, fund"
_MOVED = f"""
    SELECT {_ACCOUNT},
        coalesce(sum(amount_fen) FILTER (WHERE from_area = insured_area), 0)::bigint AS debit_fen,
        coalesce(sum(amount_fen) FILTER (WHERE from_area <> insured_area), 0)::bigint
            AS credit_fen,
        count(*) AS count
    FROM postings WHERE business_date = %s GROUP BY {_ACCOUNT}
"""  # noqa: S608 - column names of ours
# What stands before a day: an account's newest row. It counts from the first day on.
_BEFORE = """
    SELECT balance_fen FROM ledger_balances AS earlier
    WHERE (earlier.insured_area, earlier.treatment_area, earlier.insurance_kind, earlier.fund)
            = (moved.insured_area, moved.treatment_area, moved.insurance_kind, moved.fund)
        AND earlier.business_date < %s
    ORDER BY earlier.business_date DESC LIMIT 1
"""
_TAKE = f"""
    INSERT INTO ledger_balances
        (business_date, {_ACCOUNT}, debit_fen, credit_fen, count, balance_fen)
    SELECT %s, {_ACCOUNT}, debit_fen, credit_fen, count,
        coalesce(({_BEFORE}), 0) + debit_fen - credit_fen
    FROM ({_MOVED}) AS moved
"""  # noqa: S608 - column names of ours
_TAKEN = """
    INSERT INTO ledger_snapshots (business_date, taken_at, count, debit_fen, credit_fen)
    SELECT %s, %s, count(*), coalesce(sum(amount_fen) FILTER (WHERE from_area = insured_area), 0),
        coalesce(sum(amount_fen) FILTER (WHERE from_area <> insured_area), 0)
    FROM postings WHERE business_date = %s
"""
_DUE = """
    SELECT business_date FROM business_days LEFT JOIN ledger_snapshots USING (business_date)
    WHERE state = 'closed' AND taken_at IS NULL ORDER BY business_date LIMIT %s
"""
# An account's newest row until a day, and what moved since on days that have no snapshot yet.
_STANDING = f"""
    SELECT {_ACCOUNT}, sum(fen)::bigint FROM (
        (SELECT DISTINCT ON ({_ACCOUNT}) {_ACCOUNT}, balance_fen AS fen FROM ledger_balances
        WHERE business_date <= %s ORDER BY {_ACCOUNT}, business_date DESC)
        UNION ALL
        SELECT {_ACCOUNT}, CASE WHEN from_area = insured_area THEN amount_fen ELSE -amount_fen END
        FROM postings WHERE business_date <= %s AND business_date > coalesce(
            (SELECT max(business_date) FROM ledger_snapshots WHERE business_date <= %s),
            '-infinity')
    ) AS moved
    WHERE %s::text IS NULL OR %s IN (insured_area, treatment_area)
    GROUP BY {_ACCOUNT} ORDER BY {_ACCOUNT}
"""  # noqa: S608 - column names of ours


@dataclass(frozen=True, slots=True)
class Balance:
    """What the insured area of an account owes for a fund, in fen; negative: it is owed."""

    insured_area: AreaCode
    treatment_area: AreaCode
    insurance_kind: InsuranceKind
    fund: Fund
    balance_fen: int


def take_turn(tx: Connection) -> None:
    """Wait until no other transaction takes snapshots."""
    bulk.fetch(tx, _LOCK, (SNAPSHOT_LOCK,))


def due(tx: Connection, count_max: int) -> list[date]:
    """Closed days without a snapshot, the oldest first."""
    return [row[0] for row in bulk.fetch(tx, _DUE, (count_max,))]


def take(tx: Connection, day: date, now: datetime) -> None:
    """Keep a closed day's movements and balances, and their control totals. Once, ever."""
    bulk.run(tx, _TAKEN, (day, now, day))
    bulk.run(tx, _TAKE, (day, day, day))


def standing(tx: Connection, on: date, area: AreaCode | None = None) -> Sequence[Balance]:
    """Every account as it stood at the end of a day, or stands; of one party only, if named."""
    rows = bulk.fetch(tx, _STANDING, (on, on, on, area, area))
    return [
        Balance(AreaCode(row[0]), AreaCode(row[1]), InsuranceKind(row[2]), Fund(row[3]), row[4])
        for row in rows
    ]
